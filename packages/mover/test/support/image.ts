/** The mover's image where there is no container engine: what its Dockerfile puts together, and a process in it. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, chown, copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { createGzip } from "node:zlib";
import { cachedFolder } from "@medstack-to-aptible/sandbox/cached-folder.ts";
import { findDebianRoot } from "@medstack-to-aptible/sandbox/debian/root.ts";
import { serversFolder } from "@medstack-to-aptible/sandbox/postgresql/binaries.ts";
import type { MemoryLimit } from "./memory-limit.ts";

const run = promisify(execFile);

const REPOSITORY = path.join(import.meta.dirname, "../../../..");
const DOCKERFILE = path.join(REPOSITORY, "packages/mover/Dockerfile");
/** Where a runtime mounts what is not of the image. */
const MOUNT_POINTS = ["proc", "dev", "tmp", "run/secrets"];
/** What the slim images of Debian leave out of every package, and what the Dockerfile removes. */
const LEFT_OUT = ["usr/share/doc", "usr/share/man", "usr/share/info", "usr/share/locale", "usr/share/lintian"].concat(
	"var/lib/apt/lists",
	"var/cache",
);

/** An unpacked image. */
export interface Image {
	/** Its folders, the upper first: what the Dockerfile copies, and Debian with the packages. */
	layers: readonly [string, string];
	user: number;
	environment: Readonly<Record<string, string>>;
	folder: string;
	entrypoint: readonly string[];
	/** Its bytes, compressed as a registry has them. */
	compressedBytes(): Promise<number>;
	remove(): Promise<void>;
}

/** Puts the image together as its Dockerfile says. */
export async function unpackImage(): Promise<Image> {
	const { folder: debian } = await findDebianRoot(DOCKERFILE, (line) => process.stderr.write(`${line}\n`));
	const dockerfile = await readFile(DOCKERFILE, "utf8");
	/** What its last line of a kind says: of two stages the second is what runs. */
	const said = (word: string) => [...dockerfile.matchAll(new RegExp(`^${word} (.*)$`, "gm"))].at(-1)?.[1] ?? "";
	const layer = await mkdtemp(path.join(os.tmpdir(), "mover-image-"));
	await chmod(layer, 0o755);
	for (const point of MOUNT_POINTS) await mkdir(path.join(layer, point), { recursive: true });
	const node = path.join(layer, "usr/local/bin/node");
	await mkdir(path.dirname(node), { recursive: true });
	await copyFile(path.join(REPOSITORY, "node_modules/node/bin/node"), node);
	await chmod(node, 0o755);
	for (const place of await productionPackages()) {
		await cp(path.join(REPOSITORY, place), path.join(layer, "mover", place), { recursive: true });
	}
	const source = path.join(REPOSITORY, "packages/mover");
	await cp(source, path.join(layer, "mover/packages/mover"), {
		recursive: true,
		filter: (file) => !/^(test|node_modules)(\/|$)/.test(path.relative(source, file)),
	});
	const variables = said("ENV").split(" ");
	return {
		layers: [layer, debian],
		user: Number(said("USER").split(":")[0]),
		environment: Object.fromEntries(variables.map((one) => one.split(/=(.*)/s).slice(0, 2))),
		folder: said("WORKDIR"),
		entrypoint: JSON.parse(said("ENTRYPOINT")),
		async compressedBytes() {
			// Node changes seldom, and the mover often: as layers of their own, as in a registry.
			const parts = [path.join(layer, "usr"), path.join(layer, "mover"), debian];
			let sum = 0;
			for (const part of parts) sum += await compressedBytes(part);
			return sum;
		},
		remove: () => rm(layer, { recursive: true, force: true }),
	};
}

/** Places in the lock file of what `npm ci --omit=dev --workspace packages/mover` installs. */
async function productionPackages(): Promise<string[]> {
	const lock: { packages: Record<string, Locked> } = JSON.parse(
		await readFile(path.join(REPOSITORY, "package-lock.json"), "utf8"),
	);
	const found = new Set<string>();
	const take = (from: string) => {
		const { dependencies = {}, optionalDependencies = {} } = lock.packages[from] ?? {};
		for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
			const place = nearest(from, name, lock.packages);
			if (found.has(place)) continue;
			found.add(place);
			take(place);
		}
	};
	take("packages/mover");
	return [...found];
}

