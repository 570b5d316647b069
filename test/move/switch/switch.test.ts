/** `switch` on a stage file of its own, with a journal in a file, an engine and a person of the test's own. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { ttlNotesFile } from "../../../move/dns/ttl-notes.ts";
import { runProbes } from "../../../move/probe/probes.ts";
import { readMoveStage } from "../../../move/stage.ts";
import { answering } from "../../../move/switch/answer.ts";
import type { LinePlace, NightJournal, OperatorStep } from "../../../move/switch/night-journal.ts";
import { switchPhase } from "../../../move/switch/switch.ts";
import { checkContent, type JournalLine } from "../../../packages/mover/journal/line.ts";
import type { Evidence } from "../../../packages/mover/steps.ts";
import { type MovePhase, refuseMoveStep } from "../../../wire/move.ts";

const NOW = new Date("2026-12-05T02:00:00Z");
let folder: string;

/** What was killed: the process is gone, and whoever runs it again finds what it left. */
class Killed extends Error {}

/** A night as far as a switch knows it. */
class Night {
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
	/** Before which of the acts that are counted it is killed, from 1. */
	killAt = Number.POSITIVE_INFINITY;
	#acts = 0;
	#kill: (killed: Killed) => void = () => {};
	/** In the claims of the state, by which a preview judges. */
	#claimed: MovePhase = "prepare";

	begin(phase: MovePhase): void {
		[this.made, this.#claimed] = [phase, phase];
		write(phase);
	}

	/** Counts an act, and kills before or after it: nothing of the process goes on then. */
	async act<T>(what: string, act: () => T): Promise<T> {
		await this.#pass(`before ${what}`);
		this.did.push(what);
		const made = act();
		await this.#pass(`after ${what}`);
		return made;
	}

	#pass(at: string): Promise<void> {
		this.#acts += 1;
		if (this.#acts !== this.killAt) return Promise.resolve();
		this.#kill(new Killed(at));
		return new Promise(() => {});
	}

	/** What one kill is counted by. */
	get acts(): number {
		return this.#acts;
	}

	journal: NightJournal = {
		run: async () => this.run,
		lines: async () => this.lines,
		write: (run: string, step: OperatorStep, state: JournalLine["state"], evidence: Evidence, at: LinePlace = {}) =>
			this.act(`${step} ${state}`, () => {
				const { database = "", part = "" } = at;
				const line = { run, database, step, part, state, holder: "0123456789ab", epoch: 1, evidence };
				checkContent(line);
				this.lines.push({ ...line, seq: this.lines.length + 1, at: NOW.toISOString() });
			}),
	};

	async switch(to: MovePhase, isAgain = false): Promise<number> {
		const killed = new Promise<never>((_, reject) => {
			this.#kill = reject;
		});
		const ended = switchPhase(
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
				ask: async () => this.answers.shift() ?? to,
				tell: (line) => void this.said.push(line),
				probe: async () => {
					const isPassed = await this.act("probe", () => !this.isProbeFailing);
					const failed = isPassed ? 0 : 1;
					const evidence = { phase: phaseInFile(), items: 1, failed };
					await this.journal.write("r7", "probe", isPassed ? "done" : "failed", evidence);
					return isPassed;
				},
				pointDomains: (side) => this.act(`point ${side}`, () => {}),
				mark: (run, phase) => this.journal.write(run, "mark", "done", { phase, rows: "1" }, { database: "main" }),
				now: () => NOW,
			},
		);
		return Promise.race([ended, killed]);
	}

	/** Probes that have passed. */
	async probed(items = 1): Promise<void> {
		await this.journal.write("r7", "probe", "done", { phase: "trial", items, failed: 0 });
	}
}

const file = () => path.join(folder, "Pulumi.prod.yaml");
const record = () => path.join(folder, "Pulumi.prod.move.json");
const phaseInFile = () => /phase: (\w+)/.exec(readFileSync(file(), "utf8"))?.[1] as MovePhase;

