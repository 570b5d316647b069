/** A stage in the middle of its night: both sides, DNS, a person and a process that is killed where a test wants it. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { goBack } from "../../../move/back/back.ts";
import type { Counted } from "../../../move/back/counters.ts";
import type { AcceptedLoss } from "../../../move/back/loss.ts";
import { ttlNotesFile } from "../../../move/dns/ttl-notes.ts";
import { hashProbes } from "../../../move/probe/evidence.ts";
import { type MoveStage, readMoveStage } from "../../../move/stage.ts";
import type { LinePlace, NightJournal } from "../../../move/switch/night-journal.ts";
import { switchPhase } from "../../../move/switch/switch.ts";
import { checkContent, type JournalLine } from "../../../packages/mover/journal/line.ts";
import type { Evidence } from "../../../packages/mover/steps.ts";
import type { MovePhase } from "../../../wire/move.ts";
import { HASH, Killable, NOW } from "../killable.ts";

const UNTIL = new Date("2026-12-05T02:05:00Z");

/** Writes lines of steps that are the mover's. */
type WriteLine = (line: Pick<JournalLine, "step" | "state" | "evidence"> & Required<LinePlace>) => Promise<void>;

/** A journal in memory. */
export function memoryJournal(): { journal: NightJournal; writeLine: WriteLine } {
	const lines: JournalLine[] = [];
	const writeLine: WriteLine = async (given) => {
		const line = { run: "r7", holder: "0123456789ab", epoch: 1, ...given };
		checkContent(line);
		lines.push({ ...line, seq: lines.length + 1, at: NOW.toISOString() });
	};
	return {
		writeLine,
		journal: {
			run: async () => "r7",
			lines: async () => [...lines],
			write: (_run, step, state, evidence, { database = "", part = "" } = {}) =>
				writeLine({ step, state, evidence, database, part }),
			refuseOthers: async () => {},
		},
	};
}

export class World extends Killable {
	readonly folder = mkdtempSync(path.join(tmpdir(), "back-"));
	readonly #type: "postgresql" | "mysql";
	#inner: NightJournal;
	#writeLine: WriteLine;
	made: MovePhase = "prepare";
	/** Whether apps on Aptible take writes of anybody, as far as the last update came. */
	isAptibleOpen = false;
	/** Whether MedStack's database takes writes. */
	isSourceOpen = true;
	isServing = true;
	dns: "old" | "new" = "old";
	/** Rows written on Aptible so far. */
	rows = 1000;
	counters: Evidence | undefined;
	/** What was done and said, in its order. */
	did: string[] = [];
	said: string[] = [];
	/** Answers by the first word that is asked for. @default what goes on */
	answers: Record<string, string[]> = {};
	asked: string[] = [];
	running: string[] = [];
	isMoverThere = true;
	isByHand = true;
	isOver = false;
	areServicesNoted = false;
	/** Whether the source is opened by a person, of which no mover writes a line. */
	isThawedBySql = false;
	left: string[] = [];
	isUpdateFailing = false;
	/** Whether it is killed once a line is written, and nowhere else. */
	killsAtLinesAlone = false;

	constructor({ journal, writeLine } = memoryJournal(), type: "postgresql" | "mysql" = "postgresql") {
		super();
		this.#type = type;
		this.#inner = journal;
		this.#writeLine = writeLine;
		this.#write("prepare");
		mkdirSync(path.join(this.folder, ".move"));
	}

	/** Goes on with another journal, as a process that is begun anew sees it. */
	useJournal(journal: NightJournal, writeLine: WriteLine): void {
		this.#inner = journal;
		this.#writeLine = writeLine;
	}

	remove(): void {
		rmSync(this.folder, { recursive: true, force: true });
	}

	get moved(): MoveStage {
		return readMoveStage("prod", this.file);
	}

	get file(): string {
		return path.join(this.folder, "Pulumi.prod.yaml");
	}

