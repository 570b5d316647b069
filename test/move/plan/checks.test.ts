import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { parseStage } from "../../../config/parse.ts";
import { noteTtl, readTtlNotes, ttlNotesFile, writeTtlNotes } from "../../../move/dns/ttl-notes.ts";
import { describeCosts } from "../../../move/plan/costs.ts";
import { checkConfig, findOldNames } from "../../../move/plan/old-names.ts";
import { describeLocalOutlook } from "../../../move/plan/outlook.ts";
import { checkStage } from "../../../move/plan/stage-checks.ts";
import type { MoveStage } from "../../../move/stage.ts";
import { formatLine, type JournalLine } from "../../../packages/mover/journal/line.ts";
import type { StepName } from "../../../packages/mover/steps.ts";
import { absent, stageWith } from "../../config/stage-file.ts";

const now = new Date("2026-11-30T20:00:00.000Z");
const move = {
	phase: "prepare",
	downtimeBudgetMinutes: 30,
	from: { addresses: ["203.0.113.9"] },
	databases: { main: {} },
};

function stageFile(t: TestContext, changes: Readonly<Record<string, unknown>> = {}): MoveStage {
	const folder = mkdtempSync(path.join(tmpdir(), "plan-"));
	t.after(() => rmSync(folder, { recursive: true }));
	const parse = (more: object) => parseStage(stageWith({ move, ...changes, ...more }), { file: "Pulumi.prod.yaml" });
	return { name: "prod", folder, configFile: undefined, stage: parse({}), declared: parse({ move: absent }) };
}

const linesOf = (found: readonly { severity: string; line: string }[]) =>
	found.map(({ severity, line }) => `${severity}: ${line}`);

test("a stage without a move gets the block to add; one with it, what is open about databases, services and the record", (t) => {
	const bare = stageFile(t, { move: absent });
	const [first] = linesOf(checkStage(bare));
	assert.match(
		first ?? "",
		/^blocker: Pulumi\.prod\.yaml has no block move; add it: .*databases: \{ main: \{\}, cache: \{\} \}/,
	);

	const moved = stageFile(t, {
		"databases/docs": { type: "mongodb", version: "4.0" },
		"apps/portal/services": { web: {}, mailapi: {}, worker: {}, cron: {} },
		"apps/portal/endpoints/mail": { service: "mailapi", kind: "tcp" },
		move: { phase: "prepare", from: move.from, idle: ["portal.worker"], databases: { main: {}, docs: {} } },
	});
	writeFileSync(
		path.join(moved.folder, "Pulumi.prod.move.json"),
		JSON.stringify({ version: 1, run: "r7", databases: {}, at: "2026-11-20T02:14:00Z" }),
	);
	const found = linesOf(checkStage(moved));
	const expected = [
		/^warning: move\.downtimeBudgetMinutes is not set/,
		/^blocker: Pulumi\.prod\.move\.json is the record of an earlier copy \(run r7\).*git rm Pulumi\.prod\.move\.json$/,
		/^warning: database cache \(redis 8\.2\) is not under move\.databases, and begins empty/,
		/^blocker: database docs \(mongodb 4\.0\): mongodb is not copied by the mover; Aptible's managed one is 4\.0/,
		/^warning: service portal\.mailapi has an endpoint, and its name is that of a service that acts by itself: it runs from trial on/,
		/^warning: service portal\.cron has no endpoint and is not under move\.idle: it runs from trial on, .*twice.*; add it there$/,
		/^unknown: volumes of MedStack's services/,
	];
	assert.equal(found.length, expected.length, found.join("\n"));
	for (const [index, pattern] of expected.entries()) assert.match(found[index] ?? "", pattern);
	assert.ok(!found.join("\n").includes("portal.web"));

	const redis = linesOf(checkStage(stageFile(t, { move: { ...move, databases: { cache: {} } } }))).join("\n");
	assert.match(redis, /warning: database cache \(redis\): jobs of a queue .*move\.databases\.cache\.drain/);
	assert.match(redis, /blocker: no database that moves is postgresql, and the journal/);
});

