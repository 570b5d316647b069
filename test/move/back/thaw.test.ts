/** How the source is opened on the way back where the mover is there, is away, or does not come back. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { findMoverObstacles, openSource } from "../../../move/back/thaw.ts";
import { noteHosts } from "../../../move/handed-over.ts";
import type { MoveSession } from "../../../move/session.ts";
import type { MoveStage } from "../../../move/stage.ts";
import { JournalServer } from "../../support/night-journal.ts";

const folder = mkdtempSync(path.join(tmpdir(), "thaw-"));
const moved = { name: "prod", folder, stage: { move: { phase: "frozen" } } } as unknown as MoveStage;
let journals: JournalServer;
let said: string[] = [];
before(async () => {
	journals = await JournalServer.start();
	mkdirSync(path.join(folder, ".move"));
	const part = { run: "r7", database: "main", step: "freeze", part: "2964", state: "note", holder: "0123456789ab" };
	const line = { seq: 1, at: "2026-12-05T02:00:00.000Z", ...part, epoch: 1, evidence: { readOnly: null, oid: 16384 } };
	writeFileSync(path.join(folder, ".move/prod.jsonl"), `${JSON.stringify(line)}\n`);
});
beforeEach(() => {
	said = [];
});
after(async () => {
	rmSync(folder, { recursive: true, force: true });
	await journals?.stop();
});

/** @param obstacles of each look, the last one for good */
function open(obstacles: string[][], answers: string[]): Promise<boolean> {
	return openSource(moved, {
		findObstacles: async () => (obstacles.length > 1 ? obstacles.shift() : obstacles[0]) ?? [],
		thawByMover: async () => {
			said.push("thaw by the mover");
			return true;
		},
		tell: (line) => void said.push(line),
		ask: async () => answers.shift() ?? "",
	});
}

test("the mover opens it where it is there, and once it has come", async () => {
	assert.equal(await open([[]], []), true);
	assert.deepEqual(said, ["thaw by the mover"]);
	said = [];
	assert.equal(await open([["it is away"], []], ["mover"]), true);
	assert.deepEqual(said, ["it is away", "thaw by the mover"]);
});

test("without it the SQL is printed, and a person says that it has run", async () => {
	assert.equal(await open([["it is away"]], ["sql", "thawed"]), true);
	assert.match(said.join("\n"), /set the mover to 0 replicas[\s\S]*-- database main\n/);
	assert.ok(!said.includes("thaw by the mover"));
	assert.equal(await open([["it is away"]], ["sql", ""]), false);
	assert.equal(await open([["it is away"]], [""]), false);
});

test("an endpoint that was made anew is named, with how the mover gets its address", async () => {
	const way = { look: <T>(use: (session: MoveSession) => Promise<T>) => use(journals.session) };
	const hosts = new Map([["main", "new.example"]]);
	const find = async () => (await findMoverObstacles(way as never, moved, async () => hosts)).join("\n");
	await journals.begin();
	await noteHosts(journals.session, new Map([["main", "old.example"]]));
	assert.match(
		await find(),
		/main: the endpoint is another one \(new\.example\) than was handed over \(old\.example\)[\s\S]*1\. npm run move -- credentials --stack STACK --replace\n {2}2\. in MedStack: a new secret with the content of \.move\/prod-target\.json/,
	);
	await noteHosts(journals.session, hosts);
	assert.match(await find(), /no mover answers[\s\S]*whether its service runs with the secret move-target/);
	await journals.session.query(
		`INSERT INTO public.heartbeat (holder, epoch, at, progress) VALUES ('0123456789ab', 1, clock_timestamp(), '{"state": "idle"}')`,
	);
	assert.equal(await find(), "");
});
