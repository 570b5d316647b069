/** What a process and its children are seen to do, looked at many times a second. */
import { readdirSync, readFileSync } from "node:fs";

/** What was seen. */
export interface Sightings {
	/** Looks that found the process. */
	looks: number;
	/** Command lines, each once. */
	commands: Set<string>;
	/** Users that they ran as. */
	users: Set<string>;
	/** Sockets that anybody in its network namespace listens on. */
	listening: Set<string>;
	/** Places that can be written to, by their mount points. */
	writable: Set<string>;
	/** Files in its /tmp, each once. */
	files: Map<string, string>;
	/** Most memory of its own, in bytes. */
	ownPeak: number;
	/** Most memory of all of them together, each at its own peak. */
	treePeak: number;
}

/** Looks at the only child of a process, and at the children of that one, until told to stop. */
export function watchChildOf(parent: number): { seen: Sightings; stop: () => void } {
	const seen: Sightings = {
		looks: 0,
		commands: new Set(),
		users: new Set(),
		listening: new Set(),
		writable: new Set(),
		files: new Map(),
		ownPeak: 0,
		treePeak: 0,
	};
	const timer = setInterval(() => look(parent, seen), 20);
	return { seen, stop: () => clearInterval(timer) };
}

function look(parent: number, seen: Sightings): void {
	const [main] = childrenOf(parent);
	// Until its entry point runs, it is the runtime.
	if (main === undefined || !read(main, "cmdline").startsWith("node\0")) return;
	seen.looks += 1;
	const tree = [main, ...descendantsOf(main)];
	for (const pid of tree) {
		const command = read(pid, "cmdline").replaceAll("\0", " ").trim();
		if (command !== "") seen.commands.add(command);
		const [, user] = /^Uid:\s+(.*)$/m.exec(read(pid, "status")) ?? [];
		if (user !== undefined) seen.users.add(user);
	}
	const own = peakOf(main);
	seen.ownPeak = Math.max(seen.ownPeak, own);
	seen.treePeak = Math.max(
		seen.treePeak,
		tree.reduce((sum, pid) => sum + peakOf(pid), 0),
	);
	for (const table of ["tcp", "tcp6", "udp", "udp6"]) {
		for (const line of read(main, `net/${table}`).split("\n").slice(1)) {
			const [, local = "", , state] = line.trim().split(/\s+/);
			// A socket of UDP that is bound is open to all; one of TCP in state 0A listens.
			if (local !== "" && (table.startsWith("udp") || state === "0A")) seen.listening.add(`${table} ${local}`);
		}
	}
	for (const line of read(main, "mountinfo").split("\n").filter(Boolean)) {
		const [, , , , point = "", options = ""] = line.split(" ");
		if (!options.split(",").includes("ro")) seen.writable.add(point);
	}
	for (const file of filesIn(`/proc/${main}/root/tmp`)) seen.files.set(file.path, file.text);
}

function read(pid: number, name: string): string {
	try {
		return readFileSync(`/proc/${pid}/${name}`, "latin1");
	} catch {
		// It has ended meanwhile.
		return "";
	}
}

function childrenOf(pid: number): number[] {
	return read(pid, `task/${pid}/children`).split(" ").filter(Boolean).map(Number);
}

function descendantsOf(pid: number): number[] {
	return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

function peakOf(pid: number): number {
	const [, kilobytes = "0"] = /^VmHWM:\s+(\d+) kB$/m.exec(read(pid, "status")) ?? [];
	return Number(kilobytes) * 1024;
}

function filesIn(folder: string): { path: string; text: string }[] {
	try {
		return readdirSync(folder, { recursive: true, withFileTypes: true })
			.filter((entry) => entry.isFile())
			.map((entry) => `${entry.parentPath}/${entry.name}`)
			.map((file) => ({ path: file.replace(/^\/proc\/\d+\/root/, ""), text: readFileSync(file, "latin1") }));
	} catch {
		// A file or the process has gone meanwhile: the next look is soon.
		return [];
	}
}
