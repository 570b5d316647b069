import { type Finding, replicaFinding } from "../findings.ts";
import type { Login } from "../postgresql/connection.ts";
import { quoteName, type Session, withMysql } from "./connection.ts";
import { accountsOf, type Definer, definersOf } from "./definers.ts";
import { RUNNING_EVENTS_FIX } from "./events.ts";
import { columnsOf, isBytes, isFloat, type MysqlColumn } from "./rows.ts";
import { databaseOf, foreignObjects, type MysqlObject, nameSome, objectsOf } from "./target.ts";
import { RESERVED_SINCE_80 } from "./words.ts";

/** What a side is like, as far as a trap depends on it. */
export interface MysqlFacts {
	database: string;
	version: string;
	/** Whether it follows another server; nothing where the user may not ask. */
	isReplica: boolean | undefined;
	/** Global variables, by name in lower case. */
	variables: Readonly<Record<string, string>>;
	/** The user's privileges: on everything, or on this database. */
	privileges: ReadonlySet<string>;
	/** Whether the user may read every routine's body. */
	readsRoutines: boolean;
	objects: readonly MysqlObject[];
	/** What no copy has made. */
	foreign: readonly MysqlObject[];
	columns: readonly MysqlColumn[];
	tables: readonly { name: string; engine: string; bytes: number; hasPrimaryKey: boolean }[];
	/** Columns in the three-byte `utf8`, as `table.column`. */
	utf8mb3: readonly string[];
	/** Date columns with a zero date, as `table.column`; those with a default of one too. */
	zeroDates: readonly string[];
	/** The largest value of each table's large columns, in bytes. */
	largest: readonly { table: string; bytes: number }[];
	triggers: number;
	/** Bodies of routines, triggers and events, by name. */
	bodies: readonly { name: string; body: string }[];
	enabledEvents: number;
	definers: readonly Definer[];
	views: readonly { name: string; definer: string }[];
	/** Those of the definers that the server has; nothing where the user may not see accounts. */
	accounts: ReadonlySet<string> | undefined;
	/** Accounts that log in with `mysql_native_password`. */
	nativePasswords: readonly string[];
}

/** A row travels in hex and as a part of a statement: twice its size, and some. */
const ROW_OVERHEAD = 1 << 16;
const DUMP_PRIVILEGES = ["SELECT", "SHOW VIEW", "TRIGGER", "EVENT"];

/**
 * Finds what would break a copy, before a row moves (facts/move.md §1.5). It reads the large columns of the source once, for their
 * largest value, and its dates.
 */
export async function checkMysql({ source, target }: { source: Login; target: Login }): Promise<Finding[]> {
	const from = await withMysql(source, (session) => readMysqlFacts(session, databaseOf(source)));
	const into = await withMysql(target, async (session) => {
		const facts = await readMysqlFacts(session, databaseOf(target));
		return { ...facts, accounts: await accountsIfSeen(session, from.definers) };
	});
	return judgeMysql(from, into);
}

