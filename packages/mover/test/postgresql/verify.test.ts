import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import type { PostgresMajor } from "@medstack-to-aptible/sandbox/postgresql/binaries.ts";
import { withSession } from "../../postgresql/connection.ts";
import { copyDatabase } from "../../postgresql/copy.ts";
import { postgresql } from "../../postgresql/engine.ts";
import { type Verification, verify } from "../../postgresql/verify.ts";
import { execute, type Source, startSource, startTarget, type Target, useImageClients } from "../support/databases.ts";
import { memorySteps } from "../support/memory-steps.ts";
import { BY_SUPERUSER, copyPlainly, makeRoles, settle } from "../support/plain-copy.ts";

const MAJORS = [12, 15] as const;
const sources = new Map<PostgresMajor, Source>();
let target: Target;

before(async () => {
	await useImageClients();
	target = await startTarget(17);
	await makeRoles(target);
	const kinds = await readFile(path.join(import.meta.dirname, "../support/every-kind.sql"), "utf8");
	for (const major of MAJORS) {
		const source = await startSource(major, {}, 0.001);
		sources.set(major, source);
		await execute(source.login, kinds);
		await execute(source.superuser, BY_SUPERUSER);
		await copyPlainly(source, target, `move_${major}`);
	}
});
after(() => Promise.all([...sources.values(), target].map((side) => side?.server.stop())));

const differ = ({ differences }: Verification) => differences.map(({ object, what }) => `${object}: ${what}`).sort();

function proof(major: PostgresMajor, into = `move_${major}`): Promise<Verification> {
	const { login } = sources.get(major) as Source;
	return verify({ source: login, target: target.login, into, steps: memorySteps(), jobs: 2 });
}

test("who writes to the source while a copy of it is proved makes the proof void, though the tables were equal", async () => {
	const { login } = sources.get(15) as Source;
	let parts = 0;
	const steps = memorySteps({
		async onMoment(moment, name) {
			if (name !== "verify" || moment !== "done") return;
			parts += 1;
			// The first parts are of the largest table.
			if (parts === 4) await execute(login, "UPDATE clinic.visits SET code = code WHERE id = 1");
		},
	});
	const task = { source: login, target: target.login, into: "move_153", steps, jobs: 1, report: () => {} };
	const proof = await postgresql.copy({ ...task, live: false, replace: false });
	assert.ok(parts > 4);
	assert.equal(proof.equal, false);
	assert.match(proof.differences.join("\n"), /^1 rows of the source were written meanwhile/);
	const again = await postgresql.verify({ ...task, steps: memorySteps(), isSwapped: false });
	assert.deepEqual({ equal: again.equal, differences: again.differences }, { equal: true, differences: [] });
});

