/** CPU of servers and of what works on them, from /proc: Linux alone. */
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";

/** Clock ticks a second, which Linux has had at 100 for user space since 2.6. */
const TICKS = 100;

/**
 * Seconds of CPU of servers, and of this process's children or of it and them, so far. What has ended is in its parent's account.
 *
 * @param servers process ids
 */
export function cpuSeconds(servers: readonly number[], own: readonly ("self" | "children")[]): number {
	const postmasters = servers.reduce((sum, pid) => sum + ticksOf(pid, ["self", "children"]), 0);
	const backends = readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name) && servers.includes(Number(statOf(Number(name))?.[1])))
		.reduce((sum, name) => sum + ticksOf(Number(name), ["self"]), 0);
	return (ticksOf(process.pid, own) + postmasters + backends) / TICKS;
}

/** Fields of /proc/PID/stat after the name: state, parent ... */
function statOf(pid: number): string[] | undefined {
	try {
		return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ");
	} catch {
		return undefined;
	}
}

function ticksOf(pid: number, of: readonly ("self" | "children")[]): number {
	const fields = statOf(pid)?.slice(11, 15).map(Number) ?? [];
	const [user = 0, system = 0, childrenUser = 0, childrenSystem = 0] = fields;
	return (of.includes("self") ? user + system : 0) + (of.includes("children") ? childrenUser + childrenSystem : 0);
}