/** Reads a side; nothing is written. */
export async function readMysqlFacts(session: Session, database: string): Promise<MysqlFacts> {
	const variables = Object.fromEntries(
		(await session.rows("SHOW GLOBAL VARIABLES")).map((row) => [
			(row.Variable_name ?? "").toLowerCase(),
			row.Value ?? "",
		]),
	);
	const columns = await columnsOf(session, database);
	const definers = await definersOf(session, database);
	const tables = await session.rows(
		`SELECT t.TABLE_NAME AS name, t.ENGINE AS engine, COALESCE(t.DATA_LENGTH, 0) AS bytes,
			(SELECT COUNT(*) FROM information_schema.TABLE_CONSTRAINTS c WHERE c.TABLE_SCHEMA = t.TABLE_SCHEMA
				AND c.TABLE_NAME = t.TABLE_NAME AND c.CONSTRAINT_TYPE = 'PRIMARY KEY') AS keyed
		FROM information_schema.TABLES t WHERE t.TABLE_SCHEMA = ? AND t.TABLE_TYPE = 'BASE TABLE' ORDER BY 1`,
		[database],
	);
	const bodies = await session.rows(
		`SELECT ROUTINE_NAME AS name, ROUTINE_DEFINITION AS body FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ?
		UNION ALL SELECT TRIGGER_NAME, ACTION_STATEMENT FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?
		UNION ALL SELECT EVENT_NAME, EVENT_DEFINITION FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ?`,
		[database, database, database],
	);
	const privileges = await ownPrivileges(session, database);
	return {
		database,
		version: (await session.value("SELECT VERSION()")) ?? "",
		isReplica: await session
			.rows("SHOW REPLICA STATUS")
			.catch(() => session.rows("SHOW SLAVE STATUS"))
			.then((rows) => rows.length > 0)
			.catch(() => undefined),
		variables,
		privileges,
		readsRoutines: await readsRoutines(session, privileges),
		objects: await objectsOf(session, database),
		foreign: await foreignObjects(session, database),
		columns,
		tables: tables.map(({ name, engine, bytes, keyed }) => ({
			name: name ?? "",
			engine: engine ?? "",
			bytes: Number(bytes),
			hasPrimaryKey: Number(keyed) > 0,
		})),
		utf8mb3: (
			await session.rows(
				`SELECT CONCAT(TABLE_NAME, '.', COLUMN_NAME) AS name FROM information_schema.COLUMNS
				WHERE TABLE_SCHEMA = ? AND CHARACTER_SET_NAME IN ('utf8', 'utf8mb3') ORDER BY 1`,
				[database],
			)
		).map(({ name }) => name ?? ""),
		zeroDates: await findZeroDates(session, database, columns),
		largest: await findLargest(session, database, columns),
		triggers: Number(
			await session.value("SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ?", [database]),
		),
		bodies: bodies.map(({ name, body }) => ({ name: name ?? "", body: body ?? "" })),
		enabledEvents: Number(
			await session.value(
				"SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ? AND STATUS = 'ENABLED'",
				[database],
			),
		),
		definers,
		views: (
			await session.rows(
				"SELECT TABLE_NAME AS name, DEFINER AS definer FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ? ORDER BY 1",
				[database],
			)
		).map(({ name, definer }) => ({ name: name ?? "", definer: definer ?? "" })),
		accounts: await accountsIfSeen(session, definers),
		nativePasswords: (
			await session
				.rows(
					"SELECT CONCAT(User, '@', Host) AS name FROM mysql.user WHERE plugin = 'mysql_native_password' ORDER BY 1",
				)
				.catch(() => [])
		).map(({ name }) => name ?? ""),
	};
}

