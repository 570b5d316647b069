/** A way back beside what others do, on a source of which the journal says nothing, under traffic, and where there is nothing to bring back. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, test } from "node:test";
import { refuseOpenBack } from "../../../move/back/opening.ts";
import { shutSources } from "../../../move/back/source.ts";
import { memoryJournal, World } from "./world.ts";

const worlds: World[] = [];
after(() => {
	for (const world of worlds) world.remove();
});

async function at(boundary: Parameters<World["reach"]>[0], type: "postgresql" | "mysql" = "postgresql") {
	const world = new World(memoryJournal(), type);
	worlds.push(world);
	await world.reach(boundary);
	world.did = [];
	return world;
}

const actsOf = ({ did }: World) =>
	did.filter((one) => /^(update|count|point|wait|thaw|start)/.test(one) && !/ (begin|note|done|failed)$/.test(one));

test("a thaw by SQL is known to every machine: its record does not open Aptible beside MedStack", async () => {
	const world = await at("copied");
	const record = readFileSync(world.record, "utf8");
	[world.isThawedBySql, world.answers] = [true, { prepare: [""] }];
	assert.equal(await world.back(), 0);
	assert.deepEqual(shutSources(world.moved, await world.lines()), [], "the way to cancelled is open");
	writeFileSync(world.record, record);
	await assert.rejects(world.switch("trial"), /MedStack was opened after it/);
	assert.equal(world.isAptibleOpen, false);
});

test("of a MySQL its unlocking is asked before the services, and its events last of all", async () => {
	const world = await at("copied", "mysql");
	const record = readFileSync(world.record, "utf8");
	world.answers = { unlocked: [""], events: [""] };
	assert.equal(await world.back(), 1);
	assert.deepEqual(actsOf(world), []);
	assert.equal(await world.back(), 1);
	assert.match(world.said.at(-1) ?? "", /the old MySQL's events are not said to be on again/);
	assert.deepEqual(actsOf(world), ["start"], "the mover has nothing to open");
	world.answers = { prepare: [""] };
	assert.equal(await world.back(), 0);
	const words = world.asked.map((question) => /type (\w+)/.exec(question)?.[1]).filter((word) => word !== "back");
	assert.deepEqual(words, ["unlocked", "unlocked", "up", "events", "up", "events", "prepare"]);
	writeFileSync(world.record, record);
	await assert.rejects(world.switch("trial"), /MedStack was opened after it/);
});

/** As far as MedStack's services, which are not said to be up. */
async function leaveAtServices(world: World): Promise<void> {
	world.answers = { up: [""] };
	assert.equal(await world.back(), 1);
	world.did = [];
}

test("a source that was shut again beside an open way back is opened again before the services", async () => {
	const world = await at("trial");
	await leaveAtServices(world);
	await world.freeze();
	assert.equal(await world.back(), 0);
	assert.deepEqual(actsOf(world), ["thaw", "start", "update prepare"]);
	assert.deepEqual([world.isSourceOpen, world.isServing], [true, true]);
});

test("services that were brought back once are brought back again where the source was shut meanwhile", async () => {
	const world = await at("trial");
	const change = world.switch.bind(world);
	world.switch = async (to, isWayBack) => (to === "prepare" ? 1 : change(to, isWayBack));
	assert.equal(await world.back(), 1);
	assert.match(world.said.at(-1) ?? "", /MedStack serves, and the stage is not in prepare yet/);
	await world.freeze();
	[world.switch, world.did] = [change, []];
	assert.equal(await world.back(), 0);
	assert.deepEqual(actsOf(world), ["thaw", "start", "update prepare"]);
	assert.ok(world.isServing);
});

