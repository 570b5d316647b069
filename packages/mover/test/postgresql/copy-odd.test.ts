/** What copies stumble over, copied whole; and each place where a copy stops, with the line that says what to do. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { withSession } from "../../postgresql/connection.ts";
import { type CopyOptions, copyDatabase } from "../../postgresql/copy.ts";
import { verify } from "../../postgresql/verify.ts";
import { execute, type Source, startSides, type Target } from "../support/databases.ts";
import { memorySteps } from "../support/memory-steps.ts";
import { fillOdd } from "../support/odd.ts";
import { contentOf } from "./copy-content.ts";

let source: Source;
let target: Target;

before(async () => {
	[source, target] = await startSides();
	await fillOdd(source);
});
after(() => Promise.all([source?.server.stop(), target?.server.stop()]));

function options(number: number): CopyOptions {
	const into = `move_${number}`;
	return { source: source.login, target: target.login, into, steps: memorySteps(), jobs: 2, live: false };
}

async function rowsOf(sql: string, database = "move_1"): Promise<string[]> {
	const { rows } = await withSession(target.login, { database }, (client) =>
		client.query({ text: sql, rowMode: "array" }),
	);
	return rows.map((row) => row.join("|"));
}

test("what copies stumble over arrives whole", async () => {
	const result = await copyDatabase(options(1));
	assert.deepEqual(await contentOf(target.login, "move_1"), await contentOf(source.superuser));
	assert.deepEqual(result.warnings, []);
	const { differences } = await verify({
		source: source.login,
		target: target.login,
		into: "move_1",
		steps: memorySteps(),
		jobs: 2,
	});
	// A child table gets its parent's columns first, whenever they were added: no dump can make it otherwise, and no difference is told.
	assert.deepEqual(differences, []);
});

test("what the admin owned and was granted is the database owner's", async () => {
	assert.deepEqual(
		await rowsOf(`SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
			WHERE nspname IN ('s', 'Odd.schema''s') ORDER BY 1`),
		["app_rw", "aptible"],
	);
	assert.deepEqual(await rowsOf("SELECT relacl FROM pg_class WHERE oid = 's.nothing'::regclass"), [
		"{app_rw=arwdDxtm/app_rw,aptible=r/app_rw}",
	]);
	assert.deepEqual(await rowsOf("SELECT array_agg(pg_get_userbyid(r) ORDER BY 1) FROM pg_policy, unnest(polroles) r"), [
		"{app_ro,aptible}",
	]);
	assert.deepEqual(
		await rowsOf(
			"SELECT pg_get_userbyid(defaclrole), defaclnamespace::regnamespace, defaclobjtype, defaclacl FROM pg_default_acl ORDER BY 3",
		),
		["aptible|-|f|{aptible=X/aptible}", "aptible|s|r|{app_ro=r/aptible}"],
	);
	assert.deepEqual(await rowsOf("SELECT evtname, pg_get_userbyid(evtowner), evtenabled FROM pg_event_trigger"), [
		"on_definition|aptible|O",
	]);
});

test("settings, rights and comment of the database arrive, and roles with their memberships", async () => {
	assert.deepEqual(
		await rowsOf(`SELECT coalesce(rolname, ''), datname, array_to_string(setconfig, ';') FROM pg_db_role_setting
			LEFT JOIN pg_roles r ON r.oid = setrole LEFT JOIN pg_database d ON d.oid = setdatabase ORDER BY 1, 2`),
		[
			"|move_1|work_mem=8MB;search_path=public, s",
			"app_rw|move_1|statement_timeout=30s",
			'app_rw||search_path=s, "$user", "Odd, path"',
		],
	);
	assert.deepEqual(
		await rowsOf("SELECT datacl, shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'move_1'"),
		["{aptible=CTc/aptible,=Tc/aptible,app_ro=c/aptible}|it's ours"],
	);
	assert.deepEqual(await rowsOf("SELECT rolname, rolconnlimit FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1"), [
		"Odd \" role's|-1",
		"app_ro|5",
		"app_rw|-1",
		"aptible|-1",
	]);
	assert.deepEqual(await rowsOf("SELECT datconnlimit FROM pg_database WHERE datname = 'move_1'"), ["40"]);
	assert.deepEqual(
		await rowsOf("SELECT roleid::regrole, member::regrole, admin_option FROM pg_auth_members WHERE roleid >= 16384"),
		["app_ro|app_rw|false"],
	);
});

test("a database that nobody may connect to is frozen, and its copy is not", async () => {
	await execute(source.superuser, "ALTER DATABASE clinic CONNECTION LIMIT 0");
	try {
		// It shuts out its owner, too.
		const { target: onTarget, into, steps, jobs, live } = options(5);
		const both = { source: source.superuser, target: onTarget, into, steps, jobs };
		await copyDatabase({ ...both, live });
		const limits = await rowsOf(`SELECT datconnlimit FROM pg_database WHERE datname = '${into}'`, "postgres");
		assert.deepEqual(limits, ["-1"]);
		const { differences } = await verify(both);
		assert.doesNotMatch(JSON.stringify(differences), /connection limit/);
	} finally {
		await execute(source.superuser, "ALTER DATABASE clinic CONNECTION LIMIT 40");
	}
});

test("a policy that would hide rows stops the copy with what to do", async () => {
	await execute(source.superuser, "ALTER ROLE medadmin NOBYPASSRLS");
	try {
		await assert.rejects(
			copyDatabase(options(2)),
			/row-level security policy for table "secured".*ALTER ROLE "medadmin" BYPASSRLS/,
		);
	} finally {
		await execute(source.superuser, "ALTER ROLE medadmin BYPASSRLS");
	}
});

test("all indexes on functions that find nothing under the target's search path are named at once", async () => {
	await execute(
		source.login,
		"CREATE INDEX lost_a ON s.checked (s.plus(v)); CREATE INDEX lost_b ON s.plain (s.plus(a)) WHERE a > 1;",
	);
	try {
		await assert.rejects(copyDatabase(options(3)), (error: Error) => {
			assert.equal(error.message.match(/ALTER FUNCTION \.\.\. SET search_path/g)?.length, 2, error.message);
			assert.match(error.message, /s checked lost_a|s lost_a/);
			return true;
		});
	} finally {
		await execute(source.login, "DROP INDEX s.lost_a, s.lost_b");
	}
	await assert.doesNotReject(copyDatabase({ ...options(4) }));
});