/** Judges both sides by themselves, so that a version that is not to be had can be judged too. */
export function judgeMysql(source: MysqlFacts, target: MysqlFacts): Finding[] {
	const findings: Finding[] = [];
	const add = (severity: Finding["severity"], trap: string, line: string, object?: string) =>
		findings.push({ trap, severity, line, ...(object === undefined ? {} : { object }) });
	const into = numberOf(target.version);

	if (numberOf(source.version) > into && isMariadb(source) === isMariadb(target)) {
		add(
			"blocker",
			"mysql-version",
			`the target is ${target.version}, older than the source's ${source.version}; make the target's database of that version or newer`,
		);
	}
	if (source.isReplica) findings.push(replicaFinding("mysql-replica", source.database));
	if (source.isReplica === undefined) {
		add(
			"warning",
			"mysql-replica-unknown",
			"the source's user may not ask whether its server is a replica, which may lack what its primary has; make sure that the address is the primary's, or GRANT REPLICATION CLIENT ON *.* TO the mover's user (MariaDB: REPLICA MONITOR)",
		);
	}
	if (isMariadb(source) !== isMariadb(target)) {
		add(
			"blocker",
			"mysql-flavour",
			`the source is ${source.version} and the target ${target.version}: MySQL and MariaDB read each other's definitions differently; use the same on both sides`,
		);
	}
	if (target.foreign.length > 0) {
		add(
			"blocker",
			"mysql-target-not-empty",
			`database "${target.database}" on the target has ${nameSome(target.foreign)}, which no copy has made; remove them, or copy with --replace`,
		);
	}
	const missing = DUMP_PRIVILEGES.filter((privilege) => !source.privileges.has(privilege));
	if (missing.length > 0) {
		add(
			"blocker",
			"mysql-privileges",
			`the source's user lacks ${missing.join(", ")}, without which views, triggers or events are left out and nobody says so; use the admin's login, or GRANT ${missing.join(", ")} ON ${quoteName(source.database)}.* TO the mover's user`,
		);
	}
	if (!source.readsRoutines) {
		add(
			"blocker",
			"mysql-routine-privileges",
			"the source's user may not read the bodies of routines, and a dump would end early or leave them out; use the admin's login, or GRANT SHOW_ROUTINE ON *.* TO the mover's user (MariaDB: GRANT SELECT ON mysql.proc)",
		);
	}
	for (const { account } of source.definers) {
		if (source.accounts !== undefined && !source.accounts.has(account)) {
			const views = source.views.filter(({ definer }) => definer === account);
			for (const { name } of views) {
				add(
					"blocker",
					"mysql-definer-lost",
					`view "${name}" runs as ${account}, whom the source itself does not have: nobody can read it, and its copy fails; make the account, or give it another DEFINER with ALTER DEFINER = CURRENT_USER VIEW, or drop it`,
					name,
				);
			}
			if (views.length > 0) continue;
			add(
				"warning",
				"mysql-definer-lost",
				`objects run as ${account}, whom the source itself does not have: they fail there already; make the account, or give them another DEFINER`,
				account,
			);
		} else if (target.accounts !== undefined && !target.accounts.has(account)) {
			add(
				"note",
				"mysql-definer-missing",
				`objects run as ${account}, whom the target does not have; the copy makes that account, locked, with the same privileges on this database`,
				account,
			);
		}
	}
	if (source.definers.length > 0 && target.accounts === undefined) {
		add(
			"blocker",
			"mysql-target-user",
			"the target's user may not see accounts, so that nobody makes those that objects run as; use root, whose password is the same as aptible's",
		);
	}
	const needsTrust =
		source.triggers > 0 || source.objects.some(({ kind }) => kind === "function" || kind === "procedure");
	const isTrusted = isOn(target.variables.log_bin_trust_function_creators) || !isOn(target.variables.log_bin);
	if (needsTrust && !isTrusted && !target.privileges.has("SUPER")) {
		add(
			"blocker",
			"mysql-binary-log",
			"the target keeps a binary log and its user lacks SUPER, so that functions and triggers are refused (error 1419); use root, or SET GLOBAL log_bin_trust_function_creators = 1",
		);
	}
	for (const { name, engine } of source.tables.filter(({ engine }) => engine !== "InnoDB")) {
		add(
			"warning",
			"mysql-engine",
			`table "${name}" is ${engine}, which no snapshot holds still: right in a frozen copy alone; ALTER TABLE ${quoteName(name)} ENGINE=InnoDB`,
			name,
		);
	}
	const isStrict =
		/NO_ZERO_DATE/.test(target.variables.sql_mode ?? "") && /STRICT/.test(target.variables.sql_mode ?? "");
	for (const name of isStrict ? source.zeroDates : []) {
		const [table = "", column = ""] = name.split(".");
		add(
			"warning",
			"mysql-zero-dates",
			`column "${name}" has the date 0000-00-00, which is copied, and which the target's sql_mode refuses from an application; UPDATE ${quoteName(table)} SET ${quoteName(column)} = NULL WHERE ${quoteName(column)} = 0, or set sql_mode in the application`,
			name,
		);
	}
	if (source.nativePasswords.length > 0 && !isMariadb(target) && into >= 804) {
		add(
			"warning",
			"mysql-native-password",
			`${source.nativePasswords.slice(0, 5).join(", ")} log in with mysql_native_password, which is off in ${target.version}; use a driver that knows caching_sha2_password before the move`,
		);
	}
	for (const name of source.utf8mb3) {
		const [table = ""] = name.split(".");
		add(
			"warning",
			"mysql-utf8mb3",
			`column "${name}" is in utf8mb3, which is deprecated and holds no emoji; after the move: ALTER TABLE ${quoteName(table)} CONVERT TO CHARACTER SET utf8mb4`,
			name,
		);
	}
	for (const name of reservedNames(source, target)) {
		add(
			"warning",
			"mysql-reserved-word",
			`"${name}" is a reserved word of ${target.version}, and an error where SQL has it without backticks; quote it as ${quoteName(name)} in the application and in routines, or rename it`,
			name,
		);
	}
	for (const { name } of source.bodies.filter(({ body }) =>
		/\b(SHOW|CHANGE|RESET|START|STOP)\s+(MASTER|SLAVE)\b/i.test(body),
	)) {
		if (!isMariadb(target) && into >= 804) {
			add(
				"blocker",
				"mysql-removed-syntax",
				`"${name}" has a statement with MASTER or SLAVE, which 8.4 does not know; write REPLICA, SOURCE or BINARY LOG instead`,
				name,
			);
		}
	}
	const forced = [target.variables.sql_require_primary_key, target.variables.innodb_force_primary_key].some(isOn);
	for (const { name } of forced ? source.tables.filter(({ hasPrimaryKey }) => !hasPrimaryKey) : []) {
		add(
			"blocker",
			"mysql-primary-key",
			`table "${name}" has no primary key, and the target refuses such tables; ALTER TABLE ${quoteName(name)} ADD COLUMN id BIGINT AUTO_INCREMENT PRIMARY KEY on the source, or SET GLOBAL sql_require_primary_key = OFF on the target`,
			name,
		);
	}
	for (const { table, bytes } of source.largest) {
		for (const [side, facts] of [
			["source", source],
			["target", target],
		] as const) {
			const packet = Number(facts.variables.max_allowed_packet);
			if (bytes * 2 + ROW_OVERHEAD > packet) {
				add(
					"blocker",
					"mysql-packet",
					`table "${table}" has a row of ${bytes} bytes, which travels as twice that, and the ${side}'s max_allowed_packet is ${packet}; SET GLOBAL max_allowed_packet = 1073741824 on the ${side}`,
					table,
				);
			}
		}
	}
	const caseless = "lower_case_table_names";
	if (
		(source.variables[caseless] === "0") !== (target.variables[caseless] === "0") &&
		source.tables.some(({ name }) => name !== name.toLowerCase())
	) {
		add(
			"blocker",
			"mysql-name-case",
			`${caseless} is ${source.variables[caseless]} on the source and ${target.variables[caseless]} on the target, and tables have capital letters in their names; rename them to lower case, or ask for the same setting`,
		);
	}
	const floats = source.columns.filter(isFloat);
	if (floats.length > 0) {
		add(
			"note",
			"mysql-float",
			`${floats.length} FLOAT columns (${floats
				.slice(0, 5)
				.map(({ table, name }) => `${table}.${name}`)
				.join(", ")}) would lose digits in a dump; the copy reads their tables as DOUBLE`,
		);
	}
	if (source.enabledEvents > 0) {
		add(
			isOn(target.variables.event_scheduler) ? "note" : "warning",
			"mysql-events",
			isOn(target.variables.event_scheduler)
				? `${source.enabledEvents} events are off on the target until the move is closed`
				: `${source.enabledEvents} events will not run on the target once the move is closed, as its event_scheduler is off; SET GLOBAL event_scheduler = ON`,
		);
	}
	if (source.enabledEvents > 0 && isOn(source.variables.event_scheduler)) {
		add(
			"warning",
			"mysql-events-running",
			`${source.enabledEvents} events run on the source, and a copy is refused while they do; before it: ${RUNNING_EVENTS_FIX}`,
		);
	}
	return findings;
}

