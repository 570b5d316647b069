/** A stage on an emulated Aptible, for as long as it is measured. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type JournalRow, readJournal } from "@medstack-to-aptible/sandbox/aptible/journal.ts";
import { prepareSandbox, type Sandbox } from "@medstack-to-aptible/sandbox/environment.ts";
import { parse, stringify } from "yaml";
import { fakeSshKey } from "../test/support/emulated-aptible.ts";
import { type CommandToMeasure, measure, type Sample } from "./measure.ts";

/** The checkout. */
export const root = join(import.meta.dirname, "..");

/** What one command took, and what Aptible was asked meanwhile. */
export interface Figures extends Sample {
	/** Runs of the CLI. */
	cli: JournalRow[];
	/** Requests to the API that the program and its Commands made themselves. */
	requests: number;
}

/** A sandbox of its own. */
export class BenchStage {
	readonly sandbox: Sandbox;
	/** Folder of the sandbox. */
	readonly dir: string;
	/** Folder of the emulated Aptible. */
	readonly aptible: string;
	readonly #file: string;
	readonly #port: number;

	private constructor(sandbox: Sandbox, dir: string) {
		this.sandbox = sandbox;
		this.dir = dir;
		this.aptible = sandbox.env.APTIBLE_SANDBOX ?? "";
		this.#file = join(dir, "Pulumi.bench.yaml");
		this.#port = Number(new URL(sandbox.env.APTIBLE_API_ROOT_URL ?? "").port);
	}

	/** Prepares a sandbox inside the checkout, so that other programs in it find the same node_modules. */
	static async open(): Promise<BenchStage> {
		await mkdir(join(root, ".sandbox"), { recursive: true });
		const dir = await mkdtemp(join(root, ".sandbox/bench-"));
		const sandbox = await prepareSandbox({ root, dir, quiet: true });
		await fakeSshKey(sandbox.env);
		// The engine as people run it, which the sandbox spares its garbage collection.
		delete sandbox.env.GOGC;
		delete sandbox.env.GOMEMLIMIT;
		const stage = new BenchStage(sandbox, dir);
		// From there, as Pulumi writes a stage file into the folder of the project.
		await writeFile(join(dir, "Pulumi.yaml"), "name: medstack-to-aptible\nruntime: nodejs\n");
		await sandbox.pulumi(["stack", "init", "bench"], { cwd: dir });
		return stage;
	}

	/** Writes the stage file, its keys without the project's name; the salt that Pulumi made stays, as in a person's file. */
	async write(blocks: Readonly<Record<string, unknown>>): Promise<void> {
		const config = Object.fromEntries(
			Object.entries(blocks).map(([key, value]) => [`medstack-to-aptible:${key}`, value]),
		);
		const { encryptionsalt } = parse(await readFile(this.#file, "utf8")) as { encryptionsalt: string };
		await writeFile(this.#file, stringify({ encryptionsalt, config }));
	}

	/** Measures a command of pulumi on the stage. */
	async run(
		command: readonly string[],
		sampleMs: NonNullable<CommandToMeasure["sampleMs"]> = "never",
	): Promise<Figures> {
		const mark = readJournal(this.aptible).at(-1)?.id ?? 0;
		const sample = await measure({
			argv: ["pulumi", ...command, "--non-interactive", "--stack", "bench", "--config-file", this.#file],
			cwd: root,
			env: this.sandbox.env,
			port: this.#port,
			sampleMs,
		});
		const rows = readJournal(this.aptible).filter(({ id }) => id > mark);
		const cli = rows.filter(({ source }) => source === "cli");
		return { ...sample, cli, requests: rows.length - cli.length };
	}

	/** Stops it and removes its folder. */
	async close(): Promise<void> {
		await this.sandbox.close();
		await rm(this.dir, { recursive: true, force: true });
	}
}

/** How many of these runs of the CLI changed something. */
export function changesOf(cli: readonly JournalRow[]): number {
	return cli.filter(({ mutating }) => mutating).length;
}
