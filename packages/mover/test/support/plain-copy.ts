/** A copy as the guide makes it, `pg_dump | psql`, with what that leaves out: what a proof is tried on. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type Login, libpqVariables, withSession } from "../../postgresql/connection.ts";
import { execute, type Source, type Target } from "./databases.ts";

/** What Azure's own superuser does on a source: settings, roles, memberships, and an operator class, which only he may make. */
export const BY_SUPERUSER = `
CREATE OPERATOR CLASS kinds.int_reverse FOR TYPE int USING btree AS OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 btint4cmp(int, int);
CREATE EXTENSION hstore; ALTER ROLE app_rw SET search_path = clinic, public; ALTER ROLE app_rw IN DATABASE clinic SET statement_timeout = '30s';
ALTER DATABASE clinic SET work_mem = '8MB'; ALTER ROLE app_ro CONNECTION LIMIT 5; CREATE ROLE reporting NOLOGIN; GRANT reporting TO app_ro;
COMMENT ON DATABASE clinic IS 'the clinic'; GRANT TEMPORARY ON DATABASE clinic TO app_ro; REVOKE CONNECT ON DATABASE clinic FROM PUBLIC; GRANT CONNECT ON DATABASE clinic TO app_ro, app_rw;
ALTER ROLE medadmin SET azure.x = '1';
`;

/** Makes the roles on the target, once for a server. */
export async function makeRoles(target: Target): Promise<void> {
	await execute(
		target.login,
		`CREATE ROLE app_rw LOGIN; CREATE ROLE app_ro LOGIN CONNECTION LIMIT 5; CREATE ROLE reporting NOLOGIN; GRANT reporting TO app_ro;
		ALTER ROLE app_rw SET search_path = clinic, public;`,
	);
}

/** Settings and rights of a copy, which `CREATE DATABASE ... TEMPLATE` does not take along. */
export async function settle(target: Target, into: string): Promise<void> {
	await execute(
		target.login,
		`ALTER ROLE app_rw IN DATABASE ${into} SET statement_timeout = '30s'; ALTER DATABASE ${into} SET work_mem = '8MB'; COMMENT ON DATABASE ${into} IS 'the clinic';
		REVOKE ALL ON DATABASE ${into} FROM PUBLIC; GRANT TEMPORARY ON DATABASE ${into} TO PUBLIC, app_ro; GRANT CONNECT ON DATABASE ${into} TO app_ro, app_rw;`,
	);
}

/** Copies the clinic into a new database; the target's owner has what the source's admin has. */
export async function copyPlainly(source: Source, target: Target, into: string): Promise<void> {
	await execute(target.login, `CREATE DATABASE ${into} TEMPLATE template0`);
	const args = ["--no-publications", "--no-subscriptions", "--exclude-schema=azure"];
	const dump = await output("pg_dump", args, source.login);
	const sql = dump
		.replaceAll(/\b(medadmin|azure_superuser)\b/g, "aptible")
		.replaceAll(/^COMMENT ON EXTENSION .*$/gm, "");
	await output("psql", ["-Xq", "-v", "ON_ERROR_STOP=1"], target.login, into, sql);
	// Since 15 nobody creates in a new database's schema public, and pg_dump does not tell.
	if (source.server.major < 15) {
		await withSession(target.login, { database: into }, (client) =>
			client.query("GRANT ALL ON SCHEMA public TO PUBLIC"),
		);
	}
	await settle(target, into);
}

async function output(program: string, args: string[], login: Login, database?: string, input = ""): Promise<string> {
	const options = database === undefined ? {} : { database };
	const child = spawn(program, args, {
		env: { ...libpqVariables(login, options), PATH: process.env.PATH },
		stdio: ["pipe", "pipe", "pipe"],
	});
	const [out, errors]: [Buffer[], Buffer[]] = [[], []];
	child.stdout.on("data", (chunk) => out.push(chunk));
	child.stderr.on("data", (chunk) => errors.push(chunk));
	child.stdin.on("error", () => {});
	child.stdin.end(input);
	const [code] = await once(child, "close");
	if (code !== 0) {
		throw new Error(`${program} ended with ${code}: ${Buffer.concat(errors)}`);
	}
	return Buffer.concat(out).toString();
}
