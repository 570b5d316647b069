/** `npm run move -- switch` as a process on a stage under the real engine, with its journal on a real server behind the stage's database. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { putServerBehind } from "@medstack-to-aptible/sandbox/aptible/real-servers.ts";
import { readLocalLines } from "../../packages/mover/journal/local-file.ts";
import { JournalServer } from "../support/night-journal.ts";
import { treeOf } from "../support/processes.ts";
import { root } from "../support/repository.ts";
import type { StageUnderTest } from "../support/stage.ts";

/** Of the copy that stands in the place of database `main`. */
export const PROOF = "0123456789abcdef";

export class Switches {
	readonly #stage: StageUnderTest;
	readonly #journals: JournalServer;

	/** Puts a server behind the stage's database, with the journal of a copy that is proven and swapped in. */
	static async start(stage: StageUnderTest): Promise<Switches> {
		const journals = await JournalServer.start();
		await journals.begin();
		await journals.session.query("CREATE DATABASE db");
		const line = { database: "main", part: "" };
		await journals.writeLine({ ...line, step: "swap", state: "done", evidence: {} });
		await journals.writeLine({ ...line, step: "verify", state: "note", evidence: { equal: true, hash: PROOF } });
		const { address: host, port, superuser: user, password, ca } = journals.server;
		putServerBehind(stage.aptible.dir, "main", { host, port, user, password, ca });
		await rm(join(stage.sandbox.dir, ".move"), { recursive: true, force: true });
		return new Switches(stage, journals);
	}

	private constructor(stage: StageUnderTest, journals: JournalServer) {
		this.#stage = stage;
		this.#journals = journals;
	}

	/** Runs one to its end. */
	async run(phase: string): Promise<{ code: number | null; output: string }> {
		const { child, output } = this.#start(phase);
		const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
		return { code, output: output() };
	}

	/** Runs one until the planted `halt-...` fault has struck, then kills its process group, and what its engine has put into others. */
	async kill(phase: string): Promise<void> {
		const { child, output } = this.#start(phase);
		const killGroup = (pid: number) => {
			const all = treeOf(pid);
			process.kill(-pid, "SIGKILL");
			for (const one of all) {
				try {
					process.kill(one.pid, "SIGKILL");
				} catch {
					// It was of the group.
				}
			}
		};
		const { aptible } = this.#stage;
		assert.ok(await aptible.killWhen(child, () => aptible.isHalted(), killGroup), output());
	}

	/** Steps, states and phases of the lines on the server, which are those of the file beside the stage. */
	async lines(): Promise<string[]> {
		const { rows } = await this.#journals.session.query(
			"SELECT step, state, evidence ->> 'phase' AS phase FROM public.journal ORDER BY journal.seq",
		);
		const { lines } = readLocalLines(join(this.#stage.sandbox.dir, `.move/${this.#stage.name}.jsonl`));
		const told = lines.map(({ step, state, evidence }) => describe(step, state, evidence.phase));
		assert.deepEqual(
			rows.map(({ step, state, phase }) => describe(step, state, phase)),
			told,
		);
		return told;
	}

	/** What the stage file says. */
	async phaseInFile(): Promise<string | undefined> {
		const text = await readFile(join(this.#stage.sandbox.dir, `Pulumi.${this.#stage.name}.yaml`), "utf8");
		return /phase: (\w+)/.exec(text)?.[1];
	}

	stop(): Promise<void> {
		return this.#journals.stop();
	}

	#start(phase: string): { child: ChildProcess; output: () => string } {
		const args = [join(root, "move/main.ts"), "switch", phase, "--yes", ...this.#stage.options];
		const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...args], {
			cwd: root,
			env: this.#stage.sandbox.env,
			stdio: ["ignore", "pipe", "pipe"],
			detached: true,
		});
		let said = "";
		for (const stream of [child.stdout, child.stderr]) {
			stream.setEncoding("utf8").on("data", (text: string) => {
				said += text;
			});
		}
		return { child, output: () => said };
	}
}

const describe = (step: string, state: string, phase: unknown) =>
	[step, state, phase].filter((word) => typeof word === "string").join(" ");