test("values that lead back to the old side are found by kind, and none of a value is shown", (t) => {
	const sides = { old: ["203.0.113.9", "acme.hosted.example"], account: "acmeprod" };
	const cases: [string, number][] = [
		["https://oldacme.blob.core.windows.net/files", 1],
		["https://acmeprod.blob.core.windows.net/files", 0],
		["DefaultEndpointsProtocol=https;AccountName=oldacme;AccountKey=x", 1],
		["postgres://u:p@acme.postgres.database.azure.com/db", 1],
		["http://203.0.113.9:8080/", 1],
		["203.0.113.90", 0],
		["1203.0.113.9", 0],
		["https://portal.medstack.co/x", 1],
		["acme.hosted.example", 1],
		["redis://:secret@cache:6379/0", 1],
		["http://localhost:3000", 0],
		["https://api.acme.example/v1", 0],
		["smtp.acme.example", 0],
	];
	for (const [value, count] of cases) assert.equal(findOldNames(value, sides).length, count, value);

	const moved = stageFile(t, {
		"apps/portal/config": {
			CACHE: "redis://${databases.cache.urls.redis+ssl}",
			SESSION_KEY: "${secrets.sessionKey}",
			STORAGE: "https://oldacme.blob.core.windows.net/x?sig=sentinel-sas",
		},
	});
	const live = new Map<string, ReadonlyMap<string, string> | "hidden">([
		["portal", new Map([["QUEUE", "amqp://user:sentinel-password@rabbit:5672"]])],
		["reports", "hidden"],
	]);
	const found = linesOf(checkConfig(moved, live));
	assert.match(
		found[0] ?? "",
		/^warning: app portal: config QUEUE names a host name without a dot, .* \(on Aptible\); give it/,
	);
	assert.match(found[1] ?? "", /^warning: app portal: config STORAGE names a storage account .* \(in the stage file\)/);
	assert.match(found[2] ?? "", /^unseen: app reports: this token may not see its config/);
	assert.equal(found.length, 4, found.join("\n"));
	assert.doesNotMatch(found.join("\n"), /sentinel|oldacme|rabbit/);
	assert.match(linesOf(checkConfig(moved, undefined)).join("\n"), /unseen: values of secrets were not looked at/);
});

