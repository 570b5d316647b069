import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import type pg from "pg";
import { type Finding, replicaFinding } from "../findings.ts";
import { isConnectionError } from "../journal/errors.ts";
import { carriedRoles, serverVersion, superusers } from "./catalog.ts";
import { Workspace } from "./children.ts";
import { connect, type Login, withSession } from "./connection.ts";
import { compareVersions, readPin } from "./pins.ts";
import { natureOf } from "./refresh-settings.ts";
import { COPY_SCHEMA, isExtensionLeftBehind, isSettingLeftBehind, type Owners } from "./rules.ts";
import { leftBehindSchemas } from "./schema.ts";
import { carriedSchemas } from "./sums.ts";
import { quoteName } from "./target.ts";
import { type Found, LARGEST_BYTES, TRAPS } from "./traps.ts";
import { isBehind, readOwners, readSequences } from "./verify.ts";
import { type Waiters, watchWaiters } from "./waiters.ts";

/** What is looked at before a row moves. */
export interface CheckOptions {
	source: Login;
	/** The database that the copy is to replace. */
	target: Login;
	/** The next copy's database: `move_7`. */
	into: string;
	jobs: number;
	/** The target's disk, from the stage file; without it the room is not known, which is said. */
	diskBytes?: number | undefined;
	/** Whether the definitions are tried on the target, in a database that is dropped again; default yes. */
	tryDefinitions?: boolean;
}

const LOCK_TIMEOUT = "2s";
/** How long somebody waits for a table that is looked at. */
const LOCK_WAIT_SECONDS = 5;
/** Database that definitions are tried in. */
const TRIAL = "move_trial";
/** Sessions besides those of the jobs: control, watch, marker, the operator's. */
const OTHER_SESSIONS = 6;
const LISTED = 20;

/** Looks for every trap on both sides; finds nothing on a clean pair. Blockers first. */
export async function check(options: CheckOptions): Promise<Finding[]> {
	// On a live source nothing waits long for a lock, and so nobody waits for us.
	const [source, target] = await Promise.all([
		connect(options.source, { settings: { lock_timeout: LOCK_TIMEOUT } }),
		connect(options.target),
	]);
	let isInterrupted = false;
	let waiters: Waiters | undefined;
	try {
		const { rows } = await source.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
		waiters = await watchWaiters(options.source, {
			lockWaitSeconds: LOCK_WAIT_SECONDS,
			onWait: () => {
				isInterrupted = true;
			},
			keptPid: rows[0]?.pid ?? 0,
		});
		const owners = await readOwners(source, target, options.target);
		const [own, other, client] = await Promise.all([readPin(source), readPin(target), clientVersion()]);
		const findings = [
			...compareVersions(own.version, other.version, client),
			...(await findTraps(source, "source")),
			...(await findTraps(target, "target")),
			...(await checkSession(source, "source")),
			...(await checkSession(target, "target")),
			...(await checkExtensions(source, target)),
			...(await checkSearchPaths(source)),
			...(await unlessLocked(checkSizes(source))),
			...(await unlessLocked(checkSequences(source))),
			...(await unlessLocked(checkUniqueness(source))),
			...(await unlessLocked(checkConstraints(source))),
			...(await checkViews(source)),
			...(await checkLocale(source, target)),
			...(await checkRoles(source, target, owners)),
			...(await checkRoom(source, target, options)),
		];
		if (options.tryDefinitions ?? true) {
			// Its pg_dump holds all tables, and ends where somebody waits for one.
			const tried = await tryDefinitions(source, options, findings).catch((error: unknown) => {
				if (!isInterrupted) throw error;
				return [];
			});
			if (!isInterrupted) findings.push(...tried);
		}
		if (isInterrupted) findings.push(incomplete("a session of the source waited for a table that was looked at"));
		const rank = { blocker: 0, warning: 1, note: 2 };
		return findings.sort((a, b) => rank[a.severity] - rank[b.severity]);
	} finally {
		await Promise.all([waiters?.close(), ...[source.end(), target.end()].map((end) => end.catch(() => {}))]);
	}
}

/** lock_not_available, query_canceled */
const ENDED = new Set(["55P03", "57014"]);

