/** Who uses a part of a sandbox's folder: two at once would take away what the other stands on. */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { cacheFolder } from "./engine/cache.ts";
import { makeFolder } from "./make-folder.ts";
import { isAlive } from "./server-process.ts";
import { startWatchdog } from "./watchdog.ts";

/** What in the folder is made and removed as a whole. */
export type Part = "stages" | "move" | "night";

/** More than a watchdog takes to end what a killed one has left. */
const WATCHDOG_MS = 20_000;

/**
 * Uses a part of a sandbox's folder until it is released. The lock is the system's on a file, so that it goes with its process, however
 * that ends; what a killed process has started is waited for.
 *
 * @param isShared whether others may use it too, which are shared themselves
 * @returns releases it
 * @throws Error that names the process by which it is in use
 */
export async function usePart(dir: string, part: Part, { isShared = false } = {}): Promise<() => void> {
	makeFolder(dir);
	const name = createHash("sha256").update(realpathSync(dir)).digest("hex").slice(0, 16);
	const folder = path.join(cacheFolder(), "in-use", `${name}-${part}`);
	mkdirSync(folder, { recursive: true });
	const lock = new DatabaseSync(path.join(folder, "lock"), { timeout: 0 });
	try {
		lock.exec(isShared ? "BEGIN" : "BEGIN EXCLUSIVE");
		// A shared lock begins with the first read.
		lock.prepare("SELECT count(*) FROM sqlite_master").get();
	} catch (error) {
		lock.close();
		if (!/locked|busy/.test(String(error))) throw error;
		const pids = listUsers(folder).flatMap(({ pid }) => (isAlive(pid) ? [pid] : []));
		const whose = pids.length === 0 ? "another process" : `process ${pids.join(" and ")}`;
		// Of several a stale one may be among them.
		const end = pids.length === 0 || part === "stages" ? "" : `, end it (kill ${pids.join(" ")})`;
		throw new Error(
			`${path.join(dir, part === "stages" ? "" : part)} is in use by ${whose}; wait until that has ended${end}, or use another folder: SANDBOX_DIR=FOLDER npm run sandbox -- ...`,
		);
	}
	for (const { file, pid, watchdog } of listUsers(folder)) {
		if (isShared && isAlive(pid)) continue;
		for (const deadline = Date.now() + WATCHDOG_MS; watchdog > 0 && isAlive(watchdog) && Date.now() < deadline; )
			await sleep(100);
		rmSync(file, { force: true });
	}
	const own = path.join(folder, String(process.pid));
	writeFileSync(own, String(startWatchdog()));
	return () => {
		rmSync(own, { force: true });
		lock.close();
	};
}

/** Those who have used it and not released it, each in a file of its process id with that of its watchdog. */
function listUsers(folder: string): { file: string; pid: number; watchdog: number }[] {
	return readdirSync(folder)
		.filter((name) => /^\d+$/.test(name))
		.map((name) => path.join(folder, name))
		.map((file) => ({ file, pid: Number(path.basename(file)), watchdog: Number(readText(file)) }));
}

/** Empty where its process has released it meanwhile. */
function readText(file: string): string {
	try {
		return readFileSync(file, "utf8");
	} catch {
		return "";
	}
}