function textWith(phase: MovePhase): string {
	return `# Acme
config:
  medstack-to-aptible:environment: { handle: acme, stack: acme-prod, phi: true }
  medstack-to-aptible:databases: { main: { type: postgresql, version: "17" } }
  medstack-to-aptible:apps:
    portal:
      image: acme/portal:1
      services: { web: {} }
      endpoints: { public: { service: web, kind: https, domain: portal.acme.example, managedTls: true } }
  medstack-to-aptible:move:
    phase: ${phase}   # one word
    from: { addresses: [203.0.113.9] }
    databases: { main: {} }
    domains: { portal.acme.example: { via: manual, from: 203.0.113.9 } }
`;
}

function write(phase: MovePhase): void {
	writeFileSync(file(), textWith(phase));
}

function noteTtl(note: object): void {
	mkdirSync(path.join(folder, ".move"), { recursive: true });
	writeFileSync(ttlNotesFile({ folder, name: "prod" }), JSON.stringify({ "portal.acme.example": note }));
}

function writeRecord(): void {
	const databases = { main: { aptibleId: 7, hash: "aa" } };
	writeFileSync(record(), JSON.stringify({ version: 1, run: "r7", databases, at: NOW.toISOString() }));
}

const AGED = { ttlSeconds: 60, seen: "2026-12-01T00:00:00Z", safeFrom: "2026-12-01T01:00:00Z" };

let night: Night;
before(() => {
	folder = mkdtempSync(path.join(tmpdir(), "switch-"));
});
beforeEach(() => {
	for (const one of [record(), path.join(folder, ".move")]) rmSync(one, { recursive: true, force: true });
	night = new Night();
	night.begin("prepare");
});
after(() => rmSync(folder, { recursive: true, force: true }));

const refuses = (to: MovePhase, says: RegExp, isAgain = false) =>
	assert.rejects(night.switch(to, isAgain), (error: Error) => says.test(error.message) || assert.fail(error.message));

/** What it left is what was there: no line, no act, no byte. */
async function refusesUntouched(to: MovePhase, says: RegExp, isAgain = false): Promise<void> {
	const [text, lines, acts] = [readFileSync(file(), "utf8"), night.lines.length, night.acts];
	await refuses(to, says, isAgain);
	assert.deepEqual([readFileSync(file(), "utf8"), night.lines.length, night.acts], [text, lines, acts]);
}

test("a step is noted, shown, previewed, asked for, updated and looked at, and the commit is the person's", async () => {
	assert.equal(await night.switch("frozen"), 0);
	assert.deepEqual(night.did, ["switch begin", "preview frozen", "switch note", "update frozen of r7", "switch done"]);
	assert.equal(readFileSync(file(), "utf8"), textWith("frozen"));
	assert.deepEqual(night.lines.at(-1)?.evidence, { phase: "frozen", from: "prepare" });
	assert.match(night.said[0] ?? "", /Pulumi\.prod\.yaml, line 11:$/);
	assert.deepEqual(night.said.slice(1, 4), [
		"-    phase: prepare   # one word",
		"+    phase: frozen   # one word",
		"the stage is in the phase frozen",
	]);
	assert.match(
		night.said[4] ?? "",
		/^commit it: git add \S*Pulumi\.prod\.yaml && git commit -m "Move of prod: phase frozen"$/,
	);
	assert.match(night.said[5] ?? "", /npm run move -- freeze/);
});

test("the whole night and both ways back: users are led to a side once it serves, and never before", async () => {
	await night.switch("frozen");
	writeRecord();
	noteTtl(AGED);
	await night.switch("trial");
	assert.ok(night.said.some((line) => /git add \S*Pulumi\.prod\.yaml \S*Pulumi\.prod\.move\.json/.test(line)));
	await night.probed();
	night.did = [];
	assert.equal(await night.switch("live"), 0);
	assert.deepEqual(night.did.slice(2), [
		"mark done",
		"switch note",
		"update live of r7",
		"probe",
		"probe done",
		"point new",
		"switch done",
	]);
	night.did = [];
	assert.equal(await night.switch("frozen"), 0);
	assert.deepEqual(night.did.slice(3), ["update frozen of r7", "point old", "switch done"]);
	night.did = [];
	assert.equal(await night.switch("cancelled"), 0);
	assert.deepEqual(night.did.slice(3), ["update cancelled of r7", "point old", "switch done"]);
	night.did = [];
	rmSync(record());
	assert.equal(await night.switch("prepare"), 0);
	assert.deepEqual(night.did.slice(3), ["update prepare of r7", "switch done"]);
});

