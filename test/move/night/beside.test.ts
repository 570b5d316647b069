/** A night beside a way back, after the move was given up, with a copy that was refused or whose record is elsewhere, and at its end. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { PassThrough } from "node:stream";
import { after, test } from "node:test";
import { findNight } from "../../../move/night/steps.ts";
import { findShutOut } from "../../../move/night/table.ts";
import { discardTyped } from "../../../move/switch/answer.ts";
import type { JournalLine } from "../../../packages/mover/journal/line.ts";
import { NightWorld } from "./walk.ts";

const worlds: NightWorld[] = [];
after(() => {
	for (const world of worlds) world.remove();
});

function begin(): NightWorld {
	const world = new NightWorld();
	worlds.push(world);
	return world;
}

test("beside an open way back, and of a move that was given up, there is no night", async () => {
	const world = begin();
	await world.reach("trial");
	world.answers = { up: [""] };
	assert.equal(await world.back(), 1);
	world.did = [];
	await assert.rejects(world.night(), /a way back to MedStack was begun .* end it first/);
	const other = begin();
	await other.reach("trial");
	other.answers = { prepare: ["cancelled"] };
	assert.equal(await other.back(), 0);
	other.did = [];
	await assert.rejects(other.night(), /a night goes from prepare to live, and the stage is in cancelled/);
	assert.deepEqual([world.did, other.did], [[], []], "MedStack is not stopped");
});

/** As far as `verify`, with the copy of this night. */
async function atVerify(): Promise<NightWorld> {
	const world = begin();
	world.typed = ["go", "go", "down", "go", "go", "go", "leave"];
	assert.equal(await world.night(), 1);
	world.did = [];
	return world;
}

test("a copy that was found unequal is copied over", async () => {
	const world = await atVerify();
	await world.line("verify", "note", { equal: false, differences: 1, hash: "0123456789abcdef" });
	rmSync(world.record);
	world.typed = ["again", "leave"];
	world.failing = ["copy"];
	await world.night();
	world.typed = ["go", "leave"];
	await world.night();
	assert.ok(world.did.includes("copy --again"), world.did.join("\n"));
	assert.ok(!world.did.includes("copy"));
});

test("a copy whose record is on another machine is compared, and not refused again and again", async () => {
	const world = await atVerify();
	rmSync(world.record);
	world.typed = ["leave"];
	await world.night();
	assert.match(world.said.join("\n"), /next: copy, a copy is in its place, .* pull Pulumi\.STACK\.move\.json/);
	world.typed = ["go", "leave"];
	await world.night();
	assert.ok(world.did.includes("verify") && !world.did.includes("copy"), world.did.join("\n"));
});

test("what is under way when it is left is named, and Enter leaves nothing", async () => {
	const world = begin();
	world.work = { command: "copy", run: "r8" };
	world.typed = ["", "", "leave"];
	assert.equal(await world.night(), 1);
	assert.equal(world.questions.length, 3);
	assert.match(
		world.said.at(-1) ?? "",
		/^left before plan; the mover goes on with copy of run r8, which ends with: .*stop/,
	);
});

test("what was typed ahead answers nothing", async () => {
	const input = new PassThrough();
	input.write("go\ngo\n");
	await discardTyped(input, 10);
	input.write("leave\n");
	assert.equal(String(input.read()), "leave\n");
});

test("with --yes probe and report are a person's to answer too", async () => {
	const world = begin();
	await world.reach("trial");
	world.did = [];
	await world.journal.write("r7", "night", "begin", {});
	assert.equal(await world.night({ isSure: true, hasTerminal: false }), 1);
	assert.match(world.said.join("\n"), /next: probe, .*; that is a person's to answer/);
	assert.ok(!world.did.includes("probe"));
});

test("users are shut out since MedStack's services were last at 0, else since the freeze", () => {
	const line = (seq: number, step: JournalLine["step"], state: JournalLine["state"], part = ""): JournalLine => ({
		...{ seq, step, state, part, database: "", run: "r7", holder: "0123456789ab", epoch: 1, evidence: {} },
		at: `2026-12-05T02:0${seq}:00.000Z`,
	});
	const minuteOf = (...lines: JournalLine[]) =>
		findShutOut(lines, findNight(lines) ?? assert.fail("there is a night"))?.getUTCMinutes();
	const night = line(1, "night", "begin");
	assert.equal(minuteOf(night, line(2, "night", "begin", "services")), undefined);
	const stopped = [night, line(2, "night", "done", "services"), line(3, "freeze", "note")];
	assert.equal(minuteOf(...stopped), 2);
	assert.equal(minuteOf(...stopped, line(4, "night", "done", "services")), 4);
	assert.equal(minuteOf(night, line(3, "freeze", "begin"), line(4, "freeze", "done")), 3);
	assert.equal(minuteOf(...stopped, line(4, "thaw", "note")), undefined);
});
