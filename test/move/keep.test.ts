/** `rehearse --keep`: a rehearsal that takes the place of the stage's database, so that the new app can be tried on it. */
import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { execute, useImageClients } from "../../packages/mover/test/support/databases.ts";
import type { World } from "../../packages/mover/test/support/mover-process.ts";
import { Night } from "../support/night.ts";

const smoke = { path: "/health", text: "ok", placeholders: ["smtpPassword"] };

let night: Night;
let world: World;

before(async () => {
	await useImageClients();
	night = await Night.start();
	({ world } = night);
});
after(() => night?.stop());

const source = () => ({ url: world.source.url() });

/** Transactions that wrote the names of databases, and the journal's line on a swap: each row tells who wrote it last. */
async function writersOf(run: string, databases: readonly string[]): Promise<string[]> {
	const named = await world.rows(
		"move",
		`SELECT xmin::text AS writer FROM pg_database WHERE datname IN (${databases.map((name) => `'${name}'`).join(", ")})`,
	);
	const noted = await world.rows(
		"move",
		`SELECT xmin::text AS writer FROM public.journal WHERE run = '${run}' AND step = 'swap' AND state = 'done'`,
	);
	return [...named, ...noted].map(({ writer }) => String(writer));
}

/** What stood there before takes no connections until somebody opens it. */
async function rowsOfFormer(database: string, sql: string): Promise<Record<string, unknown>[]> {
	await world.rows("postgres", `ALTER DATABASE ${database} ALLOW_CONNECTIONS true`);
	return world.rows(database, sql);
}

