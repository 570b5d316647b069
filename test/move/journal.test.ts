import assert from "node:assert/strict";
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { withSession } from "../../packages/mover/postgresql/connection.ts";
import { Night } from "../support/night.ts";

const stage = (phase: string, databases: readonly string[]) => `config:
  medstack-to-aptible:environment: { handle: acme, stack: acme-prod, phi: true }
  medstack-to-aptible:databases:
${["audit", "main"].map((name) => `    ${name}: { type: postgresql, version: "17" }`).join("\n")}
  medstack-to-aptible:move:
    phase: ${phase}
    from: { addresses: [203.0.113.9] }
    databases: { ${databases.map((name) => `${name}: {}`).join(", ")} }
`;

let night: Night;
before(async () => {
	night = await Night.start(["audit", "main"]);
});
after(() => night?.stop());

/** What a mover is told that moves these, with the journal on main. */
function told(databases: readonly string[]): Record<string, string> {
	const given = JSON.parse(night.world.environment().MOVE_TARGET ?? "");
	const moved = Object.fromEntries(databases.map((name) => [name, given.databases[name]]));
	return { MOVE_TARGET: JSON.stringify({ stage: "night", journal: "main", databases: moved }) };
}

const journalFile = () => path.join(night.folder, ".move/night.jsonl");
const seqs = () =>
	readFileSync(journalFile(), "utf8")
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line).seq as number);

test("a copy writes its record whatever the journal's file is like, and says what is wrong with that", async () => {
	await night.writeStage(stage("frozen", ["main"]));
	const mover = night.world.startMover({ ...told(["main"]), PART_MS: "300" });
	const copy = night.start("copy");
	await mover.says(/main rows 2 done/);
	appendFileSync(journalFile(), "somebody was here\n");
	assert.equal(await copy.ended, 1, copy.output());
	assert.match(
		copy.output(),
		/copy of run r1: done\nthe record of the proof is .*[\s\S]*night\.jsonl:\d+: .*move it away/,
	);
	assert.match(night.recordText(), /"run": "r1"/);
	rmSync(journalFile());
	assert.equal((await night.run("status")).code, 0);
	await mover.end("SIGTERM");
});

test("commands that take over the journal's new lines at once all end well, and the file has each line once", async () => {
	rmSync(journalFile());
	const commands = [1, 2, 3, 4, 5, 6].map(() => night.start("status"));
	for (const command of commands) assert.equal(await command.ended, 0, command.output());
	const numbers = seqs();
	assert.deepEqual(
		numbers,
		[...new Set(numbers)].sort((one, other) => one - other),
	);
	assert.ok(numbers.length > 10);
	assert.equal(existsSync(`${journalFile()}.lock`), false);
});

test("a database that is added later and comes first by its handle leaves the journal where it is", async () => {
	await night.writeStage(stage("frozen", ["audit", "main"]));
	const status = await night.run("status");
	assert.equal(status.code, 0, status.output);
	assert.match(status.output, /last: copy, run r1: done/);
	// The server of audit has a database move of its own, for its proof and its swap: that is no journal.
	const mover = night.world.startMover(told(["audit", "main"]));
	const again = await night.run("copy", "--again");
	assert.equal(again.code, 0, `${again.output}\n${mover.output}`);
	assert.deepEqual(Object.keys(JSON.parse(night.recordText()).databases), ["audit", "main"]);
	assert.ok((await night.world.databases("audit")).includes("move"));
	assert.match((await night.run("status")).output, /last: copy, run r2: done/);
	await mover.end("SIGTERM");

	await withSession({ url: night.world.targets.audit?.url("move") ?? "" }, { database: "move" }, (client) =>
		client.query("INSERT INTO public.wishes (version, command, arguments) VALUES (1, 'check', '{}')"),
	);
	const two = await night.run("status");
	assert.equal(two.code, 1, two.output);
	assert.match(two.output, /databases "audit" and "main" both have a journal of a move.*DROP DATABASE move/);
	writeFileSync(night.stageFile, stage("frozen", ["main"]));
	assert.match(
		(await night.run("status")).output,
		/last: copy, run r2: done/,
		"with one database nothing is looked for",
	);
});
