/** The processes of this machine, from `ps`: Linux and macOS have it alike. */
import { execFileSync } from "node:child_process";

export interface Process {
	pid: number;
	parent: number;
	megabytes: number;
	/** Its command line. */
	command: string;
}

export function listProcesses(): Process[] {
	const text = execFileSync("ps", ["-A", "-ww", "-o", "pid=,ppid=,rss=,args="], {
		encoding: "utf8",
		maxBuffer: 1 << 28,
	});
	return text.split("\n").flatMap((line) => {
		const [, pid, parent, kilobytes, command = ""] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
		if (pid === undefined) return [];
		return [{ pid: Number(pid), parent: Number(parent), megabytes: Number(kilobytes) / 1024, command }];
	});
}

/** A process and all below it. */
export function treeOf(root: number, processes: readonly Process[] = listProcesses()): Process[] {
	const own = processes.filter(({ pid }) => pid === root);
	const below = processes.filter(({ parent }) => parent === root);
	return [...own, ...below.flatMap(({ pid }) => treeOf(pid, processes))];
}

/** Kills a process and all below it at one moment: they are stopped first, so that none starts another meanwhile. */
export function killTree(root: number): void {
	const stopped = new Set<number>();
	for (let pids = [root]; pids.length > 0; pids = treeOf(root).flatMap(({ pid }) => (stopped.has(pid) ? [] : [pid]))) {
		for (const pid of pids) {
			signal(pid, "SIGSTOP");
			stopped.add(pid);
		}
	}
	for (const pid of stopped) signal(pid, "SIGKILL");
}

/** Whether a process is there that has not ended. */
export function isAlive(pid: number): boolean {
	return signal(pid, 0);
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
	try {
		return process.kill(pid, name);
	} catch {
		return false;
	}
}
