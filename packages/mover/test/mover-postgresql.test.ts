import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { readLines } from "../journal/journal.ts";
import { readReports, type Sizes } from "../journal/reports.ts";
import type { Command, WishArguments } from "../journal/wishes.ts";
import { withSession } from "../postgresql/connection.ts";
import { openMoveDatabase } from "../work.ts";
import { execute, type Source, startSource, startTarget, type Target, useImageClients } from "./support/databases.ts";
import { ask as askOn, type MoverProcess, startProcess } from "./support/mover-process.ts";

let source: Source;
let target: Target;
let mover: MoverProcess;

before(async () => {
	await useImageClients();
	[source, target] = await Promise.all([startSource(15, {}, 0.002), startTarget()]);
	mover = start();
});
after(async () => {
	await mover?.end("SIGKILL");
	await Promise.all([source?.server.stop(), target?.server.stop()]);
});

/** The container's own process, as it is told; or one that kills itself at a line of the journal. */
function start(killAt?: string): MoverProcess {
	const bare = ({ url }: { url: string }) => url.replace(/\?.*/, "");
	const main = { type: "postgresql", url: bare(target.login), ca: target.server.ca, aptibleId: 7 };
	const entry = killAt === undefined ? "../main.ts" : "support/mover-entry.ts";
	return startProcess(path.join(import.meta.dirname, entry), {
		...(killAt === undefined ? {} : { KILL_AT: killAt, REAL_ENGINE: "yes" }),
		MOVE_TARGET: JSON.stringify({ stage: "prod", databases: { main } }),
		MOVE_SOURCE_MAIN: bare(source.login),
		MOVE_SOURCE_MAIN_CA: source.server.ca,
		MOVE_LEASE_SECONDS: "2",
	});
}

const ask = (command: Command, given?: WishArguments) => askOn(target.login, command, given);
const perform = async (command: Command, given: WishArguments = {}) => (await ask(command, given))();

test("a real clinic is checked, rehearsed while in use, copied with the mover killed in the middle, swapped in and verified", async () => {
	const checked = await perform("check");
	assert.equal(checked.state, "done", mover.output);
	const rehearsed = await perform("rehearse");
	assert.equal(rehearsed.state, "done", mover.output);

	const over = await ask("copy");
	await mover.says(/r3 main rows [\d.]+ done/);
	await mover.end("SIGKILL");
	mover = start();
	const copied = await over();
	assert.deepEqual([copied.state, copied.run], ["done", "r3"], mover.output);
	const verified = await perform("verify");
	assert.equal(verified.state, "done", mover.output);

	const client = await openMoveDatabase({ target: target.login });
	const { rows } = await client.query("SELECT datname FROM pg_database WHERE datname ~ 'db|move' ORDER BY 1");
	assert.deepEqual(
		rows.map(({ datname }) => datname),
		["db", "db_before_3", "move"],
	);
	const [proof] = (await readReports(client, "r3")).filter(({ kind }) => kind === "verification");
	assert.match(JSON.stringify(proof?.body), /"equal":true/);
	const lines = (await readLines(client)).filter(({ step, state }) => step === "rows" && state === "done");
	assert.ok(lines.length > 0 && lines.every(({ evidence }) => Number(evidence.bytes) > 0), "the rate is known");
	const sizes = (await readReports(client, "r2")).find(({ kind }) => kind === "sizes");
	assert.ok(sizes);
	const { tables } = sizes.body as Sizes;
	const summed = (await readLines(client)).flatMap(({ part }) => part.match(/^s\.(\d+)\./)?.[1] ?? []);
	assert.ok(summed.length > 0 && summed.some((oid) => Number(tables[oid]) > 0), "sizes are by the oids of the parts");
	await client.end();
	assert.doesNotMatch(mover.output, /Error|undefined/);
});

test("a swap that a killed mover has begun goes on, although its databases take no connection any more", async () => {
	await mover.end("SIGTERM");
	mover = start("main swap begin");
	const over = await ask("copy", { again: true });
	await mover.killed();
	await withSession(target.login, { database: "postgres" }, async (client) => {
		for (const database of ["move_5", "db"]) await client.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`);
	});
	mover = start();
	const copied = await over();
	assert.deepEqual([copied.state, copied.run], ["done", "r5"], mover.output);
	assert.doesNotMatch(mover.output, /rows/, "nothing is copied again");
	const { rows } = await withSession(target.login, {}, (client) =>
		client.query("SELECT count(*)::int AS n FROM clinic.visits"),
	);
	assert.deepEqual(rows, [{ n: 5000 }]);
});

test("a copy that was stopped is given up at once where a row was written since, and one that a slot keeps from its swap is only swapped in later", async () => {
	await mover.end("SIGTERM");
	mover = start();
	const first = await ask("copy", { again: true });
	await mover.says(/r6 main rows [\d.]+ done/);
	await perform("stop");
	assert.equal((await first()).state, "stopped", mover.output);
	await execute(source.login, "UPDATE clinic.visits SET score = score + 1 WHERE id = 7");
	// The counters of a session are written with a delay.
	await sleep(1_500);
	const second = await ask("copy", { again: true });
	await mover.says(/r7 main rows [\d.]+ done/);
	// The check is over by then.
	await execute(target.login, "SELECT pg_create_physical_replication_slot('nightly')");
	const failed = await second();
	assert.deepEqual([failed.state, failed.run], ["failed", "r7"], mover.output);
	assert.match(
		mover.output,
		/move_6 of run r6 is given up, and copied anew: \d+ rows of the source were written since/,
	);
	assert.doesNotMatch(mover.output, /differs|r7 main swap begin/);
	assert.match(mover.output, /replication slot nightly on the target reads the whole server/);

	await execute(target.login, "SELECT pg_drop_replication_slot('nightly')");
	const said = mover.output.length;
	const third = await perform("copy", { again: true });
	assert.deepEqual([third.state, third.run], ["done", "r7"], mover.output);
	assert.doesNotMatch(mover.output.slice(said), /r7 main (rows|verify)/, "nothing is copied or compared again");
	const { rows } = await withSession(target.login, {}, (client) =>
		client.query("SELECT count(*)::int AS n FROM clinic.visits"),
	);
	assert.deepEqual(rows, [{ n: 5000 }]);
});

test("a difference is named, and nothing is said to be equal", async () => {
	await execute(target.login, "UPDATE clinic.visits SET score = score + 1 WHERE id = 7");
	const verified = await perform("verify");
	assert.deepEqual([verified.state, verified.reason], ["failed", "unequal"], mover.output);
	assert.match(mover.output, /main: differs: table clinic\.visits: content/);
});
