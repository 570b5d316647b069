import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { appendFile, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { cachedFolder } from "../cached-folder.ts";
import { giveToServer } from "../server-folder.ts";
import { SERVER_ENVIRONMENT, UNPRIVILEGED } from "../server-process.ts";
import { findPostgres, type PostgresMajor, serversFolder } from "./binaries.ts";
import { giveIdentity } from "./identity.ts";

const run = promisify(execFile);

/** How a cluster is made. */
export interface ClusterOptions {
	major: PostgresMajor;
	/** Name of the superuser. */
	superuser: string;
	/** How passwords are kept and asked for. */
	passwords: "scram-sha-256" | "md5";
}

/** Files of a cluster's folder. */
export const clusterFiles = (folder: string) => ({
	data: path.join(folder, "data"),
	/** The superuser's. */
	password: path.join(folder, "password"),
	/** Settings of the server, beside those that `initdb` writes. */
	settings: path.join(folder, "data", "server.conf"),
});

/**
 * A cluster as `initdb` makes it, whose server never runs: made once for a cache, as that costs a second of CPU, and copied for each
 * server.
 */
export async function findCluster({ major, superuser, passwords }: ClusterOptions): Promise<string> {
	const binaries = await findPostgres(major);
	const args = ["-U", superuser, "-E", "UTF8", "--locale=C.UTF-8", "-A", passwords, "--no-sync"];
	const folder = clusterFolder(binaries, args.join(" "));
	await cachedFolder(folder, async (partial) => {
		const { data, password, settings } = clusterFiles(partial);
		await mkdir(data);
		await writeFile(password, randomBytes(12).toString("hex"), { mode: 0o600 });
		await giveToServer(partial);
		await run(path.join(binaries, "bin", "initdb"), ["-D", data, ...args, `--pwfile=${password}`], {
			env: SERVER_ENVIRONMENT,
			cwd: "/",
			...UNPRIVILEGED,
		});
		await appendFile(path.join(data, "postgresql.conf"), `include '${path.basename(settings)}'\n`);
		await writeFile(settings, "");
		await giveToServer(settings);
	});
	return folder;
}

/** Where a cluster is kept that is made by a version of PostgreSQL's from a text: only its user may read it, so that its name says whose. */
export function clusterFolder(binaries: string, text: string): string {
	const user = UNPRIVILEGED?.uid ?? process.getuid?.() ?? 0;
	const key = createHash("sha256").update(`${user} ${text}`).digest("hex").slice(0, 16);
	return path.join(serversFolder(), "clusters", `${path.basename(path.dirname(binaries))}-${key}`);
}

/** Copies a cluster whose server does not run into a folder, as one of its own. */
export async function copyCluster(from: string, folder: string): Promise<void> {
	const [source, copy] = [clusterFiles(from), clusterFiles(folder)];
	// Most of a write-ahead log is zeros that need no room.
	await run("cp", ["-a", "--reflink=auto", "--sparse=always", source.data, source.password, folder]);
	await giveIdentity(copy.data);
}