/** Faults that no exit code shows, put into a finished copy: SQL, and all that the proof is to name. */
const FAULTS: readonly [sql: string, ...named: string[]][] = [
	["DELETE FROM clinic.documents WHERE id = (SELECT id FROM clinic.documents LIMIT 1)", "table clinic.documents: rows"],
	["UPDATE kinds.items SET f8 = f8 + 1e-14 WHERE a = 7", "table kinds.items: content"],
	["UPDATE kinds.parts_ca SET item = 15 WHERE id = 2", "table kinds.parts_ca: content"],
	["INSERT INTO kinds.nothing DEFAULT VALUES", "table kinds.nothing: rows"],
	["DELETE FROM kinds.nokey WHERE a = 2; INSERT INTO kinds.nokey VALUES (1, 'a')", "table kinds.nokey: content"],
	[
		"UPDATE kinds.base SET v = NULL WHERE v = 'x'; UPDATE kinds.derived SET w = NULL, v = 'w'",
		"table kinds.base: content",
		"table kinds.derived: content",
	],
	["TRUNCATE kinds.cache", "table kinds.cache: rows"],
	["SELECT lo_unlink(min(oid)) FROM pg_largeobject_metadata", "large object FIRST: missing"],
	["SELECT lo_put(max(oid), 3, 'x') FROM pg_largeobject_metadata", "large object LAST: content"],
	[
		"UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'clinic.visits_at'::regclass",
		"index clinic.visits_at: valid",
	],
	["DROP INDEX kinds.items_expression", "index kinds.items_expression: missing"],
	[
		"CREATE OR REPLACE VIEW clinic.v_last AS SELECT NULL::bigint AS patient_id, NULL::timestamptz AS last",
		"view clinic.v_last: definition",
	],
	[
		"CREATE OR REPLACE RULE v_plain_insert AS ON INSERT TO kinds.v_plain DO INSTEAD NOTHING",
		"rule v_plain_insert of kinds.v_plain: definition",
	],
	["SELECT setval('clinic.invoice_no', 54320)", "sequence clinic.invoice_no: value"],
	["SELECT setval('clinic.patients_id_seq', 5)", "sequence clinic.patients_id_seq: value"],
	["ALTER SEQUENCE kinds.loose NO CYCLE", "sequence kinds.loose: sequence"],
	["DELETE FROM clinic.visits WHERE id = 1", "table clinic.visits: rows"],
	[
		"DELETE FROM clinic.visits WHERE id = 2; REFRESH MATERIALIZED VIEW clinic.m_month; DELETE FROM clinic.visits WHERE id = 3",
		"materialized view clinic.m_month: content",
	],
	["REVOKE UPDATE ON kinds.items FROM app_rw", "table kinds.items: privileges"],
	["GRANT SELECT ON clinic.visits TO app_ro", "table clinic.visits: privileges"],
	[
		"ALTER ROLE app_rw IN DATABASE DATABASE_NAME RESET statement_timeout",
		"setting statement_timeout of app_rw in the database: missing",
	],
	["ALTER DATABASE DATABASE_NAME SET work_mem = '4MB'", "setting work_mem of everyone in the database: value"],
	["GRANT CONNECT ON DATABASE DATABASE_NAME TO PUBLIC", "database itself: privileges"],
	["ALTER DATABASE DATABASE_NAME CONNECTION LIMIT 0", "database itself: connection limit"],
	["CREATE TABLE clinic.added (id int)", "table clinic.added: extra"],
	["ALTER TABLE kinds.derived ADD COLUMN added int", "column kinds.derived.added: extra"],
	["ALTER TABLE kinds.items DISABLE TRIGGER items_touch", "trigger items_touch of kinds.items: enabled"],
	[
		"ALTER TABLE clinic.documents DISABLE TRIGGER ALL",
		"constraint documents_patient_fk of clinic.documents: triggers disabled",
	],
	["ALTER TABLE kinds.items VALIDATE CONSTRAINT later", "constraint later of kinds.items: validated"],
	[
		"ALTER TABLE clinic.visits DROP CONSTRAINT visits_patient_fk; ALTER TABLE clinic.visits ADD CONSTRAINT visits_patient_fk FOREIGN KEY (patient_id) REFERENCES clinic.patients (id) NOT VALID",
		"constraint visits_patient_fk of clinic.visits: validated",
	],
	[
		"CREATE OR REPLACE FUNCTION kinds.near(a int, b int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'select abs(a - b) < 3'",
		"function kinds.near(a integer, b integer): definition",
	],
	["ALTER FUNCTION kinds.touch() RESET search_path", "function kinds.touch(): definition"],
	["COMMENT ON COLUMN kinds.items.b IS NULL", "comment on table column kinds.items.b: missing"],
	["DROP POLICY own_rows ON kinds.items", "policy own_rows of kinds.items: missing"],
	["ALTER POLICY p_all ON clinic.patients USING (id > 0)", "policy p_all of clinic.patients: using"],
	["ALTER TABLE clinic.patients DISABLE ROW LEVEL SECURITY", "table clinic.patients: row security"],
	["UPDATE pg_enum SET enumsortorder = 9 WHERE enumlabel = 'bad'", "type kinds.mood: values"],
	["ALTER TABLE audit.events_2025h1 OWNER TO app_rw", "table audit.events_2025h1: owner"],
	["DROP EXTENSION hstore", "extension hstore: missing"],
	[
		"ALTER DEFAULT PRIVILEGES IN SCHEMA kinds REVOKE SELECT ON TABLES FROM app_ro",
		"default privileges of aptible in kinds on tables: missing",
	],
	[
		"ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC",
		"default privileges of aptible on functions: missing",
	],
	["ALTER TABLE kinds.items ALTER at DROP DEFAULT", "column kinds.items.at: default"],
	["ALTER TABLE kinds.nokey ALTER b TYPE varchar(64)", "column kinds.nokey.b: type"],
	["ALTER TABLE clinic.visits ALTER state DROP NOT NULL", "column clinic.visits.state: not null"],
	[
		"ALTER TABLE kinds.parts DETACH PARTITION kinds.parts_other",
		"table kinds.parts_other: parents",
		"table kinds.parts_other: partition bound",
		"constraint parts_item_fkey of kinds.parts_other: extra",
		"index kinds.parts_other_pkey: attached to",
	],
	["ALTER DOMAIN kinds.zip DROP CONSTRAINT zip_form", "constraint zip_form of kinds.zip: missing"],
	["DROP AGGREGATE kinds.total(int)", "aggregate kinds.total(integer): missing"],
	["DROP OPERATOR kinds.=~ (int, int)", "operator kinds.=~(integer, integer): missing"],
	["DROP CAST (kinds.mood AS int)", "cast from kinds.mood to integer: missing"],
	["DROP STATISTICS kinds.items_stat", "statistics kinds.items_stat: missing"],
	[
		"ALTER TEXT SEARCH CONFIGURATION kinds.plain_english DROP MAPPING FOR word",
		"text search configuration kinds.plain_english: mappings",
	],
	["ALTER TABLE kinds.items SET (fillfactor = 90)", "table kinds.items: options"],
	[
		"CREATE FUNCTION kinds.evt() RETURNS event_trigger LANGUAGE plpgsql AS $$ begin end $$; CREATE EVENT TRIGGER added ON sql_drop EXECUTE FUNCTION kinds.evt()",
		"event trigger added: extra",
		"function kinds.evt(): extra",
	],
	[
		"ALTER TYPE kinds.address ADD ATTRIBUTE country text CASCADE",
		"type kinds.address: fields",
		"column kinds.address.country: extra",
		"column kinds.typed.country: extra",
	],
];