test("what was written where Aptible was opened beside an open way back is counted before MedStack is", async () => {
	const world = await at("trial");
	world.isMoverThere = false;
	assert.equal(await world.back(), 1);
	[world.made, world.isAptibleOpen, world.isMoverThere] = ["trial", true, true];
	world.rows += 9;
	world.did = [];
	assert.equal(await world.back(), 1);
	assert.match(world.said.at(-1) ?? "", /^9 rows written on Aptible would be lost.* Nothing is changed$/);
	assert.equal(await world.back(9), 0);
	assert.deepEqual(actsOf(world), ["count", "count", "update frozen", "count", "thaw", "start", "update prepare"]);
});

test("where users were led to Aptible anew, DNS is led back once more and waited for anew", async () => {
	const world = await at("live");
	world.isMoverThere = false;
	assert.equal(await world.back(), 1);
	[world.made, world.isAptibleOpen, world.dns, world.isMoverThere] = ["live", true, "new", true];
	world.did = [];
	assert.equal(await world.back(), 0);
	assert.deepEqual([actsOf(world).includes("point old"), world.dns, world.isServing], [true, "old", true]);
	const waits = (await world.lines()).filter(
		({ step, part, state }) => step === "back" && part === "domains" && state === "note",
	);
	assert.equal(waits.length, 2);
});

test("an update to trial that was killed is brought back, though another switch was begun after it and not answered", async () => {
	const world = await at("copied");
	for (const state of ["begin", "note"] as const) {
		await world.journal.write("r7", "switch", state, { phase: "trial", from: "frozen" });
	}
	await world.journal.write("r7", "switch", "begin", { phase: "frozen", from: "trial" });
	world.isAptibleOpen = true;
	assert.equal(await world.back("all"), 0);
	assert.deepEqual(actsOf(world).slice(-5), ["update frozen", "count", "thaw", "start", "update prepare"]);
});

test("nobody freezes, copies or takes the night up beside an open way back", async () => {
	const world = await at("trial");
	refuseOpenBack(await world.lines());
	await leaveAtServices(world);
	const lines = await world.lines();
	assert.throws(() => refuseOpenBack(lines), /a way back to MedStack was begun .* end it first: npm run move -- back/);
});

test("under traffic committed rows are judged first, and open transactions once Aptible has stopped", async () => {
	const counters = { format: "postgresql", system: "7000", oid: 16384, rows: "1004", reset: 1, started: 2 };
	const world = await at("live");
	world.counters = { ...counters, openWriters: 2 };
	assert.equal(await world.back(3), 1);
	assert.match(world.said.at(-1) ?? "", /^4 rows written on Aptible would be lost, and 3 are accepted/);
	assert.match(world.said.join("\n"), /costs: 4 rows .*; main: 2 transactions have written and are open/);
	assert.equal(await world.back(4), 1, "they are open still");
	assert.match(world.said.at(-2) ?? "", /main: 2 transactions .*; end them, and run it again/);
	world.counters = { ...counters, openWriters: 0 };
	assert.equal(await world.back(4), 0);
});

test("where nothing is shut, noted or open there is no way back", async () => {
	const world = new World();
	worlds.push(world);
	await assert.rejects(world.back(), /there is nothing to go back from: the stage is in prepare/);
	assert.deepEqual([world.did, world.asked], [[], []]);
	world.areServicesNoted = true;
	assert.equal(await world.back(), 0, "a freeze by MedStack's API may have come no further than the services");
	const other = new World();
	worlds.push(other);
	await other.journal.write("r7", "night", "begin", {});
	await other.journal.write("r7", "night", "begin", {}, { part: "services" });
	assert.equal(await other.back(), 0, "nor one by hand");
	await assert.rejects(other.back(), /there is nothing to go back from/);
});

test("what users see is what DNS says, whatever the phase is", async () => {
	const world = await at("live");
	[world.made, world.isAptibleOpen] = ["frozen", false];
	world.answers = { back: ["no"] };
	await world.back();
	assert.match(world.said.join("\n"), /users: may be led to Aptible, and see its error page, then MedStack's/);
	const other = await at("copied");
	other.answers = { back: ["no"] };
	await other.back();
	assert.match(other.said.join("\n"), /users: see MedStack's page or its 404 or 503/);
});
