/** A night as far as a switch knows it: a stage file of its own, with a journal, an engine and a person of the test's own. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, beforeEach } from "node:test";
import { hashProbes } from "../../../move/probe/evidence.ts";
import { readMoveStage } from "../../../move/stage.ts";
import type { LinePlace, NightJournal, OperatorStep } from "../../../move/switch/night-journal.ts";
import { switchPhase } from "../../../move/switch/switch.ts";
import { checkContent, type JournalLine } from "../../../packages/mover/journal/line.ts";
import type { Evidence } from "../../../packages/mover/steps.ts";
import { type MovePhase, refuseMoveStep } from "../../../wire/move.ts";
import { HASH, Killable, NOW } from "../killable.ts";
import { textWith } from "../stage-text.ts";

export const folder = mkdtempSync(path.join(tmpdir(), "switch-"));

/** A night as far as a switch knows it. */
export class Night extends Killable {
	lines: JournalLine[] = [];
	/** Of the last update that was carried through. */
	made: MovePhase | undefined = "prepare";
	run: string | undefined = "r7";
	/** What was done and said, in its order. */
	did: string[] = [];
	said: string[] = [];
	answers: string[] = [];
	isPreviewRefused = false;
	/** Whether the next update fails, after it has changed the phase in the state. */
	isUpdateFailing = false;
	isProbeFailing = false;
	/** What happens before the question is answered, and why others stand in the way from then on. */
	meanwhile: () => void = () => {};
	others: string | undefined;
	/** In the claims of the state, by which a preview judges. */
	#claimed: MovePhase = "prepare";

	begin(phase: MovePhase): void {
		[this.made, this.#claimed] = [phase, phase];
		write(phase);
	}

	/** Counts an act, and kills before or after it: nothing of the process goes on then. */
	async act<T>(what: string, act: () => T): Promise<T> {
		await this.pass(`before ${what}`);
		this.did.push(what);
		const made = act();
		await this.pass(`after ${what}`);
		return made;
	}

	journal: NightJournal = {
		run: async () => this.run,
		lines: async () => [...this.lines],
		refuseOthers: async () => {
			if (this.others !== undefined) throw new Error(this.others);
		},
		write: (run: string, step: OperatorStep, state: JournalLine["state"], evidence: Evidence, at: LinePlace = {}) =>
			this.act(`${step} ${state}`, () => {
				const { database = "", part = "" } = at;
				const line = { run, database, step, part, state, holder: "0123456789ab", epoch: 1, evidence };
				checkContent(line);
				this.lines.push({ ...line, seq: this.lines.length + 1, at: NOW.toISOString() });
			}),
	};

	switch(to: MovePhase, isAgain = false): Promise<number> {
		return this.until(() => this.#switchHere(to, isAgain));
	}

	#switchHere(to: MovePhase, isAgain: boolean): Promise<number> {
		return switchPhase(
			readMoveStage("prod", file()),
			{ to, isAgain },
			{
				journal: this.journal,
				engine: {
					phase: async () => this.made,
					preview: () =>
						this.act(`preview ${phaseInFile()}`, () => {
							const step = { stage: "prod", record: existsSync(record()) ? "open" : "none" } as const;
							const refused = refuseMoveStep({ phase: this.#claimed }, { phase: phaseInFile() }, step);
							return !this.isPreviewRefused && refused === undefined;
						}),
					update: (run) =>
						this.act(`update ${phaseInFile()} of ${run}`, () => {
							this.#claimed = phaseInFile();
							if (this.isUpdateFailing) return false;
							this.made = this.#claimed;
							return true;
						}),
				},
				ask: async () => {
					this.meanwhile();
					return this.answers.shift() ?? to;
				},
				tell: (line) => void this.said.push(line),
				probe: async () => {
					const isPassed = await this.act("probe", () => !this.isProbeFailing);
					const failed = isPassed ? 0 : 1;
					const evidence = { phase: phaseInFile(), items: 1, failed, hash: hashOfFile() };
					await this.journal.write("r7", "probe", isPassed ? "done" : "failed", evidence);
					return isPassed;
				},
				pointDomains: (side) => this.act(`point ${side}`, () => {}),
				mark: (run, phase) => this.journal.write(run, "mark", "done", { phase, rows: "1" }, { database: "main" }),
			},
		);
	}

	/** Probes that have passed. */
	async probed(more: Evidence = {}): Promise<void> {
		const evidence = { phase: "trial", items: 1, failed: 0, hash: hashOfFile(), ...more };
		await this.journal.write("r7", "probe", "done", evidence);
	}

	/** A line of the mover's. */
	note(step: JournalLine["step"], run: string, evidence: Evidence = {}): void {
		const line = {
			run,
			database: "main",
			step,
			part: "",
			state: "note",
			holder: "0123456789ab",
			epoch: 1,
			evidence,
		} as const;
		checkContent(line);
		this.lines.push({ ...line, seq: this.lines.length + 1, at: NOW.toISOString() });
	}

	/** A proven copy, in the journal and beside the stage. */
	prove(run = "r7"): void {
		this.note("verify", run, { equal: true, differences: 0, hash: HASH });
		writeRecord(run);
	}

	/** @throws where it is not refused so */
	refuses(to: MovePhase, says: RegExp, isAgain = false): Promise<void> {
		return assert.rejects(
			this.switch(to, isAgain),
			(error: Error) => says.test(error.message) || assert.fail(error.message),
		);
	}

	/** What a refusal left is what was there: no line, no act, no byte. */
	async refusesUntouched(to: MovePhase, says: RegExp, isAgain = false): Promise<void> {
		const [text, lines, acts] = [readFileSync(file(), "utf8"), this.lines.length, this.acts];
		await this.refuses(to, says, isAgain);
		assert.deepEqual([readFileSync(file(), "utf8"), this.lines.length, this.acts], [text, lines, acts]);
	}
}

export const file = () => path.join(folder, "Pulumi.prod.yaml");
export const record = () => path.join(folder, "Pulumi.prod.move.json");
export const hashOfFile = () => {
	const { move } = readMoveStage("prod", file()).stage;
	return hashProbes(move ?? assert.fail("the file has a move"));
};
export const phaseInFile = () => /phase: (\w+)/.exec(readFileSync(file(), "utf8"))?.[1] as MovePhase;

export function write(phase: MovePhase): void {
	writeFileSync(file(), textWith(phase));
}

export function writeRecord(run = "r7"): void {
	const databases = { main: { aptibleId: 7, hash: HASH } };
	writeFileSync(record(), JSON.stringify({ version: 1, run, databases, at: NOW.toISOString() }));
}

beforeEach(() => {
	for (const one of [record(), path.join(folder, ".move")]) rmSync(one, { recursive: true, force: true });
});
after(() => rmSync(folder, { recursive: true, force: true }));