for (const major of MAJORS) {
	test(`a clean copy of ${major} has no difference`, async () => {
		const { equal, differences, compared, hash } = await proof(major);
		assert.deepEqual(differences, []);
		assert.ok(equal);
		assert.ok(compared.tables >= 15 && compared.definitions > 150 && compared.largeObjects === 50);
		assert.match(hash, /^[0-9a-f]{64}$/);
	});
}
for (const major of MAJORS) {
	test(`the mover's own copy of ${major} has no difference`, async () => {
		const { login } = sources.get(major) as Source;
		const [into, steps] = [`move_${major}2`, memorySteps()];
		await copyDatabase({ source: login, target: target.login, into, steps, jobs: 2, live: false });
		const { differences, notes } = await verify({ source: login, target: target.login, into, steps, jobs: 2 });
		assert.deepEqual({ differences, notes }, { differences: [], notes: [] });
	});

	test(`each of ${FAULTS.length} silent faults in a copy of ${major} is named, and nothing else`, async () => {
		const into = `move_${major}1`;
		await execute(target.login, `CREATE DATABASE ${into} TEMPLATE move_${major}`);
		await settle(target, into);
		const copy = { url: target.login.url.replace("/db?", `/${into}?`) };
		const objects = await withSession(copy, {}, (client) =>
			client.query("SELECT min(oid)::text AS first, max(oid)::text AS last FROM pg_largeobject_metadata"),
		);
		const { first, last } = objects.rows[0];
		for (const [sql] of FAULTS) {
			await execute(copy, sql.replaceAll("DATABASE_NAME", into)).catch((error: Error) => {
				throw new Error(`${sql}: ${error.message}`);
			});
		}
		const result = await proof(major, into);
		const expected = FAULTS.flatMap(([, ...named]) => named);
		assert.deepEqual(differ(result), expected.map((name) => name.replace("FIRST", first).replace("LAST", last)).sort());
		assert.ok(!result.equal);
	});
}
