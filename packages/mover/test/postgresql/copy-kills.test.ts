/**
 * A copy whose process is killed converges, whenever that is: no row doubled, none lost. One moment in ten; all of them with
 * MATRIX=all.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { type CopyOptions, copyDatabase } from "../../postgresql/copy.ts";
import { dropDatabase } from "../../postgresql/target.ts";
import { execute, type Source, startSides, type Target } from "../support/databases.ts";
import type { KilledCopyOptions } from "../support/killed-copy.ts";
import { memorySteps } from "../support/memory-steps.ts";
import { contentOf } from "./copy-content.ts";

const PROGRAM = path.join(import.meta.dirname, "../support/killed-copy.ts");
const INTO = "move_7";

/** One of each kind of step, and a table with parts of its own beside those that travel together. */
const SMALL = `CREATE SCHEMA s;
CREATE TABLE s.owner (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text); INSERT INTO s.owner (name) SELECT 'n' || g FROM generate_series(1, 50) g;
CREATE TABLE s.thing (id int PRIMARY KEY, owner_id int REFERENCES s.owner, at date) ; INSERT INTO s.thing SELECT g, g, '2025-01-01' FROM generate_series(1, 50) g;
CREATE TABLE s.large AS SELECT g, repeat(md5(g::text), 30) AS t FROM generate_series(1, 3000) g; CREATE INDEX ON s.large (g);
CREATE TABLE s.part (id int, PRIMARY KEY (id)) PARTITION BY RANGE (id); CREATE TABLE s.part_1 PARTITION OF s.part FOR VALUES FROM (1) TO (100);
INSERT INTO s.part SELECT generate_series(1, 99);
CREATE TABLE s.bare (); INSERT INTO s.bare SELECT FROM generate_series(1, 3);
CREATE MATERIALIZED VIEW s.counts AS SELECT count(*) AS n FROM s.thing;
SELECT lo_from_bytea(777, 'seven'); ALTER TABLE s.thing ENABLE ROW LEVEL SECURITY; CREATE POLICY all_of_them ON s.thing USING (true);
GRANT SELECT ON s.thing TO app_ro;`;

let source: Source;
let target: Target;
let content: Record<string, unknown>;

before(async () => {
	[source, target] = await startSides();
	await execute(source.login, SMALL);
	content = await contentOf(source.superuser);
});
after(() => Promise.all([source?.server.stop(), target?.server.stop()]));

function options(changes: Partial<CopyOptions> = {}): CopyOptions {
	return {
		source: source.login,
		target: target.login,
		into: INTO,
		steps: memorySteps({ epoch: 2 }),
		jobs: 2,
		live: false,
		...changes,
	};
}

/** Runs a copy that is killed. @returns the number of moments where it was not */
async function killed(changes: Partial<KilledCopyOptions>): Promise<number | undefined> {
	const input: KilledCopyOptions = {
		source: source.login,
		target: target.login,
		into: INTO,
		live: false,
		epoch: 1,
		at: 0,
		...changes,
	};
	const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", PROGRAM], {
		stdio: ["pipe", "pipe", "inherit"],
	});
	child.stdin.end(JSON.stringify(input));
	const [output, [code, signal]] = await Promise.all([text(child.stdout), once(child, "exit")]);
	if (signal === "SIGKILL") return undefined;
	assert.equal(code, 0);
	return Number(output);
}

test("killed at any moment of any step, the next call goes on to an equal copy", async () => {
	const moments = (await killed({})) ?? 0;
	assert.ok(moments > 50, `${moments} moments`);
	const step = process.env.MATRIX === "all" ? 1 : 10;
	for (let at = step === 1 ? 1 : 5; at <= moments; at += step) {
		await dropDatabase(target.login, INTO);
		assert.equal(await killed({ at }), undefined, `killed at moment ${at} of ${moments}`);
		await copyDatabase(options());
		assert.deepEqual(await contentOf(target.login, INTO), content, `killed at moment ${at} of ${moments}`);
	}
});

test("killed while rows travel, with its children or without them, nothing is half committed", async () => {
	for (const afterMs of [0, 40, 90]) {
		await dropDatabase(target.login, INTO);
		assert.equal(await killed({ afterMs }), undefined);
		await copyDatabase(options());
		assert.deepEqual(await contentOf(target.login, INTO), content, `killed ${afterMs} ms after the rows began`);
	}
});
