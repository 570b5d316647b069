/** The end of a move of databases on several servers, each of which has a journal of its own swap. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import type { World } from "../../packages/mover/test/support/mover-process.ts";
import { Night } from "../support/night.ts";

const stage = (phase: string) => `config:
  medstack-to-aptible:environment: { handle: acme, stack: acme-prod, phi: true }
  medstack-to-aptible:databases:
    billing: { type: postgresql, version: "17" }
    main: { type: postgresql, version: "17" }
  medstack-to-aptible:move: { phase: ${phase}, from: { addresses: [203.0.113.9] }, databases: { billing: {}, main: {} } }
`;

let night: Night;
let world: World;

before(async () => {
	night = await Night.start(["billing", "main"]);
	({ world } = night);
	await night.writeStage(stage("frozen"));
});
after(() => night?.stop());

test("close drops the journal of every server once all their lines are in the file, and goes on where it was killed", async () => {
	const failing = world.startMover({ FAILING_SWAP: String(world.targets.main?.port) });
	const failed = await night.run("copy");
	assert.equal(failed.code, 1, failed.output);
	await failing.end("SIGTERM");
	const mover = world.startMover();
	const copied = await night.run("copy");
	assert.equal(copied.code, 0, `${copied.output}\n--\n${mover.output}`);
	await mover.end("SIGTERM");
	// A copy whose swap has failed may go on as the same run.
	const [, run = ""] = copied.output.match(/copy of run r(\d+): done/) ?? [];
	for (const name of ["billing", "main"]) {
		assert.ok((await world.databases(name)).includes("move"), `${name} has a journal`);
	}
	const { databases } = JSON.parse(night.recordText());
	assert.deepEqual(Object.keys(databases), ["billing", "main"]);

	await night.writeStage(stage("live"));
	await world.rows(
		"move",
		`SELECT public.append_line('r${run}', '', 'watch', '', 'done', '0123456789ab', 1, '{"silent": true}', false)`,
		"billing",
	);
	const closed = await night.run("close");
	assert.match(closed.output, /MedStack was found silent at 20\d\d-/);
	assert.equal(closed.code, 0, closed.output);
	for (const name of ["billing", "main"]) {
		assert.match(closed.output, new RegExp(`${name}: login mover opens nothing any more`));
		assert.match(closed.output, new RegExp(`${name}: database db_before_${run}, .* stays`));
	}

	// A swap of a mover that was killed before it could tell the first server of it.
	const file = path.join(night.folder, ".move/night.jsonl");
	await world.rows(
		"move",
		`INSERT INTO public.journal (at, run, database, step, part, state, holder, epoch, evidence)
		SELECT at, 'r9', database, step, part, state, holder, epoch, evidence FROM public.journal WHERE step = 'swap' LIMIT 1`,
		"main",
	);
	const killed = night.start("close", "--drop-former", "--drop-journal");
	await killed.says(/main: database move is dropped/);
	killed.kill("SIGKILL");
	await killed.ended;
	assert.deepEqual(await world.databases("main"), ["db"]);
	const [, other = ""] = killed.output().match(/main: its journal is kept in (.*)/) ?? [];
	assert.match(readFileSync(other, "utf8"), /"run":"r9","database":"main","step":"swap","part":"","state":"done"/);
	const again = await night.run("close", "--drop-former", "--drop-journal");
	assert.equal(again.code, 0, again.output);
	for (const name of ["billing", "main"]) assert.deepEqual(await world.databases(name), ["db"]);
	const [, kept = ""] = again.output.match(/the journal is kept in (.*)/) ?? [];
	const lines = readFileSync(kept, "utf8");
	for (const name of ["billing", "main"]) {
		assert.match(lines, new RegExp(`"run":"r${run}","database":"${name}","step":"swap","part":"","state":"done"`));
		assert.match(lines, new RegExp(`"database":"${name}","step":"close","part":"","state":"done"`));
	}
	assert.equal(existsSync(file), false);
	assert.equal((await night.run("close", "--drop-journal")).code, 0);
});