/** Words that the target reserves and the source does not, among the names of tables, columns and the rest. */
function reservedNames(source: MysqlFacts, target: MysqlFacts): string[] {
	if (isMariadb(target)) return [];
	const [from, into] = [isMariadb(source) ? 0 : numberOf(source.version), numberOf(target.version)];
	const names = [...source.objects.map(({ name }) => name), ...source.columns.map(({ name }) => name)];
	const words = new Set(
		RESERVED_SINCE_80.filter(({ since }) => since > from && since <= into).flatMap(({ words }) => words.split(" ")),
	);
	return [...new Set(names.filter((name) => words.has(name.toUpperCase())))].toSorted();
}

function isMariadb({ version }: { version: string }): boolean {
	return /mariadb/i.test(version);
}

/** `8.4.2` is 804. */
function numberOf(version: string): number {
	const [, major = "0", minor = "0"] = /^(\d+)\.(\d+)/.exec(version) ?? [];
	return Number(major) * 100 + Number(minor);
}

function isOn(value: string | undefined): boolean {
	return value !== undefined && /^(on|1|yes)$/i.test(value);
}

/** What the session's user may do, on everything or on a database. */
async function ownPrivileges(session: Session, database: string): Promise<Set<string>> {
	const rows = await session.rows(
		`SELECT PRIVILEGE_TYPE AS privilege FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = @me
		UNION SELECT PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES
			WHERE GRANTEE = @me AND REPLACE(TABLE_SCHEMA, '\\\\_', '_') = ?`.replaceAll(
			"@me",
			"CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')",
		),
		[database],
	);
	return new Set(rows.map(({ privilege }) => privilege ?? ""));
}