/** What reads rows ends where somebody else holds a table alone (`table-locked` names it), and where somebody waits for it. */
async function unlessLocked(found: Promise<Finding[]>): Promise<Finding[]> {
	return found.catch((error: Error & { code?: string }) => {
		if (!ENDED.has(error.code ?? "")) throw error;
		return error.code === "57014" ? [] : [incomplete("a table of the source is locked")];
	});
}

function incomplete(why: string): Finding {
	return {
		trap: "check-incomplete",
		severity: "warning",
		line: `${why}, so that not all rows were looked at; when it has what it waits for: npm run move -- check --stack STACK`,
	};
}

async function clientVersion(): Promise<string> {
	const { stdout } = await promisify(execFile)("pg_dump", ["--version"]);
	return stdout.match(/\) (\d+\.\d+)/)?.[1] ?? "";
}

async function findTraps(client: pg.Client, side: "source" | "target"): Promise<Finding[]> {
	const [version, schemas] = [await serverVersion(client), await carriedSchemas(client)];
	const findings: Finding[] = [];
	for (const { id, severity, sql, line } of TRAPS.filter((trap) => trap.side === side)) {
		const { rows } = await client.query<Found>(sql(version), [schemas]).catch((error: Error) => {
			throw new Error(`trap ${id} cannot be looked for on the ${side}: ${error.message}`, { cause: error });
		});
		for (const found of rows.slice(0, LISTED)) {
			findings.push({ trap: id, severity, object: found.object, line: line(found) });
		}
		if (rows.length > LISTED) {
			findings.push({ trap: id, severity, line: `and ${rows.length - LISTED} more like it (${id})` });
		}
	}
	return findings;
}

/** Time limits that end a session of ours, and a target that takes no writes; the session's own settings come before a role's. */
async function checkSession(client: pg.Client, side: "source" | "target"): Promise<Finding[]> {
	const { rows } = await client.query<{ name: string; setting: string; user: string }>(
		`SELECT name, setting, current_user AS user FROM pg_settings WHERE name IN ('statement_timeout', 'idle_session_timeout',
			'idle_in_transaction_session_timeout', 'transaction_timeout') AND setting <> '0'`,
	);
	const limits = rows.map(
		({ name, setting, user }): Finding => ({
			trap: "session-limit",
			severity: "blocker",
			object: name,
			line: `${name} of the ${side}'s sessions is ${setting} ms, which would end a long copy; on the ${side}: ALTER ROLE ${quoteName(user)} SET ${name} = 0;`,
		}),
	);
	const state = await client.query<{ readonly: string; recovery: boolean; database: string }>(
		"SELECT current_setting('default_transaction_read_only') AS readonly, pg_is_in_recovery() AS recovery, current_database()::text AS database",
	);
	const [{ readonly, recovery, database }] = state.rows as [{ readonly: string; recovery: boolean; database: string }];
	if (side === "source" && recovery) limits.push(replicaFinding("source-replica", database));
	if (side === "target" && (readonly === "on" || recovery)) {
		limits.push({
			trap: "target-read-only",
			severity: "blocker",
			object: database,
			line: recovery
				? `the target ${database} is a replica, which takes no writes; give the primary's address in the hand-over file: npm run move -- credentials --stack STACK --replace`
				: `database ${database} of the target takes no writes (default_transaction_read_only); on the target: ALTER DATABASE ${quoteName(database)} RESET default_transaction_read_only; the same for roles`,
		});
	}
	return limits;
}

async function checkExtensions(source: pg.Client, target: pg.Client): Promise<Finding[]> {
	const [own, there] = await Promise.all([
		source.query<{ name: string; version: string }>("SELECT extname AS name, extversion AS version FROM pg_extension"),
		target.query<{ name: string; version: string }>("SELECT name, version FROM pg_available_extension_versions"),
	]);
	const newest = new Map<string, string>();
	for (const { name, version } of there.rows) {
		const before = newest.get(name);
		newest.set(name, before === undefined || isOlder(before, version) ? version : before);
	}
	return own.rows
		.filter(({ name }) => !isExtensionLeftBehind(name))
		.flatMap(({ name, version }): Finding[] => {
			const known = newest.get(name);
			if (known === undefined) {
				return [
					{
						trap: "extension-missing",
						severity: "blocker",
						object: name,
						line: `extension ${name}: the target does not have it; not needed: DROP EXTENSION ${quoteName(name)}; on the source; needed: ask Aptible's support for it`,
					},
				];
			}
			return isOlder(known, version)
				? [
						{
							trap: "extension-older",
							severity: "blocker",
							object: name,
							line: `extension ${name}: the source has ${version}, and the target at most ${known}; in the stage file take a newer version of PostgreSQL, or ask Aptible's support`,
						},
					]
				: [];
		});
}

