/** Measures one command as a whole: itself and all processes below it. Linux only, as the figures come from /proc. */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** What a command took. */
export interface Sample {
	/** Wall time. */
	seconds: number;
	/** User and system time of all its processes. */
	cpuSeconds: number;
	/** MB of memory that all processes of the run held together, at the moment when it was most; 0 where it is not sampled. */
	megabytes: number;
	/** Connections to `port` that were open at once, at most; 0 where they are not sampled. */
	sockets: number;
}

/** How a command is run. */
export interface CommandToMeasure {
	argv: readonly string[];
	cwd: string;
	env: Readonly<Record<string, string>>;
	/** Local port whose connections are counted. @default none */
	port?: number;
	/**
	 * How often memory and connections are looked at. Each look reads /proc whole, which takes the machine about 10 ms of CPU: on
	 * two cores, a run of many processes is slower for it.
	 *
	 * @default 40
	 */
	sampleMs?: number | "never";
}

/**
 * Runs a command to its end.
 *
 * @throws Error with what it printed, when it exits with another code than 0
 */
export async function measure({ argv, cwd, env, port, sampleMs = 40 }: CommandToMeasure): Promise<Sample> {
	const started = performance.now();
	// bash tells, of all its ended descendants together, what no call of Node does.
	const child = spawn("bash", ["-c", '"$@"; code=$?; times >&3; exit $code', "bash", ...argv], {
		cwd,
		env: { ...env },
		stdio: ["ignore", "pipe", "pipe", "pipe"],
	});
	const [printed, times] = [{ text: "" }, { text: "" }];
	for (const [index, into] of [printed, printed, times].entries()) {
		child.stdio[index + 1]?.on("data", (chunk: Buffer) => {
			into.text += chunk.toString("utf8");
		});
	}
	let [megabytes, sockets] = [0, 0];
	const sample = () => {
		megabytes = Math.max(megabytes, treeMegabytes(child.pid ?? 0));
		if (port !== undefined) sockets = Math.max(sockets, openConnections(port));
	};
	const sampler = sampleMs === "never" ? undefined : setInterval(sample, sampleMs);
	const code = await new Promise((resolve) => child.on("close", resolve));
	clearInterval(sampler);
	if (code !== 0) throw new Error(`${argv.join(" ")} ended with exit code ${code}:\n${printed.text.slice(-4000)}`);
	const seconds = (performance.now() - started) / 1000;
	return { seconds, cpuSeconds: cpuSecondsOf(times.text), megabytes, sockets };
}

/** The sum of what bash's `times` prints: `0m0.010s 0m0.004s`, of the shell and of its children. */
function cpuSecondsOf(text: string): number {
	const parts = [...text.matchAll(/(\d+)m([\d.]+)s/g)];
	return parts.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}

/** Resident memory of a process and all below it. */
function treeMegabytes(root: number): number {
	const processes = readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name))
		.flatMap((name) => {
			try {
				const status = readFileSync(`/proc/${name}/status`, "utf8");
				const field = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
				return [{ pid: Number(name), parent: field("PPid"), kilobytes: field("VmRSS") }];
			} catch {
				return [];
			}
		});
	const below = (pid: number): number =>
		processes
			.filter(({ parent }) => parent === pid)
			.reduce((sum, child) => sum + child.kilobytes + below(child.pid), 0);
	return ((processes.find(({ pid }) => pid === root)?.kilobytes ?? 0) + below(root)) / 1024;
}

/** Established connections whose local end is this port. */
function openConnections(port: number): number {
	const end = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
	return readFileSync("/proc/net/tcp", "utf8")
		.split("\n")
		.filter((line) => {
			const [, local = "", , state] = line.trim().split(/\s+/);
			return local.endsWith(end) && state === "01";
		}).length;
}