interface Locked {
	dependencies?: Record<string, string>;
	optionalDependencies?: Record<string, string>;
}

/** Where Node finds a package: in the next `node_modules` upwards. */
function nearest(from: string, name: string, packages: Record<string, Locked>): string {
	for (let folder = from; ; folder = path.dirname(folder)) {
		const place = path.join(folder === "." ? "" : folder, "node_modules", name);
		if (place in packages) return place;
		if (folder === ".") throw new Error(`${name}, which ${from} needs, is not in package-lock.json; run: npm install`);
	}
}

/** How many bytes a folder has as a layer, compressed. To compress takes many seconds of CPU, so that the answer is kept by what it is of. */
async function compressedBytes(folder: string): Promise<number> {
	const hash = createHash("sha256").setEncoding("hex");
	await readLayer(folder, hash);
	const kept = path.join(serversFolder(), "layers", hash.read());
	await cachedFolder(kept, async (partial) => {
		const gzip = createGzip({ level: 1 });
		const packed = readLayer(folder, gzip);
		let bytes = 0;
		for await (const piece of gzip) bytes += piece.length;
		await packed;
		await writeFile(path.join(partial, "bytes"), String(bytes));
	});
	return Number(await readFile(path.join(kept, "bytes"), "utf8"));
}

/** Writes a folder as a layer: the same bytes for the same files. */
async function readLayer(folder: string, into: Writable): Promise<void> {
	const excluded = LEFT_OUT.map((one) => `--exclude=./${one}`);
	const args = ["-C", folder, "--sort=name", "--mtime=@0", ...excluded, "-cf", "-", "."];
	const tar = spawn("tar", args, { stdio: ["ignore", "pipe", "inherit"] });
	const [[code]] = await Promise.all([once(tar, "close"), pipeline(tar.stdout, into)]);
	if (code !== 0) throw new Error(`tar of ${folder} ended with ${code}`);
}

/**
 * The networks of a container: one with this machine, where the target is, and one with the source, which nothing else is on. There is
 * no way on from either.
 */
export interface Network {
	/** This machine's address. */
	host: string;
	/** The source's. */
	source: string;
	/** Network namespaces of the container and of the source. */
	namespaces: { container: string; source: string };
	remove(): Promise<void>;
}

/**
 * Adds a network namespace with a small table of connections of its own: who looks at its sockets goes through the whole table, and that of
 * the machine takes 6 ms. Before Linux 6.1 every namespace has the machine's.
 */
const ADD_NAMESPACE = 'echo 1024 2>/dev/null >/proc/sys/net/ipv4/tcp_child_ehash_entries; exec ip netns add "$1"';

/** Makes two network namespaces, and pairs of virtual cards from the container's to this machine and to the source's. */
export async function makeNetwork(): Promise<Network> {
	if (!existsSync("/usr/sbin/ip") && !existsSync("/sbin/ip")) {
		await run("apt-get", ["update", "-q"]);
		await run("apt-get", ["install", "-yq", "--no-install-recommends", "iproute2"]);
	}
	const namespaces = { container: `mover-${process.pid}`, source: `source-${process.pid}` };
	const card = `mover${process.pid}`;
	// Addresses for tests between networks (RFC 2544); eight for each process.
	const block = (process.pid * 8) % 0x1_0000;
	const address = (n: number) => `198.18.${(block + n) >> 8}.${(block + n) & 255}`;
	const ip = (...args: string[]) => run("ip", args);
	for (const namespace of Object.values(namespaces)) {
		await run("unshare", ["--net", "sh", "-c", ADD_NAMESPACE, "sh", namespace]).catch((error: Error) => {
			throw new Error(
				`this machine allows no network namespace (${error.message.trim()}), without which nobody can say that the mover alone reaches the source; run the test as root, in a container as a privileged one`,
			);
		});
		await ip("-n", namespace, "link", "set", "lo", "up");
	}
	const { container, source } = namespaces;
	await ip("link", "add", card, "type", "veth", "peer", "name", "eth0", "netns", container);
	await ip("address", "add", `${address(1)}/30`, "dev", card);
	await ip("link", "set", card, "up");
	await ip("-n", container, "address", "add", `${address(2)}/30`, "dev", "eth0");
	await ip("-n", container, "link", "set", "eth0", "up");
	await ip("-n", container, "link", "add", "eth1", "type", "veth", "peer", "name", "eth0", "netns", source);
	for (const [namespace, name, n] of [
		[container, "eth1", 5],
		[source, "eth0", 6],
	] as const) {
		await ip("-n", namespace, "address", "add", `${address(n)}/30`, "dev", name);
		await ip("-n", namespace, "link", "set", name, "up");
	}
	return {
		host: address(1),
		source: address(6),
		namespaces,
		remove: async () => {
			for (const namespace of Object.values(namespaces)) await ip("netns", "delete", namespace);
		},
	};
}