/** Versions of extensions are numbers with dots, mostly. */
export function isOlder(a: string, b: string): boolean {
	return a.localeCompare(b, "en", { numeric: true }) < 0;
}

/**
 * Functions in indexes, generated columns and checks whose body names what they use without a schema: since 17 an index is built with
 * a safe search path, and older servers restore with an empty one.
 */
async function checkSearchPaths(client: pg.Client): Promise<Finding[]> {
	const { rows } = await client.query<{ object: string; name: string; users: string }>(
		`WITH own AS (SELECT p.oid, p.proname, p.prosrc, p.proconfig FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
			WHERE p.pronamespace = ANY ($1) AND l.lanname NOT IN ('c', 'internal')
			AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')),
		names AS (SELECT proname AS name, '\\s*\\(' AS call FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
			WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
			UNION SELECT relname, '\\M' FROM pg_class WHERE relnamespace = ANY ($1) AND relkind IN ('r', 'p', 'v', 'm')),
		used AS (SELECT DISTINCT d.refobjid AS oid, i.type || ' ' || i.identity AS name FROM pg_depend d, LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) i
			WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid IN (SELECT oid FROM own) AND (
				(d.classid = 'pg_class'::regclass AND EXISTS (SELECT FROM pg_class WHERE oid = d.objid AND relkind IN ('i', 'I')))
				OR (d.classid = 'pg_attrdef'::regclass AND EXISTS (SELECT FROM pg_attrdef a JOIN pg_attribute t ON t.attrelid = a.adrelid AND t.attnum = a.adnum
					WHERE a.oid = d.objid AND t.attgenerated <> ''))
				OR (d.classid = 'pg_constraint'::regclass)))
		SELECT own.oid::regprocedure::text AS object, min(names.name) AS name, string_agg(DISTINCT used.name, ', ') AS users
		FROM own JOIN used ON used.oid = own.oid JOIN names ON own.prosrc ~ ('(^|[^.\\w"])' || regexp_replace(names.name, '(\\W)', '\\\\\\1', 'g') || names.call)
		WHERE NOT EXISTS (SELECT FROM unnest(own.proconfig) o WHERE o LIKE 'search_path=%') GROUP BY own.oid ORDER BY 1`,
		[await carriedSchemas(client)],
	);
	return rows.map(({ object, name, users }) => ({
		trap: "function-search-path",
		severity: "warning",
		object,
		line: `function ${object}: it names ${name} without a schema and is used in ${users}, which the target builds with a safe search path; on the source: ALTER FUNCTION ${object} SET search_path = public, pg_temp;`,
	}));
}

/** A large object or a row over 64 MB does not fit through the mover. */
async function checkSizes(client: pg.Client): Promise<Finding[]> {
	const findings: Finding[] = [];
	const objects = await client
		.query<{ oid: string }>(
			`SELECT m.oid::text AS oid FROM pg_largeobject_metadata m WHERE CASE WHEN (pg_has_role(m.lomowner, 'USAGE')
				OR EXISTS (SELECT FROM aclexplode(m.lomacl) a WHERE a.privilege_type = 'SELECT' AND (a.grantee = 0 OR pg_has_role(a.grantee, 'USAGE'))))
				THEN octet_length(lo_get(m.oid, ${LARGEST_BYTES}, 1)) > 0 END LIMIT ${LISTED}`,
		)
		.then(({ rows }) => rows);
	for (const { oid } of objects) {
		findings.push({
			trap: "large-object-size",
			severity: "blocker",
			object: oid,
			line: `large object ${oid}: it is larger than 64 MB, and the mover takes each in one piece; move it to the object storage, then on the source: SELECT lo_unlink(${oid});`,
		});
	}
	// Compressed text is at most 1/100 of what it says; smaller tables cannot have such a row.
	const tables = await client.query<{ name: string; size: string }>(
		`SELECT format('%I.%I', n.nspname, c.relname) AS name, string_agg(CASE WHEN t.typname IN ('text', 'varchar', 'bpchar', 'bytea')
			THEN format('coalesce(octet_length(%I), 0)', a.attname) ELSE format('coalesce(pg_column_size(%I), 0)', a.attname) END, ' + ') AS size
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		JOIN pg_type t ON t.oid = a.atttypid
		WHERE c.relkind = 'r' AND n.oid = ANY ($1) AND a.attlen = -1 AND c.reltoastrelid <> 0 AND pg_relation_size(c.reltoastrelid) > ${LARGEST_BYTES / 128}
			AND has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid) AND has_schema_privilege(n.oid, 'USAGE')
		GROUP BY n.nspname, c.relname`,
		[await carriedSchemas(client)],
	);
	for (const { name, size } of tables.rows) {
		const { rows } = await client.query<{ count: string }>(
			`SELECT count(*)::text AS count FROM ONLY ${name} WHERE ${size} > ${LARGEST_BYTES}`,
		);
		if (rows[0]?.count !== "0") {
			findings.push({
				trap: "row-size",
				severity: "blocker",
				object: name,
				line: `table ${name}: ${rows[0]?.count} rows are larger than 64 MB, which does not fit through the mover; move their content to the object storage; to find them on the source: SELECT ctid FROM ${name} WHERE ${size} > ${LARGEST_BYTES};`,
			});
		}
	}
	return findings;
}

