import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { clearFaults, isHalted } from "../../sandbox/aptible/faults.ts";
import { type JournalRow, readJournal } from "../../sandbox/aptible/journal.ts";
import { prepareSandbox, type Sandbox } from "../../sandbox/environment.ts";
import type { Result } from "../../sandbox/run.ts";

const root = join(import.meta.dirname, "../..");
const namespace = "medstack-to-aptible:";

/** The blocks of a stage file, as loosely as a person may write them. */
// biome-ignore lint/suspicious/noExplicitAny: tests write files that are wrong on purpose
export type Blocks = Record<string, any>;

/** One stage in a sandbox of its own, under the real engine. */
export class StageUnderTest {
	readonly name: string;
	readonly sandbox: Sandbox;
	readonly #file: string;
	#journalEnd = 0;

	constructor(name: string, sandbox: Sandbox, file: string) {
		this.name = name;
		this.sandbox = sandbox;
		this.#file = file;
	}

	/** Folder of the emulated Aptible's state. */
	get aptible(): string {
		return this.sandbox.env.APTIBLE_SANDBOX ?? "";
	}

	/** Changes the stage file. */
	async edit(change: (blocks: Blocks) => void): Promise<void> {
		const file = parse(await readFile(this.#file, "utf8")) as { config: Record<string, unknown> };
		const names = Object.keys(file.config);
		const blocks = Object.fromEntries(names.map((name) => [name.replace(namespace, ""), file.config[name]]));
		change(blocks);
		file.config = Object.fromEntries(Object.entries(blocks).map(([name, block]) => [`${namespace}${name}`, block]));
		await writeFile(this.#file, stringify(file));
	}

	/** Runs a pulumi command on the stage. */
	pulumi(command: string, ...args: string[]): Promise<Result> {
		return this.sandbox.pulumi([command, ...args, ...this.#stack()]);
	}

	/** `pulumi up` without asking. */
	up(...args: string[]): Promise<Result> {
		return this.pulumi("up", "--yes", "--skip-preview", "--non-interactive", ...args);
	}

	preview(...args: string[]): Promise<Result> {
		return this.pulumi("preview", "--non-interactive", ...args);
	}

	destroy(...args: string[]): Promise<Result> {
		return this.pulumi("destroy", "--yes", "--skip-preview", "--non-interactive", ...args);
	}

	/** The emulated CLI, as a person would run it. */
	async cli(...argv: string[]): Promise<unknown> {
		const child = spawn("aptible", argv, {
			env: { ...this.sandbox.env, APTIBLE_OUTPUT_FORMAT: "json" },
			stdio: ["ignore", "pipe", "inherit"],
		});
		let text = "";
		child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
			text += chunk;
		});
		await new Promise((resolve) => child.on("close", resolve));
		return text.startsWith("[") || text.startsWith("{") ? JSON.parse(text) : text;
	}

	/** What the emulated Aptible was asked since this was called last. */
	newJournal(): JournalRow[] {
		const rows = readJournal(this.aptible).filter(({ id }) => id > this.#journalEnd);
		this.#journalEnd = rows.at(-1)?.id ?? this.#journalEnd;
		return rows;
	}

	/** The writes that Aptible made since this or `newJournal` was called last, in short: `deploy portal`. */
	newWrites(): string[] {
		return this.newJournal().flatMap(({ writes }) => writes.map(shortWrite));
	}

	/** Whole state file of the stack, as it lies on disk. */
	async state(): Promise<string> {
		const folder = join(this.sandbox.dir, "state/.pulumi/stacks/medstack-to-aptible");
		return readFile(join(folder, `${this.name}.json`), "utf8");
	}

	/** Runs `pulumi up` until the planted `halt-...` fault strikes, then kills every process of it at once. */
	async upUntilHalted(): Promise<void> {
		const args = ["up", "--yes", "--skip-preview", "--non-interactive", ...this.#stack()];
		const child = spawn("pulumi", args, { cwd: root, env: this.sandbox.env, stdio: "ignore" });
		const ended = new Promise((resolve) => child.on("close", () => resolve(true)));
		while (!isHalted(this.aptible)) {
			if (await Promise.race([ended, sleep(50, false)])) return;
		}
		for (const pid of processesOf(this.aptible)) kill(pid);
		await ended;
		clearFaults(this.aptible);
		await this.sandbox.pulumi(["cancel", "--yes", this.name]);
	}

	#stack(): string[] {
		return ["--stack", this.name, "--config-file", this.#file];
	}
}

/** A stage of this repo's own files, in a sandbox that goes when the test ends. */
export async function openStage(
	t: Pick<TestContext, "after">,
	name: "staging" | "prod",
	change: (blocks: Blocks) => void = () => {},
): Promise<StageUnderTest> {
	const dir = await mkdtemp(join(tmpdir(), "medstack-to-aptible-"));
	const sandbox = await prepareSandbox({ root, dir, quiet: true });
	t.after(async () => {
		await sandbox.close();
		await rm(dir, { recursive: true, force: true });
	});
	const file = join(dir, `Pulumi.${name}.yaml`);
	await writeFile(file, await readFile(join(root, `Pulumi.${name}.yaml`), "utf8"));
	const stage = new StageUnderTest(name, sandbox, file);
	await stage.edit(change);
	await sandbox.pulumi(["stack", "init", name]);
	return stage;
}

function shortWrite(write: JournalRow["writes"][number]): string {
	if ("op" in write) return `${write.type} ${write.kind} ${write.on}`;
	if ("create" in write) return `create ${write.create} ${write.body.handle ?? write.on}`;
	if ("update" in write) return `update ${write.update}`;
	return `delete ${write.delete}`;
}

/** Every process that runs in the sandbox, found by its environment: engine, plugins, program, Commands and their CLIs. */
function processesOf(aptible: string): number[] {
	return readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
		.filter((name) => {
			try {
				return readFileSync(`/proc/${name}/environ`, "utf8").includes(`APTIBLE_SANDBOX=${aptible}\0`);
			} catch {
				return false;
			}
		})
		.map(Number);
}

function kill(pid: number): void {
	try {
		process.kill(pid, "SIGKILL");
	} catch {
		// It has ended by itself.
	}
}
