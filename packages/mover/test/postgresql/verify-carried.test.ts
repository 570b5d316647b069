/** What a proof compares beside tables and definitions of the application's own, and what it keeps to itself of what differs. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { check } from "../../postgresql/check.ts";
import { withSession } from "../../postgresql/connection.ts";
import { copyDatabase } from "../../postgresql/copy.ts";
import { verify } from "../../postgresql/verify.ts";
import { execute, type Source, startSides, type Target } from "../support/databases.ts";
import { memorySteps } from "../support/memory-steps.ts";

const INTO = "move_7";
let source: Source;
let target: Target;
let copy: Target["login"];

before(async () => {
	[source, target] = await startSides();
	copy = { url: target.login.url.replace("/db?", `/${INTO}?`) };
	await execute(
		source.superuser,
		"CREATE EXTENSION hstore; ALTER DATABASE clinic OWNER TO app_rw; REVOKE CONNECT ON DATABASE clinic FROM PUBLIC; GRANT CONNECT, CREATE ON DATABASE clinic TO medadmin; GRANT CREATE ON SCHEMA public TO medadmin",
	);
	await execute(
		source.login,
		`CREATE FUNCTION public.key() RETURNS text LANGUAGE sql AS $$ SELECT 's3cret-of-code' $$;
		CREATE TABLE patients (id int PRIMARY KEY, note text DEFAULT 's3cret-of-default'); COMMENT ON TABLE patients IS 's3cret-of-comment';
		SELECT lo_from_bytea(4711, 'one'); GRANT SELECT ON LARGE OBJECT 4711 TO app_ro`,
	);
	await copyDatabase({
		source: source.login,
		target: target.login,
		into: INTO,
		steps: memorySteps(),
		jobs: 1,
		live: false,
	});
	// As its script makes it: a table of its own whose rows are the application's in part.
	const configured = `SET search_path = public; CREATE TABLE conf (id int, own boolean); CREATE SEQUENCE conf_no; GRANT SELECT ON conf, conf_no TO PUBLIC;
		ALTER EXTENSION hstore ADD TABLE conf; ALTER EXTENSION hstore ADD SEQUENCE conf_no;
		UPDATE pg_extension SET extconfig = ARRAY['conf'::regclass::oid, 'conf_no'::regclass::oid], extcondition = ARRAY['WHERE own', ''] WHERE extname = 'hstore';
		INSERT INTO conf VALUES (1, true), (2, true); SELECT setval('conf_no', 7);`;
	await execute(source.superuser, configured);
	await execute(copy, configured);
	await execute(copy, "INSERT INTO public.conf VALUES (3, false)");
});
after(() => Promise.all([source?.server.stop(), target?.server.stop()]));

async function differences(): Promise<string[]> {
	const options = { source: source.login, target: target.login, into: INTO, steps: memorySteps(), jobs: 1 };
	const found = (await verify(options)).differences;
	const text = JSON.stringify(found);
	assert.doesNotMatch(text, /s3cret/, text);
	return found.map(({ object, what }) => `${object}: ${what}`);
}

test("a copy is equal whoever owned the database, and he may what he could there", async () => {
	assert.deepEqual(await differences(), []);
	const { rows } = await withSession(copy, {}, (client) =>
		client.query(
			`SELECT has_database_privilege('app_rw', current_database(), 'CREATE') AS "database", has_database_privilege('app_rw', current_database(), 'CONNECT') AS "connect",
			has_schema_privilege('app_rw', 'public', 'CREATE') AS "schema"`,
		),
	);
	assert.deepEqual(rows, [{ database: true, connect: true, schema: true }]);
});

test("rows and sequences of an extension that are the application's, and rights on large objects, are compared", async () => {
	await execute(
		copy,
		"DELETE FROM public.conf WHERE id = 2; SELECT setval('public.conf_no', 6); REVOKE SELECT ON LARGE OBJECT 4711 FROM app_ro",
	);
	assert.deepEqual(await differences(), [
		"large objects: SELECT of app_ro",
		"sequence public.conf_no: value",
		"table public.conf: rows",
	]);
	await execute(
		copy,
		"INSERT INTO public.conf VALUES (2, true); SELECT setval('public.conf_no', 7); GRANT SELECT ON LARGE OBJECT 4711 TO app_ro",
	);
});

test("code, defaults and comments that differ are shown by their hash", async () => {
	await execute(
		copy,
		"DROP FUNCTION public.key(); ALTER TABLE public.patients ALTER note SET DEFAULT 'other'; COMMENT ON TABLE public.patients IS NULL",
	);
	assert.deepEqual(await differences(), [
		"column public.patients.note: default",
		"comment on table public.patients: missing",
		"function public.key(): missing",
	]);
});

test("a check that quotes the row in its error is named without it", async () => {
	await execute(
		source.login,
		`CREATE FUNCTION public.is_fine(note text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN true; END $$;
		CREATE TABLE checked (note text CHECK (public.is_fine(note))); INSERT INTO checked VALUES ('s3cret-of-a-row');
		CREATE OR REPLACE FUNCTION public.is_fine(note text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'not fine: %', note; END $$`,
	);
	const options = { source: source.login, target: target.login, into: "move_8", jobs: 1, diskBytes: 1e12 };
	const found = await check({ ...options, tryDefinitions: false });
	assert.doesNotMatch(JSON.stringify(found), /s3cret/);
	assert.match(
		found.find(({ trap }) => trap === "check-violated")?.line ?? "",
		/cannot be looked at \(SQLSTATE P0001\)/,
	);
});

test("a definition that the target refuses is named without a value", async () => {
	// Its script made these, and the target's has none.
	await execute(
		source.superuser,
		"ALTER EXTENSION hstore DROP TABLE public.conf; ALTER EXTENSION hstore DROP SEQUENCE public.conf_no; UPDATE pg_extension SET extconfig = NULL, extcondition = NULL",
	);
	await execute(
		source.login,
		`CREATE FUNCTION public.tells(note text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 1; END $$;
		CREATE MATERIALIZED VIEW told AS SELECT public.tells(note) FROM checked;
		CREATE OR REPLACE FUNCTION public.tells(note text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE 'it tells: %', note USING ERRCODE = '22023'; END $$;
		ALTER TABLE checked DROP CONSTRAINT checked_note_check`,
	);
	const copying = copyDatabase({
		source: source.login,
		target: target.login,
		into: "move_9",
		steps: memorySteps({ run: "r9" }),
		jobs: 1,
		live: false,
	});
	await assert.rejects(copying, (error: Error) => {
		assert.match(error.message, /materialized view .* cannot be filled .*an error in a function \(SQLSTATE 22023\)/);
		assert.doesNotMatch(error.message, /s3cret/);
		return true;
	});
});