/** A container: the entry point of an image, with nothing but what a runtime gives it. */
export interface Container {
	child: ChildProcess;
	output: string;
	end(): Promise<void>;
}

/** Memory for /tmp. */
const TMP_MB = 16;

/** What a runtime does before it hands over to the entry point: everything but /tmp is read-only. */
const RUNTIME = `set -eu
root=$1 layers=$2 secrets=$3 user=$4 folder=$5
shift 5
mount --make-rprivate /
mount -t overlay overlay -o ro,lowerdir="$layers" "$root"
mount -t proc -o ro,nosuid,nodev,noexec proc "$root/proc"
mount -t tmpfs -o size=64k,mode=755,nosuid tmpfs "$root/dev"
for device in null zero random urandom; do
	: > "$root/dev/$device"
	mount --bind "/dev/$device" "$root/dev/$device"
	mount -o remount,bind,ro "$root/dev/$device"
done
mount -o remount,ro,nosuid "$root/dev"
mount -t tmpfs -o size=${TMP_MB}m,mode=1777,nosuid,nodev tmpfs "$root/tmp"
mount --bind "$secrets" "$root/run/secrets"
mount -o remount,bind,ro "$root/run/secrets"
exec chroot "$root" setpriv --reuid="$user" --regid="$user" --clear-groups --pdeathsig=KILL env -i -C "$folder" "$@"
`;

/** What a container is given. */
export interface ContainerOptions {
	variables: Record<string, string>;
	/** Files in /run/secrets, as Swarm gives them. */
	secrets: Record<string, string>;
	/** What holds it to its memory. */
	memory: MemoryLimit;
}

/** Starts a container of an image, in its network namespace. */
export async function startContainer(
	image: Image,
	network: Network,
	{ variables, secrets, memory }: ContainerOptions,
): Promise<Container> {
	const place = await mkdtemp(path.join(os.tmpdir(), "mover-container-"));
	const [root, vault] = [path.join(place, "root"), path.join(place, "secrets")];
	await Promise.all([root, vault].map((folder) => mkdir(folder)));
	for (const [name, text] of Object.entries(secrets)) {
		await writeFile(path.join(vault, name), text, { mode: 0o400 });
		await chown(path.join(vault, name), image.user, image.user);
	}
	const environment = Object.entries({ ...image.environment, ...variables }).map(([name, value]) => `${name}=${value}`);
	const own = ["--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child"];
	const told = [root, image.layers.join(":"), vault, String(image.user), image.folder];
	const [program = "", ...args] = [
		...memory.argv,
		"ip",
		"netns",
		"exec",
		network.namespaces.container,
		"unshare",
		...own,
	];
	const runtime = ["sh", "-c", RUNTIME, "runtime", ...told, ...environment, ...image.entrypoint];
	const child = spawn(program, [...args, ...runtime], { stdio: ["ignore", "pipe", "pipe"] });
	const container: Container = {
		child,
		output: "",
		async end() {
			if (child.exitCode === null && child.signalCode === null) {
				const gone = once(child, "close");
				child.kill("SIGKILL");
				await gone;
			}
			await rm(place, { recursive: true, force: true });
		},
	};
	for (const stream of [child.stdout, child.stderr]) {
		stream.setEncoding("utf8").on("data", (text: string) => {
			container.output += text;
		});
	}
	return container;
}
