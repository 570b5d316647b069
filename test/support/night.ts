/** A stage `night` that moves: real servers behind the emulated Aptible, and the move's commands as a person runs them. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { callCli } from "@medstack-to-aptible/sandbox/aptible/cli.ts";
import { putServerBehind } from "@medstack-to-aptible/sandbox/aptible/real-servers.ts";
import { createEnvironment } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { type Clouds, startAptible } from "@medstack-to-aptible/sandbox/clouds.ts";
import { runCommand } from "../../move/command.ts";
import { World } from "../../packages/mover/test/support/mover-process.ts";
import { root } from "./repository.ts";

/** One of the move's commands, under way. */
export interface MoveCommand {
	output: () => string;
	/** Its exit code. */
	ended: Promise<number | null>;
	kill: (signal: NodeJS.Signals) => void;
	/** Waits until it has said something. */
	says: (pattern: RegExp) => Promise<void>;
}

/** Steps that start Pulumi, whose output goes where the process's own does. */
const PRINTS: ReadonlySet<string> = new Set(["switch", "night", "back"]);

/** A command that has ended, with all that it said. */
interface Ended {
	code: number | null;
	output: string;
}

export class Night {
	readonly world: World;
	readonly clouds: Clouds;
	/** Folder of the stage file. */
	readonly folder: string;
	#isRunning = false;

	/** Starts a source, a target for each of these databases, and the emulated Aptible in front of them. */
	static async start(databases: readonly string[] = ["main"]): Promise<Night> {
		const folder = await mkdtemp(path.join(os.tmpdir(), "move-"));
		const [world, clouds] = await Promise.all([World.start(databases), startAptible(folder)]);
		const night = new Night(world, clouds, folder);
		createEnvironment(night.dir, "acme");
		for (const name of databases) {
			await night.cli("db:create", "--type", "postgresql", "--environment", "acme", "--", name);
			const server = world.targets[name];
			assert.ok(server);
			const { address: host, port, superuser: user, password, ca } = server;
			putServerBehind(night.dir, name, { host, port, user, password, ca });
		}
		return night;
	}

	private constructor(world: World, clouds: Clouds, folder: string) {
		this.world = world;
		this.clouds = clouds;
		this.folder = folder;
	}

	/** Folder of the emulated Aptible. */
	get dir(): string {
		return this.clouds.env.APTIBLE_SANDBOX ?? "";
	}

	get stageFile(): string {
		return path.join(this.folder, "Pulumi.night.yaml");
	}

	async writeStage(text: string): Promise<void> {
		await writeFile(this.stageFile, text);
	}

	/** Writes a stage with one app and one database whose move is in a phase. @param more further keys of the move */
	async inPhase(phase: string, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
		const move = { phase, from: { addresses: ["203.0.113.9"] }, databases: { main: {} }, ...more };
		await this.writeStage(`config:
  medstack-to-aptible:environment: { handle: acme, stack: acme-prod, phi: true }
  medstack-to-aptible:databases:
    main: { type: postgresql, version: "17" }
  medstack-to-aptible:apps:
    portal: { image: acme/portal:1, config: { SMTP_PASSWORD: "\${secrets.smtpPassword}" }, services: { web: {} } }
  medstack-to-aptible:secrets: { smtpPassword: { secure: v1:abc } }
  medstack-to-aptible:move: ${JSON.stringify(move)}
`);
	}

	/** Path of the record beside the stage. */
	get record(): string {
		return path.join(this.folder, "Pulumi.night.move.json");
	}

	/** The record beside the stage. */
	recordText(): string {
		return readFileSync(this.record, "utf8");
	}

	/** Runs a command of the `aptible` CLI. */
	async cli(...argv: string[]): Promise<string> {
		const { code, stdout, stderr } = await callCli(argv, { ...this.clouds.env, APTIBLE_OUTPUT_FORMAT: "json" });
		assert.equal(code, 0, stderr);
		return stdout;
	}

	/** Starts one of the move's commands as a person does. */
	start(...args: string[]): MoveCommand {
		return this.startBare(...args, "--stack", "night", "--config-file", this.stageFile);
	}

	/** Starts it without the stage's name. */
	startBare(...args: string[]): MoveCommand {
		const child = spawn(
			process.execPath,
			["--disable-warning=ExperimentalWarning", path.join(root, "move/main.ts"), ...args],
			{
				env: this.#environment(),
				stdio: ["ignore", "pipe", "pipe"],
			},
		);
		let said = "";
		for (const stream of [child.stdout, child.stderr]) {
			stream.setEncoding("utf8").on("data", (text: string) => {
				said += text;
			});
		}
		return {
			output: () => said,
			ended: new Promise<number | null>((resolve) => child.on("close", resolve)),
			kill: (signal) => child.kill(signal),
			async says(pattern) {
				for (const deadline = Date.now() + 60_000; !pattern.test(said); await sleep(20)) {
					if (Date.now() > deadline || child.exitCode !== null) throw new Error(`it has not said ${pattern}:\n${said}`);
				}
			},
		};
	}

	/** Runs one of the move's commands to its end, as `runBare` does. */
	async run(...args: string[]): Promise<Ended> {
		return this.runBare(...args, "--stack", "night", "--config-file", this.stageFile);
	}

	/**
	 * Runs it without the stage's name: in this process, as one of its own takes half a second of CPU more, and `start` shows that. What has
	 * Pulumi print to the terminal is a process all the same.
	 */
	async runBare(...args: string[]): Promise<Ended> {
		if (PRINTS.has(args[0] ?? "")) {
			const command = this.startBare(...args);
			return { code: await command.ended, output: command.output() };
		}
		assert.ok(!this.#isRunning, "a command that runs has the environment of this process");
		this.#isRunning = true;
		const env = this.#environment();
		const former = Object.keys(env).map((name) => [name, process.env[name]] as const);
		Object.assign(process.env, env);
		let output = "";
		const write = (text: string) => {
			output += text;
		};
		const terminal = { isTerminal: false, columns: 80, write, complain: write };
		try {
			const code = await runCommand(args, { ...terminal, untilGone: () => new AbortController().signal });
			return { code, output };
		} finally {
			for (const [name, value] of former) {
				if (value === undefined) delete process.env[name];
				else process.env[name] = value;
			}
			this.#isRunning = false;
		}
	}

	/** What a command is given. */
	#environment(): Record<string, string> {
		return {
			...this.clouds.env,
			PATH: [...this.clouds.path, process.env.PATH].join(path.delimiter),
			XDG_CACHE_HOME: path.join(this.folder, "cache"),
			NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? "",
			HOME: this.folder,
		};
	}

	async stop(): Promise<void> {
		await this.world.stop();
		await this.clouds.close();
		await rm(this.folder, { recursive: true, force: true });
	}
}
