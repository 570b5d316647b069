/** The way back from each boundary: its order, what it costs, and what is left where it cannot go on. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { findOpening } from "../../../move/back/opening.ts";
import { World } from "./world.ts";

const worlds: World[] = [];
after(() => {
	for (const world of worlds) world.remove();
});

async function at(boundary: Parameters<World["reach"]>[0]): Promise<World> {
	const world = new World();
	worlds.push(world);
	await world.reach(boundary);
	world.did = [];
	world.said = [];
	return world;
}

/** Acts on the two sides, without the journal's lines. */
const actsOf = ({ did }: World) =>
	did.filter((one) => /^(update|count|point|wait|thaw|start)/.test(one) && !/ (begin|note|done|failed)$/.test(one));

const ENDS = {
	prepare: ["thaw", "start"],
	frozen: ["thaw", "start", "update prepare"],
	copied: ["thaw", "start", "update prepare"],
	trial: ["count", "update frozen", "count", "thaw", "start", "update prepare"],
	live: [
		"count",
		"update frozen",
		"count",
		"point old",
		"wait until 2026-12-05T02:05:00.000Z",
		"thaw",
		"start",
		"update prepare",
	],
} as const;

for (const [boundary, acts] of Object.entries(ENDS)) {
	test(`from ${boundary} MedStack serves again, each side in its turn`, async () => {
		const world = await at(boundary as keyof typeof ENDS);
		assert.equal(await world.back(), 0, world.said.join("\n"));
		assert.deepEqual(actsOf(world), acts);
		assert.deepEqual([world.isServing, world.isSourceOpen, world.isAptibleOpen, world.dns], [true, true, false, "old"]);
		assert.equal(world.made, "prepare");
		assert.equal(world.hasRecord, false, "no later phase stands on a copy that MedStack has left behind");
		const own = (await world.lines()).filter(({ step }) => step === "back");
		assert.deepEqual(
			own.filter(({ state }) => state === "done").map(({ part }) => part),
			["close", "writes", "domains", "thaw", "services", "after", ""],
		);
		assert.match(world.said.join("\n"), /MedStack: its services are at 0.*\nAptible: .*\nusers: /);
	});
}

test("what was written on Aptible is refused before anything is stopped, and lost when it is accepted", async () => {
	const world = await at("live");
	world.rows += 3;
	assert.equal(await world.back(), 1);
	assert.deepEqual(actsOf(world), ["count"]);
	assert.match(
		world.said.at(-1) ?? "",
		/^3 rows written on Aptible would be lost, and 0 are accepted; .*--accept-loss 3\. Nothing is changed$/,
	);
	assert.equal(await world.back(2), 1);
	assert.equal(world.asked.length, 0);
	assert.equal(await world.back(3), 0);
	const counted = (await world.lines()).find(({ part, state }) => part === "writes" && state === "done");
	assert.deepEqual(counted?.evidence, { rows: 3, accept: 3 });
});

test("rows that come in while Aptible stops are counted, and leave both sides shut", async () => {
	const world = await at("live");
	let counts = 0;
	const counted = world.counted.bind(world);
	world.counted = () => {
		counts += 1;
		world.rows += counts === 2 ? 5 : 0;
		return counted();
	};
	assert.equal(await world.back(4), 1);
	assert.deepEqual(actsOf(world), ["count", "update frozen", "count"]);
	assert.deepEqual([world.isSourceOpen, world.isAptibleOpen, world.dns], [false, false, "new"]);
	assert.match(world.said.at(-2) ?? "", /^5 rows written on Aptible would be lost, and 4 are accepted/);
	assert.match(world.said.at(-1) ?? "", /^both sides are shut now\. To go on to Aptible .* switch trial/);
	await world.switch("trial");
	assert.equal(world.isAptibleOpen, true);
	assert.equal(await world.back(4), 1, "an opening after it does not make them forgotten");
	assert.equal(await world.back(5), 0);
	assert.equal(world.dns, "old");
});

test("counters that say nothing need all", async () => {
	const base = { format: "postgresql", system: "7000", oid: 16384, rows: "1000", reset: 1, started: 2, openWriters: 0 };
	for (const [changed, says] of [
		[{ reset: 9 }, /reset since the mark/],
		[{ started: 9 }, /recovery after a crash/],
		[{ rows: "999" }, /reset since the mark/],
		[{ oid: 5 }, /another database than when the mark was noted/],
	] as const) {
		const world = await at("trial");
		world.counters = { ...base, ...changed };
		assert.equal(await world.back(1_000_000), 1);
		assert.match(world.said.at(-1) ?? "", says);
		assert.match(world.said.at(-1) ?? "", /back --accept-loss all/);
		assert.equal(await world.back("all"), 0);
	}
});