async function checkSequences(client: pg.Client): Promise<Finding[]> {
	const states = await readSequences(client, await carriedSchemas(client), true);
	return [...states.values()].filter(isBehind).map(({ name, columns }) => ({
		trap: "sequence-behind",
		severity: "warning",
		object: name,
		line: `sequence ${name}: ${columns[0]?.name} has gone further, so that the next insert fails; on the source: SELECT setval('${name}', ${String(columns[0]?.furthest)});`,
	}));
}

/**
 * Duplicates in unique indexes on text: there where the collation's library has changed under an index, which since 15 the server
 * knows and before nobody does.
 */
async function checkUniqueness(client: pg.Client): Promise<Finding[]> {
	const version = await serverVersion(client);
	const changed =
		version < 150_000
			? "true"
			: "(SELECT datcollversion IS DISTINCT FROM pg_database_collation_actual_version(oid) FROM pg_database WHERE datname = current_database())";
	const { rows } = await client.query<{
		index: string;
		table: string;
		columns: string;
		filled: string;
		predicate: string | null;
	}>(
		`SELECT i.indexrelid::regclass::text AS index, format('%I.%I', n.nspname, c.relname) AS table,
			(SELECT string_agg(pg_get_indexdef(i.indexrelid, k, false), ', ' ORDER BY k) FROM generate_series(1, i.indnkeyatts) k) AS columns,
			(SELECT string_agg('(' || pg_get_indexdef(i.indexrelid, k, false) || ') IS NOT NULL', ' AND ' ORDER BY k) FROM generate_series(1, i.indnkeyatts) k) AS filled,
			pg_get_expr(i.indpred, i.indrelid) AS predicate
		FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace AND n.oid = ANY ($1)
		WHERE i.indisunique AND c.relkind = 'r' AND ${changed} AND pg_table_size(c.oid) < 1 << 30
			AND EXISTS (SELECT FROM unnest(i.indcollation) o WHERE o <> 0 AND o <> (SELECT oid FROM pg_collation WHERE collname = 'C' AND collnamespace = 'pg_catalog'::regnamespace))
			AND has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE') AND NOT row_security_active(c.oid)`,
		[await carriedSchemas(client)],
	);
	const findings: Finding[] = [];
	for (const { index, table, columns, filled, predicate } of rows) {
		const where = predicate === null ? filled : `${filled} AND (${predicate})`;
		const found = await withoutIndexes<{ count: string }>(
			client,
			`SELECT count(*)::text AS count FROM (SELECT FROM ONLY ${table} WHERE ${where} GROUP BY ${columns} HAVING count(*) > 1) d`,
		);
		if (found.rows[0]?.count !== "0") {
			findings.push({
				trap: "duplicate-key",
				severity: "blocker",
				object: index,
				line: `unique index ${index}: ${found.rows[0]?.count} keys are there more than once, and the target refuses the index; to find them on the source: SET enable_indexscan = off; SELECT ${columns}, count(*) FROM ${table} GROUP BY ${columns} HAVING count(*) > 1;`,
			});
		}
	}
	return findings;
}

