import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { withSession } from "../../postgresql/connection.ts";
import { clearSums } from "../../postgresql/sum-marks.ts";
import { type Side, type Sums, sumBothSides } from "../../postgresql/sums.ts";
import type { Steps } from "../../steps.ts";
import { execute, type Source, startSource, startTarget, type Target } from "../support/databases.ts";
import { memorySteps } from "../support/memory-steps.ts";

let source: Source;
let target: Target;
let from: Side;
let to: Side;
const sum = (steps: Steps, jobs: number): Promise<Sums> =>
	sumBothSides({ source: from, target: to, steps, jobs, basis: "the same" });

const SCHEMA = `
CREATE DOMAIN public.flag AS "char";
CREATE TABLE public.kinds (id int PRIMARY KEY, f4 real, f8 double precision, n numeric, m money, c "char", d flag, cs "char"[], t timestamptz,
	iv interval, b bytea, j jsonb, a text[], r int4range, ip inet, p point, x text);
CREATE TABLE public.empty (id int);
CREATE TABLE public.nothing ();
CREATE TABLE public.parent (id int); CREATE TABLE public.child () INHERITS (parent);
CREATE TABLE public.big (id int, filler text);
`;
const ROWS = `
INSERT INTO kinds SELECT g, g / 3.0, sqrt(g), g * 1.10, g, chr(1 + g % 127)::"char", chr(1 + g % 127)::"char", ARRAY['a', 'b']::"char"[],
	timestamptz '2020-01-01 00:00:00.000001+02' + g * interval '1 hour', g * interval '1 day 1 second', decode(md5(g::text), 'hex'), jsonb_build_object('n', g),
	ARRAY['x', NULL, g::text], int4range(g, g + 2), '10.0.0.1', point(g, g), CASE g % 3 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'ß€😀' END
FROM generate_series(1, 500) g;
UPDATE kinds SET c = (-1)::"char" WHERE id = 7;
INSERT INTO nothing DEFAULT VALUES; INSERT INTO nothing DEFAULT VALUES;
INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2), (3);
INSERT INTO big SELECT g, repeat(md5(g::text), 20) FROM generate_series(1, 3000) g;
SELECT lo_from_bytea(4711, 'one'); SELECT lo_from_bytea(4712, 'two');
`;

before(async () => {
	[source, target] = await Promise.all([startSource(12), startTarget(17)]);
	await execute(target.login, "CREATE DATABASE move_1 TEMPLATE template0");
	const copy = { url: target.login.url.replace("/db?", "/move_1?") };
	for (const login of [source.login, copy]) {
		await execute(login, SCHEMA);
		await execute(login, ROWS);
	}
	from = { login: source.login };
	to = { login: target.login, database: "move_1" };
});
after(() => Promise.all([source?.server.stop(), target?.server.stop()]));

test("the same rows have the same sums on 12 and 17, whatever their types", async () => {
	const sums = await sum(memorySteps(), 2);
	assert.deepEqual([...sums.source.keys()].sort(), [
		"public.big",
		"public.child",
		"public.empty",
		"public.kinds",
		"public.nothing",
		"public.parent",
	]);
	for (const [name, { rows, sum }] of sums.source) {
		const other = sums.target.get(name);
		assert.deepEqual({ name, rows: other?.rows, sum: other?.sum }, { name, rows, sum });
	}
	assert.equal(sums.source.get("public.nothing")?.rows, 2);
	assert.equal(sums.source.get("public.parent")?.rows, 1, "a parent's rows are its own");
	assert.deepEqual({ ...sums.largeObjects, sum: "" }, { objects: 2, sum: "", unequal: [] });
	await clearSums(to);
});

test("a verification that was killed goes on from its finished parts, and a finished one starts anew", async () => {
	let parts = 0;
	const dying = memorySteps({
		onMoment(moment) {
			parts += moment === "done" ? 1 : 0;
			if (parts === 5) throw new Error("killed");
		},
	});
	await assert.rejects(sum(dying, 1), /killed/);
	const again = memorySteps();
	await sum(again, 1);
	await clearSums(to);
	const anew = memorySteps();
	await sum(anew, 1);
	const kept = anew.acted.length - again.acted.length;
	// A part that was under way beside the killed one may have reached the server unseen.
	assert.ok(kept >= dying.acted.length && again.acted.length > 0, `${kept} parts are kept of ${dying.acted.length}`);
	assert.ok(dying.acted.length >= 5);
	await clearSums(to);
});

test("a mover whose epoch another one has taken writes no part", async () => {
	await withSession(target.login, { database: "move_1" }, async (client) => {
		await client.query("SELECT pg_advisory_lock(1836021349, 7)");
		await assert.rejects(sum(memorySteps({ epoch: 7 }), 1), /epoch 7 is over/);
	});
	await clearSums(to);
});
