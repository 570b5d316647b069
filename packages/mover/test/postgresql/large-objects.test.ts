/** Large objects travel in parts that fit on a disk beside what they become. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { withSession } from "../../postgresql/connection.ts";
import { copyDatabase } from "../../postgresql/copy.ts";
import { PART_BYTES } from "../../postgresql/large-objects.ts";
import { execute, type Source, startSource, startTarget, type Target, useImageClients } from "../support/databases.ts";
import { memorySteps } from "../support/memory-steps.ts";

const MIB = 2 ** 20;
let source: Source;
let target: Target;

before(async () => {
	await useImageClients();
	[source, target] = await Promise.all([startSource(), startTarget()]);
	await execute(
		source.login,
		`SELECT lo_from_bytea(1000 + g, decode(repeat(lpad(to_hex(g), 2, '0'), ${MIB}), 'hex')) FROM generate_series(1, 40) g;
		SELECT lo_from_bytea(2000, decode(repeat('7f', ${20 * MIB}), 'hex')); SELECT lo_create(2001);
		SELECT lo_from_bytea(3000 + g, 'small') FROM generate_series(1, 600) g`,
	);
});
after(() => Promise.all([source?.server.stop(), target?.server.stop()]));

test("no part has more bytes than it may, but for an object that is larger", async () => {
	const into = "move_7";
	await copyDatabase({ source: source.login, target: target.login, into, steps: memorySteps(), jobs: 2, live: false });
	const hashes = "SELECT oid, md5(lo_get(oid)) AS hash FROM pg_largeobject_metadata ORDER BY oid";
	const [one, other] = await Promise.all([
		withSession(source.login, {}, (client) => client.query(hashes)),
		withSession(target.login, { database: into }, (client) => client.query(hashes)),
	]);
	assert.deepEqual(other.rows, one.rows);
	const { rows } = await withSession(target.login, { database: into }, (client) =>
		client.query(
			`SELECT part, (SELECT sum(octet_length(lo_get(m.oid)))::int FROM pg_largeobject_metadata m
				WHERE m.oid::int8 BETWEEN split_part(part, '.', 1)::int8 AND split_part(part, '.', 2)::int8) AS bytes
			FROM move_copy.done WHERE step = 'large-objects' ORDER BY part`,
		),
	);
	assert.deepEqual(
		rows.map(({ part, bytes }) => `${part}: ${Math.ceil(bytes / MIB)}`),
		["1001.1016: 16", "1017.1032: 16", "1033.1040: 8", "2000.2000: 20", "2001.3499: 1", "3500.3600: 1"],
	);
	assert.ok(rows.every(({ part, bytes }) => bytes <= PART_BYTES || part === "2000.2000"));
});
