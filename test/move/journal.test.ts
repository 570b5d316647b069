import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { Context } from "../../aptible/context.ts";
import { findJournalHandle } from "../../move/journal-place.ts";
import { findEnvironment, Ways } from "../../move/session.ts";
import { readMoveStage } from "../../move/stage.ts";
import { wish } from "../../packages/mover/journal/wishes.ts";
import { openMoveDatabase } from "../../packages/mover/work.ts";
import { Night } from "../support/night.ts";

const stage = (databases: readonly string[]) => `config:
  medstack-to-aptible:environment: { handle: acme, stack: acme-prod, phi: true }
  medstack-to-aptible:databases:
${["audit", "later", "main"].map((name) => `    ${name}: { type: postgresql, version: "17" }`).join("\n")}
  medstack-to-aptible:move:
    phase: frozen
    from: { addresses: [203.0.113.9] }
    databases: { ${databases.map((name) => `${name}: {}`).join(", ")} }
`;

let night: Night;
before(async () => {
	night = await Night.start(["audit", "main"]);
	Object.assign(process.env, night.clouds.env);
	process.env.PATH = [...night.clouds.path, process.env.PATH].join(path.delimiter);
});
after(() => night?.stop());

/** Where the command finds the journal of a move of these databases. */
async function find(...databases: string[]): Promise<string> {
	await night.writeStage(stage(databases));
	const moved = readMoveStage("night", night.stageFile);
	const context = new Context();
	const environment = await findEnvironment(context, moved);
	const ways = new Ways(context, environment, () => {});
	try {
		return await findJournalHandle(context, environment, moved, (handle) => ways.to(handle));
	} finally {
		await ways.close();
	}
}

/** Writes a wish on the server of a database. */
async function ask(name: string): Promise<void> {
	const client = await openMoveDatabase({ target: night.world.login(name) });
	await wish(client, "check").finally(() => client.end());
}

test("a database that is added later and comes first by its handle leaves the journal where it is", async () => {
	assert.equal(await find("audit", "main"), "audit", "nothing is there yet");
	await ask("main");
	assert.equal(await find("main"), "main");
	// One that is declared and not made yet has none.
	assert.equal(await find("audit", "later", "main"), "main");
	// For its own proof and its swap the server has a database move, which is no journal.
	await (await openMoveDatabase({ target: night.world.login("audit") })).end();
	assert.equal(await find("audit", "main"), "main");
	const status = await night.run("status");
	assert.equal(status.code, 0, status.output);
	assert.match(status.output, /wished for: check, not taken up yet/);

	await ask("audit");
	await assert.rejects(find("audit", "main"), /"audit" and "main" both have a journal of a move.*DROP DATABASE move/);
	assert.equal(await find("main"), "main");
});

test("a copy writes its record whatever the journal's file is like, and says what is wrong with that", async () => {
	await night.world.reset();
	await night.writeStage(stage(["main"]));
	const given = JSON.parse(night.world.environment().MOVE_TARGET ?? "");
	const target = { stage: "night", journal: "main", databases: { main: given.databases.main } };
	const mover = night.world.startMover({
		MOVE_TARGET: JSON.stringify(target),
		MOVE_LEASE_SECONDS: "60",
		PART_MS: "300",
	});
	const copy = night.start("copy");
	await mover.says(/main rows 2 done/, 300_000);
	appendFileSync(path.join(night.folder, ".move/night.jsonl"), "somebody was here\n");
	assert.equal(await copy.ended, 1, copy.output());
	assert.match(
		copy.output(),
		/copy of run r1: done\nthe record of the proof is .*[\s\S]*night\.jsonl:\d+: .*move it away/,
	);
	assert.match(night.recordText(), /"run": "r1"/);
	await mover.end("SIGTERM");
});
