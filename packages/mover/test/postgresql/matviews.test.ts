/** What a materialized view holds depends on who refreshes it: the copy refreshes as the source does, or says that it cannot. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { check } from "../../postgresql/check.ts";
import { withSession } from "../../postgresql/connection.ts";
import { postgresql } from "../../postgresql/engine.ts";
import { verify } from "../../postgresql/verify.ts";
import { execute, type Source, startSides, type Target } from "../support/databases.ts";
import { memorySteps } from "../support/memory-steps.ts";

const INTO = "move_7";
let source: Source;
let target: Target;

before(async () => {
	[source, target] = await startSides();
	await execute(
		source.superuser,
		"ALTER DATABASE clinic SET timezone = 'America/Toronto'; ALTER DATABASE clinic SET app.clinic = 'north'",
	);
	await execute(
		source.login,
		`CREATE TABLE visits (id int, at timestamptz, clinic text, weight float8);
		INSERT INTO visits SELECT g, timestamptz '2026-01-01 00:30+00' + g * interval '1 day', CASE g % 2 WHEN 0 THEN 'north' ELSE 'south' END, g / 7.0
			FROM generate_series(0, 99) g;
		CREATE MATERIALIZED VIEW by_month AS SELECT date_trunc('month', at) AS month, count(*) AS n, min(at::text) AS first FROM visits GROUP BY 1 WITH NO DATA;
		CREATE MATERIALIZED VIEW of_clinic AS SELECT id FROM visits WHERE clinic = current_setting('app.clinic', true) WITH NO DATA;
		CREATE MATERIALIZED VIEW of_tenant AS SELECT id FROM visits WHERE clinic = current_setting('app.tenant', true) WITH NO DATA;
		CREATE MATERIALIZED VIEW stamped AS SELECT now() AS refreshed_at, count(*) AS n FROM visits WITH NO DATA;
		CREATE MATERIALIZED VIEW old AS SELECT count(*) AS n FROM visits WITH NO DATA;
		SET timezone = 'America/Toronto'; SET app.tenant = 'north';
		REFRESH MATERIALIZED VIEW by_month; REFRESH MATERIALIZED VIEW of_clinic; REFRESH MATERIALIZED VIEW of_tenant;
		REFRESH MATERIALIZED VIEW stamped; REFRESH MATERIALIZED VIEW old;`,
	);
	await execute(source.login, "INSERT INTO visits VALUES (100, '2026-01-05', 'west', 1)");
	await execute(source.login, "SET timezone = 'America/Toronto'; REFRESH MATERIALIZED VIEW by_month");
});
after(() => Promise.all([source?.server.stop(), target?.server.stop()]));

const content = (side: "source" | "target", view: string) =>
	withSession(
		side === "source" ? source.login : target.login,
		side === "source" ? {} : { database: INTO },
		async (client) => (await client.query(`SELECT * FROM public.${view} ORDER BY 1`)).rows,
	);

test("a view is refreshed under the settings of its database, and what cannot be alike is named or shown", async () => {
	const task = {
		source: source.login,
		target: target.login,
		into: INTO,
		steps: memorySteps(),
		jobs: 1,
		report: () => {},
	};
	const proof = await postgresql.copy({ ...task, live: false, replace: false });
	assert.deepEqual(await content("target", "by_month"), await content("source", "by_month"));
	assert.deepEqual(await content("target", "of_clinic"), await content("source", "of_clinic"));
	assert.equal(proof.differences.length, 1, proof.differences.join("\n"));
	assert.match(
		proof.differences[0] ?? "",
		/^materialized view public\.of_tenant: empty: 50 rows.* 0 rows.*ALTER DATABASE/,
	);
	const { notes } = proof.details as { notes: { object: string; what: string; target: string }[] };
	assert.deepEqual(
		notes.map(({ object, what }) => `${object}: ${what}`),
		["materialized view public.old: refreshed", "materialized view public.stamped: refreshed at another time"],
	);
	assert.match(notes[1]?.target ?? "", /now\(\)/);
});

test("in a rehearsal too, whose source is read in one snapshot", async () => {
	const steps = memorySteps({ run: "r8" });
	const task = { source: source.login, target: target.login, into: "move_8", steps, jobs: 1, report: () => {} };
	const proof = await postgresql.copy({ ...task, live: true, replace: false });
	assert.equal(proof.differences.length, 1, proof.differences.join("\n"));
});

test("a view that was refreshed under other settings is a difference, though its own query gives the same on the target", async () => {
	await withSession(target.login, { database: INTO }, (client) =>
		client.query("REFRESH MATERIALIZED VIEW public.by_month"),
	);
	const options = { source: source.login, target: target.login, into: INTO, steps: memorySteps(), jobs: 1 };
	const { differences } = await verify(options);
	assert.deepEqual(
		differences.map(({ object, what }) => `${object}: ${what}`),
		["materialized view public.by_month: content", "materialized view public.of_tenant: empty"],
	);
});

test("check names views that hold other content each time, and those that read a setting", async () => {
	const options = { source: source.login, target: target.login, into: "move_9", jobs: 1, diskBytes: 1e12 };
	const found = await check({ ...options, tryDefinitions: false });
	const views = found.filter(({ trap }) => trap === "matview-unsteady").map(({ line }) => line);
	assert.equal(views.length, 3, views.join("\n"));
	assert.match(views.join("\n"), /public\.of_tenant.*setting/);
	assert.match(views.join("\n"), /public\.stamped.*now\(\)/);
});