test("services that run in frozen all the same keep MedStack shut", async () => {
	const world = await at("trial");
	world.running = ["portal.web"];
	assert.equal(await world.back(), 1);
	assert.deepEqual(actsOf(world), ["count", "update frozen"]);
	assert.match(world.said.at(-1) ?? "", /frozen, and runs portal\.web all the same/);
	world.running = [];
	assert.equal(await world.back(), 0);
});

test("an update that fails leaves MedStack shut, and one that may have opened Aptible is closed first", async () => {
	const world = await at("copied");
	world.isUpdateFailing = true;
	assert.equal(await world.switch("trial"), 1);
	assert.equal(world.made, "frozen");
	assert.equal(world.isAptibleOpen, true);
	world.did = [];
	assert.equal(await world.back(), 1);
	assert.deepEqual(actsOf(world), ["count", "update frozen"]);
	assert.equal(world.isSourceOpen, false);
	world.isUpdateFailing = false;
	assert.equal(await world.back(), 0);
	assert.ok(world.isServing);
});

test("a mover that is away, a no, and services by hand that are not up are taken up where they stood", async () => {
	const world = await at("live");
	world.answers = { back: ["no"], up: ["", "up"] };
	assert.equal(await world.back(), 1);
	assert.deepEqual(actsOf(world), ["count"]);
	assert.match(world.said.at(-1) ?? "", /not answered with back; nothing is changed/);
	world.isMoverThere = false;
	assert.equal(await world.back(), 1);
	assert.match(world.said.at(-1) ?? "", /the source is shut still/);
	await assert.rejects(world.switch("trial"), /a way back to MedStack was begun .* end it first: npm run move -- back/);
	world.isMoverThere = true;
	world.did = [];
	assert.equal(await world.back(), 1);
	assert.match(world.said.at(-1) ?? "", /not all said to be up/);
	assert.deepEqual(actsOf(world), ["thaw", "start"]);
	assert.ok(!world.said.some((line) => line.includes("not changed tonight")), "DNS was changed before it was taken up");
	world.did = [];
	assert.equal(await world.back(), 0);
	assert.deepEqual(actsOf(world), ["start", "update prepare"]);
});

test("by the API nobody is asked; what it has left is, and without a terminal it stops there", async () => {
	const world = await at("copied");
	world.isByHand = false;
	assert.equal(await world.back(undefined, true), 0);
	assert.ok(!world.asked.some((question) => /type up/.test(question)));
	const other = await at("copied");
	[other.isByHand, other.left] = [false, ["portal.web"]];
	other.answers = { up: [""] };
	assert.equal(await other.back(undefined, true), 1);
	assert.match(other.said.at(-1) ?? "", /not all said to be up/);
});

test("cancelled comes after MedStack's services, and staying in frozen is an end too", async () => {
	const world = await at("trial");
	world.answers = { prepare: ["cancelled"] };
	assert.equal(await world.back(), 0);
	assert.equal(actsOf(world).at(-1), "update cancelled");
	await assert.rejects(world.back(), /the move was cancelled/);
	const other = await at("trial");
	other.answers = { prepare: [""] };
	assert.equal(await other.back(), 0);
	assert.equal(other.made, "frozen");
	await assert.rejects(other.switch("trial"), /needs the record of a verified copy/);
});

test("after close there is no way back", async () => {
	const world = await at("live");
	world.isOver = true;
	await assert.rejects(world.back("all"), /the move is closed, which is its point of no return/);
	assert.deepEqual(world.did, []);
});

test("what was opened without a switch has no mark, and is never free", async () => {
	const world = await at("copied");
	[world.made, world.isAptibleOpen, world.dns] = ["live", true, "new"];
	assert.equal(await world.back(5), 1);
	assert.match(world.said.at(-1) ?? "", /main: no mark was noted before it was opened/);
	assert.equal(await world.switch("frozen", true), 0);
	assert.equal(await world.back(5), 1, "nor once it is closed");
	assert.equal(await world.back("all"), 0);
	assert.deepEqual([world.dns, world.isServing], ["old", true]);
});

test("marks count until another copy is in its place", async () => {
	const world = await at("trial");
	const opened = async () => [...findOpening(await world.lines(), ["main"], world.made).opened];
	assert.deepEqual(await opened(), ["main"]);
	await world.switch("frozen");
	assert.deepEqual(await opened(), ["main"]);
	await world.copy();
	assert.deepEqual(await opened(), []);
	assert.equal(findOpening(await world.lines(), ["main"], world.made).marks.size, 0);
});