test("a refused preview and another answer put the file back, byte for byte, and leave nothing open", async () => {
	night.isPreviewRefused = true;
	assert.equal(await night.switch("frozen"), 1);
	assert.equal(readFileSync(file(), "utf8"), textWith("prepare"));
	assert.match(night.said.at(-1) ?? "", /^the preview is refused, as above; .* is as it was, with phase: prepare$/);
	night.isPreviewRefused = false;
	night.answers = ["yes"];
	assert.equal(await night.switch("frozen"), 1);
	assert.match(night.said.at(-1) ?? "", /^not answered with frozen; /);
	assert.equal(readFileSync(file(), "utf8"), textWith("prepare"));
	assert.deepEqual(night.lines.at(-1)?.evidence, { phase: "frozen", from: "prepare", reason: "refused" });
	assert.equal(night.made, "prepare");
	night.answers = [];
	assert.equal(await night.switch("frozen"), 0);
});

test("killed before and after each act and run again, it comes to the same end, and each update is one that was agreed to", async () => {
	for (const [to, first] of [
		["frozen", "prepare"],
		["live", "trial"],
		["frozen", "live"],
	] as const) {
		for (let killAt = 1; ; killAt += 1) {
			night = new Night();
			night.begin(first);
			if (first !== "prepare") writeRecord();
			else rmSync(record(), { force: true });
			noteTtl(AGED);
			if (to === "live") await night.probed();
			night.killAt = night.acts + killAt;
			const ended = await night.switch(to).then(
				() => true,
				(error: Error) => (error instanceof Killed ? false : assert.fail(error)),
			);
			if (ended) {
				assert.ok(killAt > 10, `${first} to ${to}: killed ${killAt - 1} times`);
				break;
			}
			night.killAt = Number.POSITIVE_INFINITY;
			const wasDone = night.lines.at(-1)?.state === "done" && night.lines.at(-1)?.step === "switch";
			if (wasDone) await refuses(to, /already, and its update is done/);
			else assert.equal(await night.switch(to), 0, `${first} to ${to}, killed at ${killAt}`);
			assert.equal(phaseInFile(), to);
			assert.equal(night.made, to);
			assert.equal(night.lines.at(-1)?.state, "done");
			assert.deepEqual(night.lines.at(-1)?.evidence, { phase: to, from: first });
			if (first !== "prepare") assert.equal(night.did.at(-2), to === "live" ? "point new" : "point old");
			else assert.ok(!night.did.some((what) => what.startsWith("point")));
		}
	}
});

test("a killed one that is answered with no goes back, unless its update has begun", async () => {
	night.killAt = 4;
	await assert.rejects(night.switch("frozen"), Killed);
	assert.equal(phaseInFile(), "frozen");
	night.killAt = Number.POSITIVE_INFINITY;
	night.answers = ["no"];
	assert.equal(await night.switch("frozen"), 1);
	assert.match(
		night.said.find((line) => line.includes("taken up")) ?? "",
		/has phase: frozen already, and its switch was not ended/,
	);
	assert.equal(readFileSync(file(), "utf8"), textWith("prepare"));

	night.isUpdateFailing = true;
	assert.equal(await night.switch("frozen"), 1);
	assert.match(night.said.at(-1) ?? "", /pulumi up has failed.* go on: npm run move -- switch frozen/);
	night.answers = ["no"];
	assert.equal(await night.switch("frozen"), 1);
	assert.match(night.said.at(-1) ?? "", /its update has begun before, so that .* stays as it is; go on with/);
	assert.equal(phaseInFile(), "frozen");
	night.isUpdateFailing = false;
	assert.equal(await night.switch("frozen"), 0);
});

