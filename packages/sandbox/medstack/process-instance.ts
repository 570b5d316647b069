/** A process as an instance of a service. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { endWithThis } from "../watchdog.ts";
import type { RunningInstance } from "./swarm.ts";

export interface InstanceProcess {
	program: string;
	args: readonly string[];
	/** The whole of its environment. */
	env: Readonly<Record<string, string>>;
	/** Where it answers HTTP, for the load balancer. */
	address?: { host: string; port: number };
	/** Sees what it writes on stdout and stderr. */
	onOutput?: (text: string) => void;
	/** From SIGTERM until SIGKILL; Docker's is 10 s. @default 10000 */
	graceMs?: number;
}

/** Starts it. @throws where the program cannot be started */
export async function startProcess(setup: InstanceProcess): Promise<RunningInstance> {
	const { program, args, env, address, onOutput, graceMs = 10_000 } = setup;
	const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
	endWithThis(child, "SIGTERM");
	const ended = once(child, "close");
	// Whoever awaits it hears of an error by `spawn`.
	ended.catch(() => {});
	for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => onOutput?.(text));
	await once(child, "spawn");
	return {
		...(address === undefined ? {} : { address }),
		ended,
		async stop() {
			child.kill("SIGTERM");
			const grace = new AbortController();
			const kill = sleep(graceMs, undefined, { signal: grace.signal }).then(
				() => child.kill("SIGKILL"),
				() => {},
			);
			await ended;
			grace.abort();
			await kill;
		},
	};
}