	get record(): string {
		return path.join(this.folder, "Pulumi.prod.move.json");
	}

	get phaseInFile(): MovePhase {
		return /phase: (\w+)/.exec(readFileSync(this.file, "utf8"))?.[1] as MovePhase;
	}

	lines(): Promise<readonly JournalLine[]> {
		return this.#inner.lines();
	}

	#write(phase: MovePhase): void {
		writeFileSync(
			this.file,
			`config:
  medstack-to-aptible:environment: { handle: acme, stack: acme-prod, phi: true }
  medstack-to-aptible:databases: { main: { type: ${this.#type}, version: "${this.#type === "mysql" ? "8.4" : "17"}" } }
  medstack-to-aptible:apps:
    portal:
      image: acme/portal:1
      services: { web: {}, worker: {} }
      endpoints: { public: { service: web, kind: https, domain: portal.acme.example, managedTls: true } }
  medstack-to-aptible:move:
    phase: ${phase}
    downtimeBudgetMinutes: 30
    from: { addresses: [203.0.113.9] }
    databases: { main: {} }
    domains: { portal.acme.example: { via: manual, from: 203.0.113.9 } }
`,
		);
	}

	/** Both sides are never open at once; MedStack's services never run on a database that is shut. */
	#judge(at: string): void {
		assert.ok(!(this.isAptibleOpen && this.isSourceOpen), `both sides are open to writes: ${at}`);
		assert.ok(!(this.isServing && this.dns === "new"), `MedStack's services are up while DNS leads away: ${at}`);
		assert.ok(!(this.isServing && !this.isSourceOpen), `MedStack's services are up before their database: ${at}`);
	}

	async act<T>(what: string, act: () => T | Promise<T>): Promise<T> {
		await this.pass(`before ${what}`);
		this.did.push(what);
		const made = await act();
		this.#judge(what);
		await this.pass(`after ${what}`);
		return made;
	}

	protected override pass(at: string): Promise<void> {
		if (this.killsAtLinesAlone && !/^after .* (begin|note|done|failed)$/.test(at)) return Promise.resolve();
		return super.pass(at);
	}

	/** What a process sees of the journal. */
	get journal(): NightJournal {
		return {
			run: () => this.#inner.run(),
			lines: () => this.#inner.lines(),
			refuseOthers: () => this.#inner.refuseOthers(),
			write: (run, step, state, evidence, at) =>
				this.act(`${[step, at?.part, state].filter(Boolean).join(" ")}`, () =>
					this.#inner.write(run, step, state, evidence, at),
				),
		};
	}

	async #ask(question: string): Promise<string> {
		this.asked.push(question);
		const wanted = /type (\w+)/.exec(question)?.[1] ?? "";
		const answer = this.answers[wanted]?.shift() ?? wanted;
		if (answer === "unlocked") this.isSourceOpen = true;
		return answer;
	}

	/** What Aptible's side has counted. */
	counted(): Counted {
		const now = { format: "postgresql", system: "7000", oid: 16384, rows: String(this.rows), reset: 1, started: 2 };
		return new Map([["main", this.counters ?? { ...now, openWriters: 0 }]]);
	}

	switch(to: MovePhase, isWayBack = false): Promise<number> {
		return switchPhase(
			this.moved,
			{ to, isAgain: false },
			{
				journal: this.journal,
				engine: {
					phase: async () => this.made,
					preview: () => this.act("preview", () => true),
					update: () =>
						this.act(`update ${this.phaseInFile}`, () => {
							const phase = this.phaseInFile;
							this.isAptibleOpen = phase === "trial" || phase === "live";
							if (this.isUpdateFailing) return false;
							this.made = phase;
							return true;
						}),
				},
				ask: async () => to,
				tell: (line) => void this.said.push(line),
				probe: async () => true,
				pointDomains: async (side) => {
					if (!isWayBack) this.dns = side;
				},
				mark: async (run, phase) => {
					const evidence = { ...(this.counted().get("main") as Evidence), phase };
					await this.journal.write(run, "mark", "done", evidence, { database: "main" });
				},
			},
		);
	}

	back(accepted?: AcceptedLoss, isSure = false): Promise<number> {
		return this.until(() => this.goBackHere(accepted, isSure));
	}

	/** In the process that runs. */
	goBackHere(accepted?: AcceptedLoss, isSure = false): Promise<number> {
		return goBack(
			this.moved,
			{ accepted },
			{
				journal: this.journal,
				engine: { phase: async () => this.made },
				tell: (line) => void this.said.push(line),
				ask: (question) => this.#ask(question),
				isSure,
				switchTo: (phase) => this.switch(phase, true),
				running: async () => this.running,
				count: () => this.act("count", () => this.counted()),
				pointOld: () =>
					this.act("point old", () => {
						this.dns = "old";
						return UNTIL;
					}),
				waitUntil: (time) => this.act(`wait until ${time.toISOString()}`, () => {}),
				removeRecord: () => rmSync(this.record, { force: true }),
				thaw: () =>
					this.act("thaw", async () => {
						if (!this.isMoverThere) return false;
						this.isSourceOpen = true;
						if (!this.isThawedBySql) await this.line("thaw", "note", { undone: true });
						return true;
					}),
				startServices: () =>
					this.act("start", () => {
						this.isServing = this.left.length === 0;
						return { lines: ["services"], left: this.left };
					}),
				areServicesNoted: async () => this.areServicesNoted,
				isByHand: this.isByHand,
				isOver: this.isOver,
			},
		);
	}

	line(step: JournalLine["step"], state: JournalLine["state"], evidence: Evidence, part = ""): Promise<void> {
		return this.#writeLine({ step, state, evidence, database: "main", part });
	}

	async freeze(): Promise<void> {
		this.isServing = false;
		this.isSourceOpen = false;
		// The mover shuts nobody out of a MySQL.
		if (this.#type === "postgresql") await this.line("freeze", "note", { readOnly: null, oid: 16384 }, "2964");
		await this.line("freeze", "done", { equal: true }, "silence");
	}

	/** The copy in its place, proved. */
	async copy(): Promise<void> {
		await this.line("swap", "done", {});
		await this.line("verify", "note", { equal: true, differences: 0, hash: HASH });
		const databases = { main: { aptibleId: 7, hash: HASH } };
		writeFileSync(this.record, JSON.stringify({ version: 1, run: "r7", databases, at: NOW.toISOString() }));
	}

	/** The night as far as a boundary. */
	async reach(boundary: "prepare" | "frozen" | "copied" | "trial" | "live"): Promise<void> {
		await this.freeze();
		if (boundary === "prepare") return;
		assert.equal(await this.switch("frozen"), 0);
		if (boundary === "frozen") return;
		await this.copy();
		if (boundary === "copied") return;
		assert.equal(await this.switch("trial"), 0);
		if (boundary === "trial") return;
		this.noteTtl();
		await this.probed(this.#inner, "trial");
		assert.equal(await this.switch("live"), 0);
	}

	/** A TTL that is old enough. */
	noteTtl(ttlSeconds = 60): void {
		const note = { ttlSeconds, seen: "2026-12-01T00:00:00Z", safeFrom: "2026-12-01T01:00:00Z" };
		writeFileSync(ttlNotesFile(this.moved), JSON.stringify({ "portal.acme.example": note }));
	}

	/** Probes of what the stage file asks, that have passed. */
	async probed(journal: NightJournal, phase: MovePhase): Promise<void> {
		const hash = hashProbes(this.moved.stage.move ?? assert.fail("the file has a move"));
		await journal.write("r7", "probe", "done", { phase, items: 1, failed: 0, hash });
	}

	get hasRecord(): boolean {
		return existsSync(this.record);
	}
}