test("costs are those of the price page, and the move's own are said apart", (t) => {
	const stage = (changes: Readonly<Record<string, unknown>>) =>
		stageFile(t, {
			databases: { main: { type: "postgresql", version: "16" } },
			"apps/portal/config": { SESSION_KEY: "${secrets.sessionKey}" },
			"apps/portal/services": { web: { containers: 2 }, worker: {} },
			...changes,
		});
	const lines = describeCosts(stage({ move: { ...move, databases: { main: { during: { containerMb: 2048 } } } } }));
	assert.match(lines[0] ?? "", /: 279\.40 USD a month$/);
	assert.match(lines[1] ?? "", /: 102\.20 USD a month \(the mover's endpoint, /);
	assert.match(lines.at(-1) ?? "", /^MedStack: not known here/);
});

test("a TTL's age is noted: counted from when the lower one was seen first, and never shortened by a second lowering", (t) => {
	const at = (minutes: number) => new Date(now.getTime() + minutes * 60_000);
	const first = noteTtl(undefined, 3600, { now, floorSeconds: 1 });
	assert.deepEqual(first, { ttlSeconds: 3600, seen: now.toISOString() });
	assert.equal(noteTtl(first, 3600, { now: at(5), floorSeconds: 1 }), first);
	const lowered = noteTtl(first, 300, { now: at(10), floorSeconds: 1 });
	assert.deepEqual(lowered, { ttlSeconds: 300, seen: at(10).toISOString(), safeFrom: at(70).toISOString() });
	const again = noteTtl(lowered, 60, { now: at(20), floorSeconds: 1 });
	assert.deepEqual(again, { ttlSeconds: 60, seen: at(20).toISOString(), safeFrom: at(70).toISOString() });
	assert.equal(noteTtl(lowered, 60, { now: at(69), floorSeconds: 1 }).safeFrom, at(74).toISOString());
	const risen = noteTtl(again, 600, { now: at(30), floorSeconds: 1 });
	assert.deepEqual(risen, { ttlSeconds: 600, seen: at(30).toISOString(), safeFrom: at(70).toISOString() });
	assert.equal(
		noteTtl(risen, 60, { now: at(40), floorSeconds: 1 }).safeFrom,
		at(70).toISOString(),
		"a wait that runs is not forgotten",
	);
	assert.equal(noteTtl(risen, 60, { now: at(65), floorSeconds: 1 }).safeFrom, at(75).toISOString());
	const floored = noteTtl({ ttlSeconds: 120, seen: now.toISOString() }, 60, { now: at(10), floorSeconds: 600 });
	assert.equal(floored.safeFrom, at(20).toISOString(), "caches keep a short one for the floor");
	assert.deepEqual(
		noteTtl(again, 600, { now: at(71), floorSeconds: 1 }),
		{ ttlSeconds: 600, seen: at(71).toISOString() },
		"it is over",
	);

	const moved = stageFile(t);
	assert.deepEqual(readTtlNotes(moved), {});
	writeTtlNotes(moved, { "portal.acme.example": again });
	assert.deepEqual(readTtlNotes(moved), { "portal.acme.example": again });
	writeFileSync(ttlNotesFile(moved), "{");
	assert.throws(() => readTtlNotes(moved), /prod-ttl\.json is not what `plan` writes; remove it, .*: rm /);
});

test("the forecast comes from the journal beside the stage, and says what is missing where it has no rehearsal", async (t) => {
	const moved = stageFile(t, { move: { ...move, databases: { main: {}, cache: {} } } });
	const none = describeLocalOutlook(moved).join("\n");
	assert.match(none, /forecast of main \(postgresql\): none, .*first: npm run move -- rehearse --stack STACK/);
	assert.doesNotMatch(none, /budget/);
	let seq = 0;
	const line = (run: string, database: string, step: StepName, state: JournalLine["state"], second: number): string => {
		seq += 1;
		const at = new Date(now.getTime() + second * 1000).toISOString();
		const part = step === "rows" ? "16385.0" : step === "verify" ? "proof" : "";
		return formatLine({ seq, at, run, database, step, part, state, holder: "0123456789ab", epoch: 1, evidence: {} });
	};
	const rehearsal = (database: string) => [
		line("r2", database, "rows", "begin", 0),
		line("r2", database, "rows", "done", 300),
		line("r2", database, "verify", "begin", 300),
		line("r2", database, "verify", "done", 420),
		line("r2", database, "drop", "begin", 420),
		line("r2", database, "drop", "done", 421),
	];
	const file = path.join(moved.folder, ".move/prod.jsonl");
	await mkdir(path.dirname(file));
	writeFileSync(file, `${rehearsal("main").join("\n")}\n`);
	const half = describeLocalOutlook(moved).join("\n");
	assert.match(
		half,
		/forecast of main \(postgresql\), copy and proof: .* likely 7 min\n- rows: 5 min\n- verify: 2 min/,
	);
	assert.match(half, /forecast of cache \(redis\): none/);
	assert.doesNotMatch(half, /budget:/, "no sum without one of its parts");
	seq = 0;
	writeFileSync(file, `${[...rehearsal("main"), ...rehearsal("cache")].join("\n")}\n`);
	assert.match(describeLocalOutlook(moved).join("\n"), /budget: the budget of 30 min holds: .* likely 14 min/);
	seq = 0;
	writeFileSync(
		file,
		`${[line("r3", "main", "rows", "begin", 0), line("r3", "main", "rows", "done", 9)].join("\n")}\n`,
	);
	assert.match(
		describeLocalOutlook(moved).join("\n"),
		/forecast of main \(postgresql\): none/,
		"a run that was not carried through is none",
	);
});