test("a rehearsal is kept in the phase prepare alone, and only with a smoke test", async () => {
	const cases: [string, object, RegExp][] = [
		["prepare", {}, /rehearse --keep .* needs move\.phase: prepare and move\.smoke.*pulumi up --stack night/],
		[
			"frozen",
			{ smoke },
			/rehearse needs move\.phase: prepare, and .* has "frozen"; run `npm run move -- switch prepare --stack night/,
		],
	];
	for (const [phase, more, says] of cases) {
		await night.inPhase(phase, { ...more });
		const { code, output } = await night.run("rehearse", "--keep");
		assert.equal(code, 1, phase);
		assert.match(output, says);
	}
	assert.deepEqual(await world.databases(), ["db"], "nothing is wished for");
});

test("a rehearsal is not kept where an app on Aptible has a real secret still: the stage file may be ahead of the last update", async () => {
	await night.inPhase("prepare", { smoke });
	const place = ["--app", "portal", "--environment", "acme"];
	await night.cli("apps:create", "--environment", "acme", "--", "portal");
	await night.cli("deploy", ...place, "--docker-image", "acme/portal:1", "SMTP_PASSWORD=sentinel-of-the-mail");
	const refused = await night.run("rehearse", "--keep");
	assert.equal(refused.code, 1);
	assert.match(
		refused.output,
		/app "portal" has the real value of SMTP_PASSWORD, .*: pulumi up --stack night --config-file \S+\/Pulumi\.night\.yaml/,
	);
	assert.ok(!refused.output.includes("sentinel"));
	assert.deepEqual(await world.databases(), ["db"], "nothing is wished for");
	await night.cli("config:set", ...place, "SMTP_PASSWORD=placeholder-of-a-rehearsal");
});

test("a rehearsal that comes out unequal is not swapped in, and is removed", async () => {
	await night.inPhase("prepare", { smoke });
	const mover = world.startMover({ PART_MS: "400" });
	const rehearsal = night.start("rehearse", "--keep");
	await mover.says(/r1 main rows 2 done/);
	await execute(source(), "UPDATE t SET x = 11 WHERE id = 1");
	assert.equal(await rehearsal.ended, 1, rehearsal.output());
	assert.match(rehearsal.output(), /rehearse of run r1: failed \(both sides differ/);
	assert.deepEqual(await world.databases(), ["db", "move"]);
	await mover.end("SIGTERM");
});

test("a kept rehearsal is verified and swapped in by one transaction; a copy takes its place, and all that stood there stays until the end", async () => {
	await world.reset();
	rmSync(path.join(night.folder, ".move"), { recursive: true });
	await execute({ url: world.targets.main?.url("db") ?? "" }, "CREATE TABLE stood_there ()");
	let mover = world.startMover({ REAL_ENGINE: "yes" });
	const kept = await night.run("rehearse", "--keep");
	assert.equal(kept.code, 0, `${kept.output}\n--\n${mover.output}`);
	assert.match(kept.output, /main: both sides are equal\nrehearse of run r1: done/);
	assert.deepEqual(await world.databases(), ["db", "db_before_1", "move"]);
	assert.deepEqual(await world.rows("db", "SELECT sum(x)::int AS sum FROM public.t"), [{ sum: 150 }]);
	const steps = await world.steps();
	assert.ok(steps.indexOf("verify note") < steps.indexOf("swap begin"), steps.join("\n"));
	const writers = await writersOf("r1", ["db", "db_before_1"]);
	assert.deepEqual([writers.length, new Set(writers).size], [3, 1], "both renames and the journal's line");
	assert.equal(existsSync(night.record), false);

	// What stands there is a rehearsal: no later phase stands on its proof.
	const verified = await night.run("verify");
	assert.equal(verified.code, 0, verified.output);
	assert.match(
		verified.output,
		/verify of run r2: done\n.*rehearsal r1.*no record.*npm run move -- copy --stack night/,
	);
	assert.equal(existsSync(night.record), false);

	await execute(source(), "INSERT INTO t VALUES (6, 60)");
	await night.inPhase("frozen", { smoke });
	const copied = await night.run("copy");
	assert.equal(copied.code, 0, copied.output);
	assert.match(copied.output, /copy of run r3: done\nthe record of the proof is/);
	assert.deepEqual(await world.databases(), ["db", "db_before_1", "db_before_3", "move"]);
	assert.deepEqual(await rowsOfFormer("db_before_3", "SELECT sum(x)::int AS sum FROM public.t"), [{ sum: 150 }]);
	assert.deepEqual(await world.rows("db", "SELECT sum(x)::int AS sum FROM public.t"), [{ sum: 210 }]);
	assert.deepEqual(await rowsOfFormer("db_before_1", "SELECT to_regclass('public.stood_there')::text AS name"), [
		{ name: "public.stood_there" },
	]);
	const proved = night.recordText();

	// A copy may be in use by then: it is replaced only where that is said.
	await night.inPhase("prepare", { smoke });
	const refused = await night.run("rehearse", "--keep");
	assert.equal(refused.code, 1);
	assert.match(refused.output, /rehearse of run r4: refused \(a copy is in its place already/);
	assert.equal(night.recordText(), proved);
	const pointless = await night.run("rehearse", "--again");
	assert.equal(pointless.code, 2);
	assert.match(pointless.output, /rehearse takes --again with --keep alone/);
	const again = await night.run("rehearse", "--keep", "--again");
	assert.equal(again.code, 0, again.output);
	assert.equal(existsSync(night.record), false, "the copy that it proves is in its place no more");
	await mover.end("SIGTERM");

	mover = world.startMover({ REAL_ENGINE: "yes" });
	await night.inPhase("frozen", { smoke });
	assert.equal((await night.run("copy")).code, 0, mover.output);
	assert.deepEqual(await world.databases(), [
		"db",
		...["db_before_1", "db_before_3", "db_before_5", "db_before_6"],
		"move",
	]);
	await mover.end("SIGTERM");
	await night.inPhase("live", { smoke });
	const closed = await night.run("close");
	assert.equal(closed.code, 0, closed.output);
	assert.equal(closed.output.match(/database db_before_\d, .* stays/g)?.length, 4, closed.output);
	const dropped = await night.run("close", "--drop-former");
	assert.equal(dropped.code, 0, dropped.output);
	assert.deepEqual(await world.databases(), ["db", "move"]);
});

test("the proof of a copy that is not in its place is no record of one", async () => {
	await world.reset();
	rmSync(path.join(night.folder, ".move"), { recursive: true });
	rmSync(night.record, { force: true });
	await night.inPhase("frozen");
	const mover = world.startMover({ PART_MS: "400" });
	const copy = night.start("copy");
	await mover.says(/r1 main rows 2 done/);
	await execute(source(), "UPDATE t SET x = 11 WHERE id = 1");
	assert.equal(await copy.ended, 1, copy.output());
	await execute(source(), "UPDATE t SET x = 10 WHERE id = 1");
	const verified = await night.run("verify");
	assert.equal(verified.code, 0, verified.output);
	assert.match(
		verified.output,
		/verify of run r2: done\n.*not in its place.*no record.*npm run move -- copy --stack night/,
	);
	assert.equal(existsSync(night.record), false);
	await mover.end("SIGTERM");
});