/** MySQL has a privilege for it, MariaDB shows routines to whoever may read `mysql.proc`. */
async function readsRoutines(session: Session, privileges: ReadonlySet<string>): Promise<boolean> {
	if (privileges.has("SHOW_ROUTINE")) return true;
	const version = (await session.value("SELECT VERSION()")) ?? "";
	if (!/mariadb/i.test(version)) {
		return (
			(await session.value(
				`SELECT 1 FROM information_schema.USER_PRIVILEGES
				WHERE GRANTEE = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''') AND PRIVILEGE_TYPE = 'SELECT'`,
			)) !== undefined
		);
	}
	return session.rows("SELECT 1 FROM mysql.proc LIMIT 0").then(
		() => true,
		() => false,
	);
}

async function accountsIfSeen(session: Session, definers: readonly Definer[]): Promise<Set<string> | undefined> {
	return accountsOf(
		session,
		definers.map(({ account }) => account),
	).catch(() => undefined);
}

/** One pass over each table that has dates. */
async function findZeroDates(session: Session, database: string, columns: readonly MysqlColumn[]): Promise<string[]> {
	const found: string[] = [];
	const defaults = await session.rows(
		`SELECT CONCAT(TABLE_NAME, '.', COLUMN_NAME) AS name FROM information_schema.COLUMNS
		WHERE TABLE_SCHEMA = ? AND COLUMN_DEFAULT LIKE '%0000-00-00%' ORDER BY 1`,
		[database],
	);
	for (const [table, dates] of byTable(columns, ({ type }) => /^(date|datetime|timestamp)$/.test(type))) {
		const counts = dates.map(({ name }, index) => `MAX(${quoteName(name)} = 0) AS c${index}`).join(", ");
		const [row = {}] = await session.rows(`SELECT ${counts} FROM ${quoteName(database)}.${quoteName(table)}`);
		dates.forEach(({ name }, index) => {
			if (row[`c${index}`] === "1") found.push(`${table}.${name}`);
		});
	}
	return [...new Set([...found, ...defaults.map(({ name }) => name ?? "")])];
}

/** The largest row of each table's large columns, as far as those are concerned. */
async function findLargest(
	session: Session,
	database: string,
	columns: readonly MysqlColumn[],
): Promise<{ table: string; bytes: number }[]> {
	const found: { table: string; bytes: number }[] = [];
	const isLarge = (column: MysqlColumn) => isBytes(column) || /text$|^json$/.test(column.type);
	for (const [table, large] of byTable(columns, isLarge)) {
		const sum = large.map(({ name }) => `COALESCE(LENGTH(${quoteName(name)}), 0)`).join(" + ");
		const bytes = Number(await session.value(`SELECT MAX(${sum}) FROM ${quoteName(database)}.${quoteName(table)}`));
		found.push({ table, bytes });
	}
	return found;
}

function byTable(
	columns: readonly MysqlColumn[],
	isWanted: (column: MysqlColumn) => boolean,
): Map<string, MysqlColumn[]> {
	const tables = new Map<string, MysqlColumn[]>();
	for (const column of columns.filter(isWanted)) {
		tables.set(column.table, [...(tables.get(column.table) ?? []), column]);
	}
	return tables;
}
