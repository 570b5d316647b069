import assert from "node:assert/strict";
import { test } from "node:test";
import {
	announceMoveStep,
	isNightStep,
	type MovePhase,
	movePhases,
	nextPhase,
	type RecordState,
	refuseFirstPhase,
	refuseMoveStep,
} from "../../wire/move.ts";

const step = (phase: MovePhase | "none") => (phase === "none" ? undefined : { phase });

/** Which steps are taken from each phase, the phase itself left out. */
const taken: Readonly<Record<MovePhase | "none", readonly (MovePhase | "none")[]>> = {
	none: ["prepare"],
	prepare: ["frozen", "cancelled"],
	frozen: ["prepare", "trial", "live", "cancelled"],
	trial: ["frozen", "live"],
	live: ["frozen"],
	cancelled: ["none", "prepare"],
};

for (const [from, allowed] of Object.entries(taken) as [MovePhase | "none", readonly (MovePhase | "none")[]][]) {
	test(`the steps from ${from}`, () => {
		const isTaken = (to: MovePhase | "none") =>
			refuseMoveStep(step(from), step(to), { stage: "prod", record: "none" }) === undefined;
		assert.equal(isTaken(from), true, "staying is no step");
		const others = (["none", ...movePhases] as const).filter((to) => to !== from && isTaken(to));
		assert.deepEqual(others, allowed);
	});
}

test("a block goes once its move is closed, and from live alone", () => {
	const goes = movePhases.filter(
		(phase) => refuseMoveStep({ phase }, undefined, { stage: "prod", record: "closed" }) === undefined,
	);
	assert.deepEqual(goes, ["live", "cancelled"]);
});

test("a record that is there before the source is frozen is of an earlier night, and refused", () => {
	const refused = (from: MovePhase, to: MovePhase, record: RecordState) =>
		refuseMoveStep({ phase: from }, { phase: to }, { stage: "prod", record });
	assert.equal(
		refused("prepare", "frozen", "open"),
		'move.phase: "frozen" cannot follow "prepare" while Pulumi.prod.move.json is the record of an earlier copy, and MedStack may have been in use since then. Remove it: git rm Pulumi.prod.move.json, then: npm run move -- switch frozen --stack prod',
	);
	assert.match(refused("prepare", "frozen", "closed") ?? "", /of an earlier move, which is closed\. Remove it: git rm/);
	assert.equal(refused("prepare", "frozen", "none"), undefined);
	for (const to of ["trial", "live"] as const) {
		assert.equal(refused("frozen", to, "open"), undefined);
		assert.match(refused("frozen", to, "closed") ?? "", /an earlier move, which is closed.*copy --again --stack prod/);
	}
	assert.match(refused("trial", "live", "closed") ?? "", /an earlier move/);
	for (const [from, to] of [
		["live", "live"],
		["live", "frozen"],
		["frozen", "prepare"],
		["cancelled", "prepare"],
	] as const) {
		for (const record of ["open", "closed"] as const)
			assert.equal(refused(from, to, record), undefined, `${from} ${to}`);
	}
});

test("a step is of the night that leads into a phase in which one side is shut, stays in one, or leads out of one", () => {
	const isNight = (from: MovePhase | "none", to: MovePhase | "none") => isNightStep(step(from), step(to));
	const all = (Object.entries(taken) as [MovePhase | "none", readonly (MovePhase | "none")[]][]).flatMap(([from, to]) =>
		[from, ...to].filter((one) => !isNight(from, one)).map((one) => `${from} ${one}`),
	);
	assert.deepEqual(all, [
		"none none",
		"none prepare",
		"prepare prepare",
		"prepare cancelled",
		"live live",
		"cancelled cancelled",
		"cancelled none",
		"cancelled prepare",
	]);
});

