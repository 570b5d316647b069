import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { cachedFolder } from "../cached-folder.ts";
import { serversFolder } from "../postgresql/binaries.ts";

const run = promisify(execFile);
/** What the mover's image is built on. */
const RELEASE = "trixie";
const INTERPRETER = "lib64/ld-linux-x86-64.so.2";

/** A release of Debian that a root can be of: two of them, so that a test's two sides differ by a major version. */
export type DebianRelease = "bookworm" | "trixie";

/** Database servers that tests run: MariaDB 10.11 and Redis 7.0 in bookworm, 11.8 and 8.0 in trixie. */
const SERVER_PACKAGES = ["mariadb-server-core", "redis-server"];

/** An empty Debian with the packages that an image installs, where there is no container engine. */
export interface DebianRoot {
	/** Its root folder, to chroot into. */
	folder: string;
	/** A folder of scripts that run its clients and servers from outside, for a PATH: `psql`, `pg_dump`, `mariadbd` ... */
	bin: string;
}

/** What a Dockerfile installs from Debian, in its order. */
export function debianPackages(dockerfile: string): string[] {
	const [, list = ""] = dockerfile.match(/apt-get install ((?:-\S+ )*[^\\\n]*)/) ?? [];
	return list.split(" ").filter((word) => word !== "" && !word.startsWith("-"));
}

/**
 * Installs the packages of a Dockerfile into an empty root with debootstrap, once for a list of packages: some two minutes and
 * 400 MB. Needs root and a Debian with `debootstrap`.
 */
export async function findDebianRoot(dockerfile: string, report: (line: string) => void): Promise<DebianRoot> {
	return installPackages(RELEASE, debianPackages(await readFile(dockerfile, "utf8")), report);
}

/** Installs database servers for tests into a root of their own, in the same way: the image's root stays what the image is. */
export function findDebianServers(release: DebianRelease, report: (line: string) => void): Promise<DebianRoot> {
	return installPackages(release, SERVER_PACKAGES, report);
}

async function installPackages(
	release: DebianRelease,
	packages: readonly string[],
	report: (line: string) => void,
): Promise<DebianRoot> {
	const key = createHash("sha256").update(packages.join(" ")).digest("hex").slice(0, 12);
	const folder = path.join(serversFolder(), "debian", `${release}-${key}`);
	const root: DebianRoot = { folder: path.join(folder, "root"), bin: path.join(folder, "bin") };
	if (existsSync(folder)) {
		return root;
	}
	if (process.getuid?.() !== 0 || process.platform !== "linux") {
		throw new Error(`installing ${packages.join(", ")} into an empty root needs root on Linux; run it in a container`);
	}
	const started = Date.now();
	report(
		`debian: ${release} with ${packages.join(", ")} is installed into an empty root, which takes about two minutes`,
	);
	await cachedFolder(folder, async (partial) => {
		const mirror = await debianMirror();
		const target = path.join(partial, "root");
		const include = `--include=${packages.join(",")}`;
		const options = { maxBuffer: 1 << 26, env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
		if (!existsSync("/usr/sbin/debootstrap")) {
			await run("apt-get", ["update", "-q"], options);
			await run("apt-get", ["install", "-yq", "--no-install-recommends", "debootstrap"], options);
		}
		await run("debootstrap", ["--variant=minbase", include, release, target, mirror], options).catch(
			async (error: Error & { stdout?: string }) => {
				throw new Error(`debootstrap failed: ${error.stdout?.split("\n").slice(-8).join("\n")}`);
			},
		);
		await rm(path.join(target, "var/cache/apt/archives"), { recursive: true, force: true });
		await writeScripts(target, root.folder, path.join(partial, "bin"));
	});
	report(`debian: installed in ${((Date.now() - started) / 1000).toFixed(0)} s`);
	return root;
}

/** Runs a program of the root with the root's own loader and libraries, which are newer than the host's. */
async function writeScripts(root: string, later: string, bin: string): Promise<void> {
	await mkdir(bin);
	const folders = ["usr/bin", "usr/sbin", "usr/lib/postgresql/17/bin"];
	for (const folder of folders) {
		for (const name of await readdir(path.join(root, folder)).catch(() => [])) {
			if (!/^(psql|pg_\w+|mariadb(-dump)?|mariadbd|mysql(dump)?|redis-(cli|server))$/.test(name)) {
				continue;
			}
			const libraries = path.join(later, "usr/lib/x86_64-linux-gnu");
			const program = path.join(later, folder, name);
			const line = `exec ${path.join(later, INTERPRETER)} --library-path ${libraries} ${program} "$@"`;
			await writeFile(path.join(bin, name), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
		}
	}
}

/** The mirror that this machine's own apt uses. */
async function debianMirror(): Promise<string> {
	const { stdout } = await run("apt-get", ["indextargets", "--format", "$(SITE)"]);
	const [site = "https://deb.debian.org/debian"] = stdout.split("\n").filter((line) => /debian\/?$/.test(line));
	return site;
}
