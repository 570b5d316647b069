import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { callCli, type Env } from "../../aptible/cli.ts";
import type { Write } from "../../aptible/journal.ts";
import { createEnvironment, sandboxToken } from "../../aptible/setup.ts";

/** The emulated executable. */
export const APTIBLE = new URL("../../aptible/bin/aptible", import.meta.url).pathname;

/** What one run of the CLI left behind. */
export interface Outcome {
	exit: number | null;
	stdout: string;
	stderr: string;
	writes: Write[];
	/** Options handed to the telemetry call; null where there was none. */
	telemetry: Record<string, unknown> | null;
}

/** A sandbox of its own for one test. */
export class Bench implements Disposable {
	readonly dir = mkdtempSync(join(tmpdir(), "aptible-sandbox-"));
	readonly env: Env;

	constructor(environment?: string) {
		this.env = {
			APTIBLE_SANDBOX: this.dir,
			APTIBLE_CONFIG_PATH: join(this.dir, "config"),
			APTIBLE_ACCESS_TOKEN: sandboxToken(),
			APTIBLE_OUTPUT_FORMAT: "json",
			HOME: this.dir,
			PATH: process.env.PATH,
		};
		if (environment !== undefined) createEnvironment(this.dir, environment);
	}

	/** Runs a command in process. */
	async run(argv: readonly string[], env: Env = {}, stdin?: string): Promise<Outcome> {
		const writes: Write[] = [];
		let telemetry: Outcome["telemetry"] = null;
		const { code: exit, ...texts } = await callCli(
			argv,
			{ ...this.env, ...env },
			{
				...(stdin === undefined ? {} : { stdin: () => stdin }),
				onWrite: (write) => writes.push(write),
				onTelemetry: (options) => {
					telemetry = options;
				},
			},
		);
		return { exit, ...texts, writes, telemetry };
	}

	/** Runs a command that has to succeed; answers what it printed as JSON, if it printed only that. */
	async ok(...argv: string[]): Promise<Outcome> {
		const outcome = await this.run(argv);
		if (outcome.exit !== 0) throw new Error(`aptible ${argv.join(" ")}: exit ${outcome.exit}\n${outcome.stderr}`);
		return outcome;
	}

	/** Runs a reading command and parses its output. */
	async json<T>(...argv: string[]): Promise<T> {
		return JSON.parse((await this.ok(...argv)).stdout);
	}

	/** Starts the executable as a process of its own. */
	spawn(argv: readonly string[], env: Env = {}): { pid: number; ended: Promise<Outcome>; kill(): void } {
		const child = spawn(APTIBLE, argv, { env: { ...this.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
		const outcome: Outcome = { exit: null, stdout: "", stderr: "", writes: [], telemetry: null };
		child.stdout.on("data", (chunk) => {
			outcome.stdout += chunk;
		});
		child.stderr.on("data", (chunk) => {
			outcome.stderr += chunk;
		});
		const ended = new Promise<Outcome>((resolve) => child.on("close", (exit) => resolve({ ...outcome, exit })));
		return { pid: child.pid ?? 0, ended, kill: () => child.kill("SIGKILL") };
	}

	[Symbol.dispose](): void {
		rmSync(this.dir, { recursive: true, force: true });
	}
}