/** An index that is wrong does not find what it lacks. */
async function withoutIndexes<Row extends pg.QueryResultRow>(
	client: pg.Client,
	sql: string,
): Promise<pg.QueryResult<Row>> {
	await client.query("SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off");
	try {
		return await client.query<Row>(sql);
	} finally {
		await client.query("RESET enable_indexscan; RESET enable_indexonlyscan; RESET enable_bitmapscan");
	}
}

/** Checks that call a function may have become false since the row was written. */
async function checkConstraints(client: pg.Client): Promise<Finding[]> {
	const { rows } = await client.query<{ name: string; table: string; condition: string }>(
		`SELECT quote_ident(o.conname) AS name, format('%I.%I', n.nspname, c.relname) AS table, pg_get_expr(o.conbin, o.conrelid) AS condition
		FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace AND n.oid = ANY ($1)
		WHERE o.contype = 'c' AND o.convalidated AND c.relkind = 'r' AND NOT row_security_active(c.oid) AND has_table_privilege(c.oid, 'SELECT')
			AND has_schema_privilege(n.oid, 'USAGE') AND EXISTS (SELECT FROM pg_depend d JOIN pg_proc p ON p.oid = d.refobjid AND p.pronamespace = ANY ($1)
				WHERE d.classid = 'pg_constraint'::regclass AND d.objid = o.oid AND d.refclassid = 'pg_proc'::regclass)`,
		[await carriedSchemas(client)],
	);
	const findings: Finding[] = [];
	for (const { name, table, condition } of rows) {
		const count = await client
			.query<{ count: string }>(`SELECT count(*)::text AS count FROM ONLY ${table} WHERE NOT (${condition})`)
			.then((answer) => `${answer.rows[0]?.count} rows break it`)
			.catch((error: Error & { code?: string }) => {
				if (isConnectionError(error) || ENDED.has(error.code ?? "")) throw error;
				// What a function of the check raises may quote the row.
				return `it cannot be looked at (SQLSTATE ${error.code})`;
			});
		if (count !== "0 rows break it") {
			findings.push({
				trap: "check-violated",
				severity: "blocker",
				object: `${name} of ${table}`,
				line: `constraint ${name} of ${table}: ${count}, and the target refuses them; correct the rows, or on the source: ALTER TABLE ${table} DROP CONSTRAINT ${name}; and add it again with NOT VALID`,
			});
		}
	}
	return findings;
}

/** Views whose content is another one with each refresh, or depends on who refreshes them. */
async function checkViews(client: pg.Client): Promise<Finding[]> {
	const { rows } = await client.query<{ name: string }>(
		`SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.oid = ANY ($1)
		WHERE c.relkind = 'm' ORDER BY 1`,
		[await carriedSchemas(client)],
	);
	const findings: Finding[] = [];
	for (const { name } of rows) {
		const { changing, readsSettings } = await natureOf(client, name);
		const reasons = [...(changing.length > 0 ? [changing.join(", ")] : []), ...(readsSettings ? ["a setting"] : [])];
		if (reasons.length === 0) continue;
		findings.push({
			trap: "matview-unsteady",
			severity: "note",
			object: name,
			line: `materialized view ${name}: its query has ${reasons.join(" and ")}, so that the copy's content may be another than the source's, which the proof shows; a setting is carried where it is made for the database: ALTER DATABASE ... SET`,
		});
	}
	return findings;
}

interface Locale {
	collate: string;
	ctype: string;
	provider: string;
	encoding: string;
}

async function readLocale(client: pg.Client): Promise<Locale> {
	const provider = (await serverVersion(client)) >= 150_000 ? "datlocprovider" : "'c'";
	const { rows } = await client.query<Locale>(
		`SELECT datcollate AS collate, datctype AS ctype, ${provider} AS provider, pg_encoding_to_char(encoding) AS encoding
		FROM pg_database WHERE datname = current_database()`,
	);
	return rows[0] as Locale;
}

