/** An amount of memory that processes are held to, as a container's runtime does. */
import { mkdir, readFile, rmdir, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

export interface MemoryLimit {
	/** What holds them: a control group holds all of them together, `prlimit` each one by itself. */
	by: "cgroup v2" | "cgroup v1" | "prlimit";
	/** Program and arguments that a held program is started with. */
	argv: readonly string[];
	/** How many of its processes were ended for want of memory; 0 where nobody counts them. */
	kills(): Promise<number>;
	/** Takes the limit away, once its processes are gone. */
	remove(): Promise<void>;
}

/** Where control groups are, by their version: the files of a limit, and the one that counts what was ended. */
const VERSIONS = [
	{ by: "cgroup v2", root: "/sys/fs/cgroup", limits: ["memory.max"], swap: "memory.swap.max", events: "memory.events" },
	{
		by: "cgroup v1",
		root: "/sys/fs/cgroup/memory",
		limits: ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"],
		swap: "memory.swappiness",
		events: "memory.oom_control",
	},
] as const;

/** What an idle Node 24 reserves and does not use: its VmData less its VmRSS. */
const NODE_RESERVES = 520 * 2 ** 20;

/** Makes a limit: by a control group where this machine lets one be made, else by what a process may hold of data. */
export async function limitMemory(bytes: number): Promise<MemoryLimit> {
	for (const version of VERSIONS) {
		const group = await makeGroup(version, bytes).catch(() => undefined);
		if (group !== undefined) return group;
	}
	return {
		by: "prlimit",
		argv: ["prlimit", `--data=${bytes + NODE_RESERVES}`],
		kills: async () => 0,
		remove: async () => {},
	};
}

async function makeGroup(
	{ by, root, limits, swap, events }: (typeof VERSIONS)[number],
	bytes: number,
): Promise<MemoryLimit> {
	if (by === "cgroup v2") {
		const controllers = await readFile(path.join(root, "cgroup.controllers"), "utf8");
		if (!controllers.split(/\s/).includes("memory")) throw new Error("its memory is counted elsewhere");
		await writeFile(path.join(root, "cgroup.subtree_control"), "+memory");
	}
	const folder = path.join(root, `mover-${process.pid}-${bytes}`);
	await mkdir(folder);
	const [limit, ...others] = limits;
	await writeFile(path.join(folder, limit), String(bytes)).catch(async (error: unknown) => {
		await rmdir(folder);
		throw error;
	});
	// A machine that counts no swap has no such files.
	await writeFile(path.join(folder, swap), "0").catch(() => {});
	for (const other of others) await writeFile(path.join(folder, other), String(bytes)).catch(() => {});
	return {
		by,
		argv: ["sh", "-c", 'echo 0 > "$0/cgroup.procs" && exec "$@"', folder],
		kills: async () => {
			const [, kills = "0"] = /^oom_kill (\d+)$/m.exec(await readFile(path.join(folder, events), "utf8")) ?? [];
			return Number(kills);
		},
		remove: async () => {
			for (let attempt = 1; ; attempt += 1) {
				try {
					await rmdir(folder);
					return;
				} catch (error) {
					if (attempt === 50) throw error;
					await sleep(100);
				}
			}
		},
	};
}
