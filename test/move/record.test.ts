/** The record of a copy: who finds it, what voids it, and which phase may ask for it. */
import assert from "node:assert/strict";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { execute } from "../../packages/mover/test/support/databases.ts";
import type { World } from "../../packages/mover/test/support/mover-process.ts";
import { Night } from "../support/night.ts";

let night: Night;
let world: World;

before(async () => {
	night = await Night.start();
	({ world } = night);
});
beforeEach(async () => {
	await world.reset();
	rmSync(path.join(night.folder, ".move"), { recursive: true, force: true });
	rmSync(night.record, { force: true });
	await night.inPhase("frozen");
});
after(() => night?.stop());

const source = () => ({ url: world.source.url() });
const runs = async () => (await world.rows("move", "SELECT run FROM public.wishes ORDER BY id")).map(({ run }) => run);

test("a step is refused in a phase that it is not for, before anything is asked or removed", async () => {
	writeFileSync(night.record, '{ "version": 1 }');
	const cases: [string, string, RegExp][] = [
		[
			"copy",
			"live",
			/copy needs move\.phase: frozen, and Pulumi\.night\.yaml has "live"; to lead the stage back, .*: npm run move -- back --stack night/,
		],
		["copy", "prepare", /copy needs move\.phase: frozen/],
		["copy", "cancelled", /has "cancelled"; set phase: prepare and run `pulumi up/],
		[
			"rehearse",
			"trial",
			/rehearse needs move\.phase: prepare, .* has "trial"; to lead the stage back, .*: npm run move -- back /,
		],
		["verify", "live", /verify needs move\.phase: prepare or frozen or trial/],
		["credentials", "live", /credentials needs move\.phase/],
	];
	for (const [step, phase, says] of cases) {
		await night.inPhase(phase);
		const { code, output } = await night.run(step);
		assert.equal(code, 1, step);
		assert.match(output, says);
	}
	await night.writeStage(`config:
  medstack-to-aptible:environment: { handle: acme, stack: acme-prod, phi: true }
  medstack-to-aptible:databases:
    main: { type: postgresql, version: "17" }
`);
	const without = await night.run("copy");
	assert.equal(without.code, 1);
	assert.match(without.output, /Pulumi\.night\.yaml has no block move; add one with phase: prepare/);
	assert.equal(night.recordText(), '{ "version": 1 }');
	assert.deepEqual(await world.databases(), ["db"], "there is not even a journal");
});

test("a record stays until a mover takes the copy up, and goes with whoever leaves before", async () => {
	writeFileSync(night.record, JSON.stringify({ version: 1, run: "r9" }));
	const copy = night.start("copy");
	await copy.says(/no mover answers/);
	assert.ok(existsSync(night.record), "nothing is copied over yet");
	copy.kill("SIGINT");
	assert.equal(await copy.ended, 1);
	assert.equal(existsSync(night.record), false, "the mover may take it up now, and nobody would see it");
});

test("copy again shows the copy that is under way; where that ended while its command was dead, it writes the record", async () => {
	const mover = world.startMover({ PART_MS: "4000" });
	const first = night.start("copy");
	await mover.says(/r1 main rows 1 begin/);
	first.kill("SIGKILL");
	await first.ended;
	const second = night.start("copy");
	await second.says(/copy is under way, as it was wished for before/);
	second.kill("SIGKILL");
	await second.ended;
	const other = await night.run("copy", "--again");
	assert.equal(other.code, 1);
	assert.match(other.output, /copy is under way since .* --stack night --config-file/);
	await mover.says(/copy of run r1: done/);
	assert.equal(existsSync(night.record), false);

	const third = await night.run("copy");
	assert.equal(third.code, 0, third.output);
	assert.match(
		third.output,
		/copy has ended since it was wished for[\s\S]*copy of run r1: done\nthe record of the proof is/,
	);
	assert.equal(JSON.parse(night.recordText()).run, "r1");
	assert.deepEqual(await runs(), ["r1"], "nothing new is wished for");

	// A record that was there and is gone is gone on purpose: what it proved may be old.
	rmSync(night.record);
	const refused = await night.run("copy");
	assert.equal(refused.code, 1);
	assert.match(
		refused.output,
		/a copy is in its place already\. Where its record is gone, prove it again: npm run move -- verify --stack night/,
	);
	assert.equal(existsSync(night.record), false);
	await mover.end("SIGTERM");
});

test("a proof that finds the copy unequal voids its record, but where apps write to it", async () => {
	const mover = world.startMover();
	assert.equal((await night.run("copy")).code, 0, mover.output);
	const proved = night.recordText();
	await execute(source(), "UPDATE t SET x = 11 WHERE id = 1");
	await night.inPhase("trial");
	const inTrial = await night.run("verify");
	assert.equal(inTrial.code, 1);
	assert.match(inTrial.output, /verify of run r2: failed \(both sides differ, as above\)\n$/);
	assert.equal(night.recordText(), proved);
	await night.inPhase("frozen");
	const unequal = await night.run("verify");
	assert.equal(unequal.code, 1);
	assert.match(unequal.output, /Pulumi\.night\.move\.json is removed, .*copy --again --stack night .*git checkout -- /);
	assert.equal(existsSync(night.record), false);

	// In prepare MedStack is in use, so that a proof there is of no night.
	await execute(source(), "UPDATE t SET x = 10 WHERE id = 1");
	await night.inPhase("prepare");
	const early = await night.run("verify");
	assert.equal(early.code, 0, early.output);
	assert.match(early.output, /there is no record of it in the phase prepare/);
	assert.equal(existsSync(night.record), false);
	await night.inPhase("frozen");
	assert.equal((await night.run("verify")).code, 0);
	assert.equal(JSON.parse(night.recordText()).run, "r5");
	await mover.end("SIGTERM");
});