test("from an update that failed in its middle the way on and the way back are open", async () => {
	night.begin("trial");
	writeRecord();
	noteTtl(AGED);
	await night.probed();
	night.isUpdateFailing = true;
	assert.equal(await night.switch("live"), 1);
	night.isUpdateFailing = false;
	await night.switch("trial", true);
	assert.match(
		night.said.at(-1) ?? "",
		/^the preview is refused, as above; .* with phase: live$/,
		"the state has live",
	);
	night.answers = ["no"];
	assert.equal(await night.switch("live"), 1);
	assert.match(night.said.at(-1) ?? "", /its update has begun before/);
	assert.equal(await night.switch("frozen"), 0);
	assert.equal(night.made, "frozen");
	assert.equal(night.did.at(-2), "point old");
});

test("a switch that was killed before its update leaves the way open that the state allows", async () => {
	night.begin("trial");
	writeRecord();
	noteTtl(AGED);
	await night.probed();
	night.killAt = night.acts + 4;
	await assert.rejects(night.switch("live"), Killed);
	assert.equal(phaseInFile(), "live");
	night.killAt = Number.POSITIVE_INFINITY;
	assert.equal(await night.switch("trial", true), 0);
	assert.equal(phaseInFile(), "trial");
	assert.deepEqual(night.lines.at(-1)?.evidence, { phase: "trial", from: "trial" });
	assert.ok(!night.did.some((what) => what.startsWith("point")));
});

test("a file that was changed by hand before its update is taken up", async () => {
	write("frozen");
	assert.equal(await night.switch("frozen"), 0);
	assert.match(night.said[0] ?? "", /has phase: frozen already, and no update has made it so; it is taken up$/);
});

test("the same phase once more is for --again alone, for another change of the file", async () => {
	await night.switch("frozen");
	await refusesUntouched(
		"frozen",
		/has phase: frozen already, and its update is done; .* switch frozen --again --stack STACK/,
	);
	await refusesUntouched("prepare", /--again is for the phase that the stage is in, which is frozen/, true);
	assert.equal(await night.switch("frozen", true), 0);
	assert.deepEqual(night.lines.at(-1)?.evidence, { phase: "frozen", from: "frozen" });
	assert.ok(!night.did.some((what) => what.startsWith("point")));
});

test("steps out of order, without the record, or with an earlier one are refused before anything is done", async () => {
	await refusesUntouched("live", /record of a verified copy|"live" cannot follow "prepare"/);
	await refusesUntouched("trial", /"trial" cannot follow "prepare".* allowed: "frozen", "cancelled"/);
	writeRecord();
	await refusesUntouched(
		"frozen",
		/"frozen" cannot follow "prepare" while Pulumi\.prod\.move\.json is the record of an earlier copy/,
	);
	rmSync(record());
	await night.switch("frozen");
	await refusesUntouched("trial", /needs the record of a verified copy, Pulumi\.prod\.move\.json/);
	writeRecord();
	await refusesUntouched("live", /live comes after trial/);
	night.run = undefined;
	await refusesUntouched("trial", /no mover has made a run yet/);
	night.run = "r7";
	night.made = undefined;
	await refusesUntouched("trial", /stack prod has no phase yet/);
});

test("live wants probes that have passed since the stage is in trial, of each domain", async () => {
	await night.switch("frozen");
	writeRecord();
	noteTtl(AGED);
	await night.probed();
	await night.switch("trial");
	const wanted = /live needs probes of each domain .* npm run move -- probe/;
	await refusesUntouched("live", wanted);
	await night.probed(0);
	await refusesUntouched("live", wanted);
	await night.probed();
	await night.journal.write("r7", "probe", "failed", { phase: "trial", items: 1, failed: 1 });
	await refusesUntouched("live", wanted);
	await night.probed();
	await night.journal.write("r8", "probe", "begin", { phase: "trial" });
	assert.equal(await night.switch("trial", true), 0);
	await refusesUntouched("live", wanted);
	await night.probed();
	assert.equal(await night.switch("live"), 0);
});