/** Whether the target has the source's locale: otherwise text sorts in another order there, and lower() may give other letters. */
async function checkLocale(source: pg.Client, target: pg.Client): Promise<Finding[]> {
	const own = await readLocale(source);
	const plainName = (name: string) => name.toLowerCase().replaceAll("-", "");
	const { rows } = await target.query<{ name: string }>(
		"SELECT collcollate AS name FROM pg_collation WHERE collprovider = 'c'",
	);
	const there = await readLocale(target);
	const known = new Set(
		[...rows.map(({ name }) => name), "C", "POSIX", there.collate, there.ctype].map((name) => plainName(name ?? "")),
	);
	const missing = [...new Set([own.collate, own.ctype])].filter((name) => !known.has(plainName(name)));
	if (own.provider !== "c" || missing.length === 0) {
		return [];
	}
	const { rows: keys } = await source.query<{ table: string }>(
		`SELECT DISTINCT i.indrelid::regclass::text AS table FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
		JOIN pg_type t ON t.oid = a.atttypid WHERE i.indisunique AND t.typname = 'citext' ORDER BY 1 LIMIT 3`,
	);
	const citext =
		keys.length === 0
			? ""
			: `; its unique citext columns (${keys.map(({ table }) => table).join(", ")}) may meet duplicates`;
	return [
		{
			trap: "locale-missing",
			severity: "warning",
			object: missing.join(", "),
			line: `locale ${missing.join(", ")} of the source's database: the target does not have it, so that text sorts as in ${there.collate}${citext}; rehearse with the application's lists: npm run move -- rehearse --stack STACK`,
		},
	];
}

/** Roles that the target has already with more than they should have, and settings that its version does not know. */
async function checkRoles(source: pg.Client, target: pg.Client, owners: Owners): Promise<Finding[]> {
	const [roles, above] = await Promise.all([carriedRoles(source, owners), superusers(target)]);
	const findings = roles
		.filter((role) => above.includes(role))
		.map(
			(role): Finding => ({
				trap: "role-taken",
				severity: "blocker",
				object: role,
				line: `role ${role}: the target has a superuser of that name, so that the application would become one; on the source: ALTER ROLE ${quoteName(role)} RENAME TO ${quoteName(`${role}_app`)};`,
			}),
		);
	const { rows } = await source.query<{ role: string | null; name: string }>(
		`SELECT r.rolname AS role, split_part(unnest(s.setconfig), '=', 1) AS name FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole
		WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))`,
	);
	const known = await target.query<{ name: string }>("SELECT name FROM pg_settings");
	const names = new Set(known.rows.map(({ name }) => name));
	const isOurs = (role: string | null) => role === null || role === owners.admin || roles.includes(role);
	for (const { role, name } of rows) {
		if (isOurs(role) && !isSettingLeftBehind(name) && !name.includes(".") && !names.has(name)) {
			const who = role === null ? "the database" : `role ${role}`;
			const { rows: database } = await source.query<{ name: string }>("SELECT current_database()::text AS name");
			const on = role === null ? `DATABASE ${quoteName(database[0]?.name ?? "")}` : `ROLE ${quoteName(role)}`;
			findings.push({
				trap: "setting-unknown",
				severity: "blocker",
				object: name,
				line: `setting ${name} of ${who}: the target's version does not know it; on the source: ALTER ${on} RESET ${name};`,
			});
		}
		if (isOurs(role) && name === "statement_timeout") {
			findings.push({
				trap: "statement-timeout",
				severity: "note",
				object: role ?? "database",
				line: `statement_timeout of ${role ?? "the database"}: it is carried; the copy sets its own to 0; to see it: SELECT * FROM pg_db_role_setting;`,
			});
		}
	}
	return findings;
}

/** Whether the copy fits: its name, connections on both sides, and the disk with a fifth left free. */
async function checkRoom(source: pg.Client, target: pg.Client, options: CheckOptions): Promise<Finding[]> {
	const findings: Finding[] = [];
	const { rows: taken } = await target.query<{ taken: boolean }>(
		"SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1) AS taken",
		[options.into],
	);
	if (taken[0]?.taken && !(await isCopy(options))) {
		findings.push({
			trap: "name-taken",
			severity: "blocker",
			object: options.into,
			line: `database ${options.into} is on the target already, and is no copy of the mover's; look into it, then on the target: DROP DATABASE ${quoteName(options.into)};`,
		});
	}
	for (const [client, side] of [
		[source, "source"],
		[target, "target"],
	] as const) {
		findings.push(...(await checkConnections(client, side, options.jobs)));
	}
	findings.push(...(await checkDisk(source, target, options.diskBytes)));
	return findings;
}

