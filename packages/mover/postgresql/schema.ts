/** Definitions: `pg_dump` writes those before and those after the rows into archives without rows, `pg_restore` gives their SQL. */
import type pg from "pg";
import { ClientFailed, runClient } from "./children.ts";
import type { Copying } from "./context.ts";
import { withoutLiterals, withoutValues } from "./messages.ts";
import { isExtensionLeftBehind, isSchemaLeftBehind } from "./rules.ts";
import { withSearchPath } from "./search-path.ts";
import { quoteName, quoteText } from "./target.ts";

/** An entry of an archive. */
export interface Item {
	/** Number in its archive. */
	id: number;
	/** Ids in the source's catalog; 0 where there is none. */
	classId: number;
	oid: number;
	/** `INDEX`, `FK CONSTRAINT`, `COMMENT` ... */
	kind: string;
	/** Schema, name and owner as the archive lists them: for people, not to be parsed. */
	label: string;
}

/** Kinds of more than one word, which a list does not mark off. */
const KINDS = [
	"MATERIALIZED VIEW DATA",
	"MATERIALIZED VIEW",
	"FOREIGN DATA WRAPPER",
	"FK CONSTRAINT",
	"CHECK CONSTRAINT",
	"INDEX ATTACH",
	"EVENT TRIGGER",
	"ROW SECURITY",
	"DEFAULT ACL",
];

/** Archive of definitions, without rows. */
export interface Archive {
	file: string;
	/** What comes before the rows, and after them. */
	before: readonly Item[];
	after: readonly Item[];
}

/** Reads all definitions at once, while nobody waits yet for a lock that they need too. */
export async function dumpDefinitions(copying: Copying): Promise<Archive> {
	const { workspace, source, snapshot, signal } = copying;
	const file = workspace.path("definitions");
	const args = [
		"-Fc",
		"-Z0",
		"--section=pre-data",
		"--section=post-data",
		`--snapshot=${snapshot.id}`,
		"--no-publications",
		"--no-subscriptions",
		"--no-security-labels",
		"--no-tablespaces",
		`--lock-wait-timeout=${snapshot.live ? "5s" : "60s"}`,
		...(await leftBehindSchemas(snapshot.client)),
		`--file=${file}`,
	];
	try {
		await runClient("pg_dump", args, workspace.environment(source), signal);
	} catch (error) {
		throw dumpFailed(error);
	}
	const list = async (section: string) => {
		const lines = await runClient("pg_restore", ["-l", section, file], workspace.environment(source), signal);
		return lines.split("\n").flatMap(readItem).filter(isCarried);
	};
	return { file, before: await list("--section=pre-data"), after: await list("--section=post-data") };
}

function readItem(line: string): Item[] {
	const [, id, classId, oid, rest = ""] = line.match(/^(\d+); (\d+) (\d+) (.*)$/) ?? [];
	if (id === undefined) return [];
	const kind = KINDS.find((name) => rest.startsWith(`${name} `)) ?? rest.split(" ", 1)[0] ?? "";
	return [{ id: Number(id), classId: Number(classId), oid: Number(oid), kind, label: rest.slice(kind.length + 1) }];
}

function isCarried({ kind, label }: Item): boolean {
	if (kind === "COMMENT") return !label.startsWith("- EXTENSION ");
	if (kind === "EXTENSION") return !isExtensionLeftBehind(label.split(" ")[1] ?? "");
	return kind !== "PUBLICATION" && kind !== "SUBSCRIPTION";
}

/** A pattern of pg_dump's that one name alone fits. */
/** Arguments for `pg_dump` that leave out the schemas that stay behind. */
export async function leftBehindSchemas(source: pg.ClientBase): Promise<string[]> {
	const { rows } = await source.query<{ name: string; owner: string }>(
		"SELECT nspname AS name, pg_catalog.pg_get_userbyid(nspowner) AS owner FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_'",
	);
	return rows
		.filter(({ name, owner }) => name !== "information_schema" && isSchemaLeftBehind(name, owner))
		.map(({ name }) => `--exclude-schema=${quoteName(name)}`);
}

function dumpFailed(error: unknown): unknown {
	if (!(error instanceof ClientFailed)) return error;
	return new ClientFailed(`the source's definitions cannot be read: ${error.message}`);
}

/** SQL of items, in the archive's order. */
export async function itemsSql(
	{ workspace, source, signal, targetVersion }: Copying,
	{ file }: Archive,
	items: readonly Item[],
	options: readonly string[] = [],
): Promise<string> {
	const list = workspace.write("list", items.map(({ id }) => `${id};\n`).join(""));
	const args = ["-f", "-", "-L", list, ...options, file];
	const sql = await runClient("pg_restore", args, workspace.environment(source), signal);
	workspace.remove(list);
	return forServer(sql, targetVersion);
}

/** Leaves out what is meant for psql, and the one setting of the head that servers before 17 do not know. */
function forServer(sql: string, version: number): string {
	const lines = sql.split("\n");
	const [, key] = lines.map((line) => line.match(/^\\restrict (\w+)$/)).find((match) => match !== null) ?? [];
	const withoutKey = lines.filter((line) => line !== `\\restrict ${key}` && line !== `\\unrestrict ${key}`);
	if (version >= 170000) return withoutKey.join("\n");
	const setting = withoutKey.indexOf("SET transaction_timeout = 0;");
	return withoutKey.filter((_, index) => index !== setting).join("\n");
}

/** Writes tables, types, functions and views, all or nothing. */
export async function copyDefinitions(copying: Copying, archive: Archive): Promise<void> {
	await copying.database.step("pre-data", "", async (client) => {
		const sql = await itemsSql(copying, archive, archive.before);
		await client.query("SAVEPOINT definitions");
		await withSearchPath(copying, async (searchPath) => {
			await client.query("ROLLBACK TO SAVEPOINT definitions");
			await client.query(setSearchPath(sql, searchPath)).catch((error) => {
				throw refused("the target refuses a definition", error, sql);
			});
		});
		return { objects: archive.before.length };
	});
}

/** SQL of pg_restore's with another search path than its empty one. */
export function setSearchPath(sql: string, searchPath: string): string {
	const empty = "SELECT pg_catalog.set_config('search_path', '', false);";
	return sql.replace(empty, () => `SELECT pg_catalog.set_config('search_path', ${quoteText(searchPath)}, false);`);
}

/** An error of the target's with the statement's first line, which names the object. */
export function refused(what: string, error: unknown, sql: string): Error {
	const { message, position, code, where } = error as Partial<pg.DatabaseError> & Error;
	if (code === undefined) return error as Error;
	const [caller] = where?.match(/^(SQL|PL\/pgSQL) function .*/) ?? [];
	const at = position === undefined ? caller : statementAt(sql, Number(position));
	const says = withoutValues({ code, message, where });
	return Object.assign(new Error(`${what}: ${says}${at === undefined ? "" : ` (in: ${at})`}`, { cause: error }), {
		code,
	});
}

function statementAt(sql: string, position: number): string | undefined {
	const before = sql.slice(0, position - 1);
	const start = before.lastIndexOf("\n--\n") + 1;
	const line = sql
		.slice(start)
		.split("\n")
		.find((text) => text !== "" && !text.startsWith("--"));
	return line === undefined ? undefined : withoutLiterals(line).slice(0, 120);
}
