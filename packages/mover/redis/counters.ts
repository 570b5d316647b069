import type { Login } from "../postgresql/connection.ts";
import type { Evidence } from "../steps.ts";
import { withRedis } from "./connection.ts";

/**
 * What a server was told to write so far: the calls of each command that writes, by the server's own list of them, and which start
 * of the server counts. Keys that end by themselves are no calls.
 */
export async function readRedisCounters(login: Login): Promise<Evidence> {
	return withRedis(login, async (session) => {
		const commands = (await session.send("COMMAND")) as [Buffer, number, Buffer[], ...unknown[]][];
		const writing = new Set(
			commands
				.filter(([, , flags]) => flags.some((flag) => flag.toString() === "write"))
				.map(([name]) => name.toString().toLowerCase()),
		);
		let writes = 0;
		for (const [name, line] of await session.info("commandstats")) {
			const [command = ""] = name.replace(/^cmdstat_/, "").split("|");
			if (writing.has(command)) writes += Number(/calls=(\d+)/.exec(line)?.[1] ?? 0);
		}
		const server = await session.info("server");
		return { writes, server: (server.get("run_id") ?? "").slice(0, 16) };
	});
}

/** What shows that somebody wrote between two readings, one line each; none where nobody did. */
export function changesOfRedis(before: Evidence, after: Evidence): string[] {
	const writes = Number(after.writes) - Number(before.writes);
	if (before.server !== after.server) {
		return ["the source's server was restarted, so that writes may be uncounted; freeze it and copy again"];
	}
	if (writes < 0) return ["the source's statistics were reset, so that writes are uncounted; copy again"];
	if (writes === 0) return [];
	return [
		`${writes} commands that write were sent to the source meanwhile, those of a worker that waits for jobs among them; find who sends them (CLIENT LIST), stop it, copy again`,
	];
}