async function isCopy({ target, into }: CheckOptions): Promise<boolean> {
	return withSession(target, { database: into }, async (client) => {
		const { rows } = await client.query<{ made: boolean }>("SELECT to_regnamespace($1) IS NOT NULL AS made", [
			COPY_SCHEMA,
		]);
		return rows[0]?.made ?? false;
	}).catch(() => false);
}

async function checkConnections(client: pg.Client, side: "source" | "target", jobs: number): Promise<Finding[]> {
	const { rows } = await client.query<{ free: number; role: number; database: number; user: string; name: string }>(
		`SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
				- (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::int + 1 AS free,
			(SELECT CASE WHEN rolconnlimit < 0 OR rolsuper THEN 1000000 ELSE rolconnlimit END FROM pg_roles WHERE rolname = current_user)
				- (SELECT count(*) FROM pg_stat_activity WHERE usename = current_user)::int + 1 AS role,
			(SELECT CASE WHEN datconnlimit < 0 OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN 1000000 ELSE datconnlimit END
				FROM pg_database WHERE datname = current_database())
				- (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database())::int + 1 AS database,
			current_user AS user, current_database()::text AS name`,
	);
	const [{ free, role, database, user, name }] = rows as [
		{ free: number; role: number; database: number; user: string; name: string },
	];
	const needed = jobs * 2 + OTHER_SESSIONS;
	const limits: [left: number, of: string, fix: string][] = [
		[free, "the server", "SELECT pid, usename, application_name FROM pg_stat_activity; and end idle ones"],
		[role, `role ${user}`, `ALTER ROLE ${quoteName(user)} CONNECTION LIMIT -1;`],
		[database, `database ${name}`, `ALTER DATABASE ${quoteName(name)} CONNECTION LIMIT -1;`],
	];
	return limits
		.filter(([left]) => left < needed)
		.map(([left, of, fix]) => ({
			trap: "connections",
			severity: "blocker",
			object: `${side} ${of}`,
			line: `${of} on the ${side} takes ${Math.max(0, left)} sessions more, and the copy needs ${needed}; on the ${side}: ${fix}`,
		}));
}

/** What is there (the former database and kept copies), the new copy, and the WAL that it writes. */
async function checkDisk(source: pg.Client, target: pg.Client, diskBytes: number | undefined): Promise<Finding[]> {
	if (diskBytes === undefined) {
		return [
			{
				trap: "disk-unknown",
				severity: "warning",
				line: "the target's disk is not known, so that nobody can say whether the copy fits; write the hand-over file anew: npm run move -- credentials --stack STACK --replace",
			},
		];
	}
	const [own, there] = await Promise.all([
		source.query<{ bytes: string }>("SELECT pg_database_size(current_database())::text AS bytes"),
		target.query<{ bytes: string; wal: string }>(
			`SELECT sum(pg_database_size(oid))::text AS bytes, (SELECT setting::int8 << 20 FROM pg_settings WHERE name = 'max_wal_size')::text AS wal
			FROM pg_database WHERE has_database_privilege(oid, 'CONNECT')`,
		),
	]);
	const copy = Number(own.rows[0]?.bytes);
	const kept = Number(there.rows[0]?.bytes);
	const wal = Number(there.rows[0]?.wal);
	const needed = (copy + kept + wal) / 0.8;
	if (needed <= diskBytes) {
		return [];
	}
	const gb = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
	return [
		{
			trap: "disk",
			severity: "blocker",
			line: `the target's disk has ${gb(diskBytes)}: ${gb(kept)} are on it, the copy takes ${gb(copy)}, its WAL ${gb(wal)}, and a fifth stays free; in the stage file: diskGb: ${Math.ceil(needed / (1 << 30))}`,
		},
	];
}