test("live waits until no cache holds an older TTL", async () => {
	night.begin("trial");
	writeRecord();
	await night.probed();
	await refusesUntouched(
		"live",
		/portal\.acme\.example: its TTL was never looked at from here; run: npm run move -- plan/,
	);
	noteTtl({ ...AGED, safeFrom: "2026-12-05T02:00:01Z" });
	await refusesUntouched("live", /caches may hold an older, longer TTL until 2026-12-05T02:00:01Z; wait/);
	noteTtl({ ...AGED, safeFrom: "2026-12-05T02:00:00Z" });
	assert.equal(await night.switch("live"), 0);
});

test("where live does not serve, DNS stays as it is, and the same command goes on", async () => {
	night.begin("trial");
	writeRecord();
	noteTtl(AGED);
	await night.probed();
	night.isProbeFailing = true;
	assert.equal(await night.switch("live"), 1);
	assert.ok(!night.did.includes("point new"));
	assert.equal(night.made, "live");
	assert.match(night.said.at(-1) ?? "", /^DNS is not changed\..* or go back: npm run move -- switch frozen/);
	night.isProbeFailing = false;
	assert.equal(await night.switch("live"), 0);
	assert.equal(night.did.at(-2), "point new");
});

test("cancelled waits for the thaw of a source that a freeze has shut", async () => {
	await night.switch("frozen");
	mkdirSync(path.join(folder, ".move"), { recursive: true });
	const note = { run: "r7", database: "main", step: "freeze", part: "2964", state: "note", holder: "0123456789ab" };
	const line = { seq: 1, at: NOW.toISOString(), ...note, epoch: 1, evidence: { readOnly: null, oid: 16384 } };
	writeFileSync(path.join(folder, ".move/prod.jsonl"), `${JSON.stringify(line)}\n`);
	await refusesUntouched("cancelled", /the source of main is shut by a freeze, .* in frozen: npm run move -- thaw/);
});

test("an engine that cannot be started leaves the file as it was", async () => {
	const started = switchPhase(
		readMoveStage("prod", file()),
		{ to: "frozen", isAgain: false },
		{
			journal: night.journal,
			engine: {
				phase: async () => "prepare",
				preview: () => Promise.reject(new Error("pulumi cannot be started")),
				update: () => assert.fail("there was no preview"),
			},
			ask: () => assert.fail("nothing is asked"),
			tell: (line) => void night.said.push(line),
			probe: () => assert.fail("nothing is probed"),
			pointDomains: () => assert.fail("nobody is led anywhere"),
			mark: () => assert.fail("nothing is opened"),
			now: () => NOW,
		},
	);
	assert.equal(await started, 1);
	assert.match(night.said.at(-1) ?? "", /^pulumi cannot be started; .* is as it was/);
	assert.equal(readFileSync(file(), "utf8"), textWith("prepare"));
});

test("without a terminal nothing is asked, and --yes answers", async () => {
	assert.throws(
		() => answering("frozen", false, false),
		/no terminal to answer on; .*: npm run move -- switch frozen --yes --stack STACK$/,
	);
	assert.equal(await answering("frozen", true, false)("To go to frozen, type frozen: "), "frozen");
});

test("probes are noted with how many have passed, and a domain without an endpoint has not", async () => {
	night.begin("trial");
	const moved = readMoveStage("prod", file());
	const tell = (line: string) => void night.said.push(line);
	const unknown = [{ isPassed: false, line: "portal.acme.example: failed: which load balancer is unknown" }];
	const ports = { journal: night.journal, tell, find: async () => ({ targets: [], unknown }) };
	assert.equal(await runProbes(moved, ports), false);
	assert.deepEqual(night.said, [
		"move.smoke is not there: / is asked, and whether it is the right app is unknown",
		unknown[0]?.line,
	]);
	assert.deepEqual(
		night.lines.map(({ state, evidence }) => [state, evidence]),
		[
			["begin", { phase: "trial" }],
			["failed", { phase: "trial", items: 1, failed: 1 }],
		],
	);
	night.run = undefined;
	await assert.rejects(runProbes(moved, ports), /no mover has made a run yet; first: npm run move -- check/);
	assert.ok(!existsSync(record()));
});