test("the next phase on the way to another", () => {
	assert.equal(nextPhase("prepare", ["frozen"]), "frozen");
	assert.equal(nextPhase("live", ["prepare"]), "frozen");
	assert.equal(nextPhase("cancelled", ["frozen"]), "prepare");
	assert.equal(nextPhase("trial", ["prepare"]), "frozen");
	assert.equal(nextPhase("cancelled", ["prepare", "frozen", "trial"]), "prepare");
});

test("a refusal says the phase, what is allowed and the command", () => {
	assert.equal(
		refuseFirstPhase({ phase: "frozen" }, "prod"),
		'move.phase: "frozen" cannot be the first phase of a move: nothing of this stage was made with a move before; allowed: "prepare". Set phase: prepare and run `pulumi up --stack prod`.',
	);
	assert.equal(
		refuseMoveStep({ phase: "live" }, { phase: "prepare" }, { stage: "prod", record: "none" }),
		'move.phase: "prepare" cannot follow "live", which is the phase of this stage now; allowed: "frozen". First run `npm run move -- switch frozen --stack prod`.',
	);
	assert.equal(
		refuseMoveStep({ phase: "cancelled" }, { phase: "live" }, { stage: "prod", record: "none" }),
		'move.phase: "live" cannot follow "cancelled", which is the phase of this stage now; allowed: "prepare". First set phase: prepare and run `pulumi up --stack prod`.',
	);
	assert.equal(
		refuseMoveStep({ phase: "live" }, undefined, { stage: "prod", record: "none" }),
		'move: was removed in the phase "live", and without it every service runs as declared; allowed: removal of a move that is closed, or in the phase "cancelled". Put the block back; to end the move, run `npm run move -- close --stack prod`, which notes closed: true in the record of the move.',
	);
	assert.match(
		refuseMoveStep({ phase: "trial" }, undefined, { stage: "prod", record: "none" }) ?? "",
		/in the phase "trial".*run `npm run move -- switch frozen --stack prod`, then `npm run move -- switch cancelled --stack prod`, or go on to live and close the move\.$/,
	);
	assert.match(
		refuseMoveStep({ phase: "prepare" }, undefined, { stage: "prod", record: "closed" }) ?? "",
		/to end the move, set phase: cancelled and run `pulumi up --stack prod`, or go on to live and close the move\.$/,
	);
});

test("a step is announced in Aptible's words, and staying is not", () => {
	assert.deepEqual(announceMoveStep({ phase: "frozen" }, { phase: "frozen" }, "prod"), []);
	assert.deepEqual(announceMoveStep(undefined, undefined, "prod"), []);
	assert.match(
		announceMoveStep(undefined, { phase: "prepare" }, "prod")[0] ?? "",
		/^the move begins with prepare: idle services/,
	);
	assert.match(
		announceMoveStep({ phase: "prepare" }, { phase: "frozen" }, "prod")[0] ?? "",
		/^the move goes from prepare to frozen: every service goes to 0 containers/,
	);
	assert.match(announceMoveStep({ phase: "cancelled" }, undefined, "prod")[0] ?? "", /^the move has ended/);
	const restarts = /each moved database that has a larger size during the move restarts, production's too/;
	assert.match(announceMoveStep({ phase: "live" }, undefined, "prod")[0] ?? "", restarts);
	assert.doesNotMatch(announceMoveStep({ phase: "cancelled" }, undefined, "prod")[0] ?? "", restarts);
});

test("a step that makes the mover's endpoints anew says that the hand-over is old", () => {
	const anew = /made anew under other host names: then npm run move -- credentials --stack prod --replace/;
	const says = (from: MovePhase, to: MovePhase) => announceMoveStep({ phase: from }, { phase: to }, "prod")[0] ?? "";
	assert.match(says("live", "frozen"), anew);
	assert.match(says("cancelled", "prepare"), anew);
	for (const [from, to] of [
		["prepare", "frozen"],
		["frozen", "prepare"],
		["trial", "frozen"],
	] as const) {
		assert.doesNotMatch(says(from, to), anew);
	}
});