/** Restores the definitions without rows into a database of the target, which is dropped whatever happens. */
async function tryDefinitions(
	source: pg.Client,
	options: CheckOptions,
	before: readonly Finding[],
): Promise<Finding[]> {
	const superuser = await withSession(options.target, {}, superusers);
	if (superuser.length === 0 || before.some(({ trap }) => trap === "target-rights" || trap === "client-too-old")) {
		return [];
	}
	const workspace = new Workspace();
	const drop = () =>
		withSession(options.target, {}, (client) => client.query(`DROP DATABASE IF EXISTS ${TRIAL} WITH (FORCE)`));
	try {
		await drop();
		const { encoding } = await readLocale(source);
		await withSession(options.target, {}, (client) =>
			client
				.query(`CREATE DATABASE ${TRIAL} TEMPLATE template0 ENCODING '${encoding}'`)
				.catch(() => client.query(`CREATE DATABASE ${TRIAL} TEMPLATE template0`)),
		);
		const dump = await run("pg_dump", await dumpArguments(source), workspace.environment(options.source));
		if (dump.code !== 0) {
			const [, reason = dump.errors.trim()] = dump.errors.match(/^pg_dump: error: (.*)$/m) ?? [];
			return [definitionFinding("pg_dump", reason)];
		}
		const known = new Set(before.map(({ object }) => object));
		const sql = dump.output.replaceAll(/^CREATE EXTENSION IF NOT EXISTS (\S+) .*$/gm, (line, name: string) =>
			isExtensionLeftBehind(name.replaceAll('"', "")) || known.has(name.replaceAll('"', "")) ? "" : line,
		);
		const trial = workspace.environment(options.target, { database: TRIAL });
		const restore = await run("psql", ["-Xq", "-v", "VERBOSITY=terse", "-f", "-"], trial, sql);
		return readErrors(restore.errors, sql);
	} finally {
		await drop();
		workspace.close();
	}
}

async function dumpArguments(source: pg.Client): Promise<string[]> {
	// Roles are made by the copy, so that owners and rights are tried there.
	const parts = [
		"--no-owner",
		"--no-acl",
		"--no-comments",
		"--no-publications",
		"--no-subscriptions",
		"--no-security-labels",
	];
	return [
		"--schema-only",
		"--no-tablespaces",
		"--lock-wait-timeout=5s",
		...parts,
		...(await leftBehindSchemas(source)),
	];
}

interface Result {
	code: number;
	output: string;
	errors: string;
}

/** Runs a program to its end, however it ends: both its output and what it says of errors are looked at. */
async function run(program: string, args: readonly string[], env: Record<string, string>, input = ""): Promise<Result> {
	const child = spawn(program, args, { env, stdio: ["pipe", "pipe", "pipe"] });
	const [output, errors]: [Buffer[], Buffer[]] = [[], []];
	child.stdout.on("data", (chunk) => output.push(chunk));
	child.stderr.on("data", (chunk) => errors.push(chunk));
	// A program that has ended early says why on its standard error.
	child.stdin.on("error", () => {});
	child.stdin.end(input);
	const [code] = await once(child, "close");
	return { code, output: Buffer.concat(output).toString(), errors: Buffer.concat(errors).toString() };
}

/** One finding for each statement that failed for itself: what fails for another's sake is not told. */
function readErrors(errors: string, sql: string): Finding[] {
	const lines = sql.split("\n");
	const found = errors.split("\n").flatMap((text): Finding[] => {
		const [, number, message = ""] = text.match(/^psql:<stdin>:(\d+): ERROR: {2}(.*)$/) ?? [];
		if (number === undefined || /^role ".*" does not exist$/.test(message)) {
			return [];
		}
		return [definitionFinding(objectAt(lines, Number(number)), message)];
	});
	return found.slice(0, LISTED);
}

/** pg_dump writes a comment before each object. */
function objectAt(lines: readonly string[], number: number): string {
	for (let index = Math.min(number, lines.length) - 1; index >= 0; index -= 1) {
		const [, name, type, schema] = lines[index]?.match(/^-- Name: (.*); Type: (.*); Schema: ([^;]+)/) ?? [];
		if (name !== undefined) {
			return `${type?.toLowerCase()} ${schema === "-" ? "" : `${schema}.`}${name}`;
		}
	}
	return `line ${number}`;
}

function definitionFinding(object: string, message: string): Finding {
	const fix = /unrecognized (configuration )?parameter|pg_attver/.test(message)
		? "deploy a newer image of the mover: docker build --pull -f packages/mover/Dockerfile ."
		: /function .* does not exist/.test(message)
			? "name its schema in the function's body, or on the source: ALTER FUNCTION ... SET search_path = public, pg_temp;"
			: "change the definition on the source, then again: npm run move -- check --stack STACK";
	return {
		trap: "definition-refused",
		severity: "blocker",
		object,
		// A literal of its body is quoted after what is wrong with it.
		line: `${object}: the target refuses its definition (${message.replace(/(: |at or near )".*$/s, "$1...")}); ${fix}`,
	};
}
