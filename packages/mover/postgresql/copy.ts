/** A whole copy of one database into a fresh one, step by step; killed anywhere, the next call goes on. */
import type { Notes } from "../engine.ts";
import type { Steps } from "../steps.ts";
import { analyze } from "./analyze.ts";
import { Workspace } from "./children.ts";
import { type Login, withSession } from "./connection.ts";
import type { Copying } from "./context.ts";
import type { Counters } from "./counters.ts";
import { giveToOwner } from "./grants.ts";
import { copyLargeObjects } from "./large-objects.ts";
import { refreshMaterializedViews } from "./matviews.ts";
import { copyEventTriggers, copyPostData } from "./post-data.ts";
import { prepareDatabase } from "./prepare.ts";
import { copyRoles } from "./roles.ts";
import { copyRows } from "./rows.ts";
import type { Owners } from "./rules.ts";
import { copyDefinitions, dumpDefinitions } from "./schema.ts";
import { copySequences } from "./sequences.ts";
import { copySettings } from "./settings.ts";
import { holdSnapshot, type Snapshot, type SnapshotOptions } from "./snapshot.ts";
import { CopyDatabase } from "./target.ts";

export interface CopyOptions extends Omit<SnapshotOptions, "live"> {
	source: Login;
	/** The database that the copy is to replace; the login is a superuser. */
	target: Login;
	/** The copy: `move_7`. */
	into: string;
	steps: Steps;
	jobs: number;
	/** Whether the source is in use; a frozen one is resumed, a live one begun anew with each snapshot. */
	live: boolean;
	/** Who owns the copy, and all that is left-behind roles' on the source; default: the owner of the target's database. */
	owner?: string;
	/** Tables whose rows stay behind, as `schema.table`. */
	exclude?: readonly string[];
	/** The source's, from before the copy, which are kept with it; default: none are, as the source is in use. */
	counters?: Counters | undefined;
	/** A snapshot that somebody else holds and closes, so that the proof sees the same rows; default: one for this copy. */
	snapshot?: Snapshot;
	/** What a freeze of the source has noted and nobody has undone; default: nothing. */
	notes?: Notes;
	/** Told lines of progress; they may name tables. */
	report?: (line: string) => void;
}

export interface CopyResult {
	/** The database that was made. */
	database: string;
	tables: number;
	parts: number;
	rows: number;
	largeObjects: number;
	sequences: number;
	/** Definitions after the rows: indexes, constraints ... */
	items: number;
	materializedViews: number;
	/** What is not as on the source and is no error; each a line for a person. */
	warnings: readonly string[];
	owners: Owners;
}

/** Copies one database. @throws with what to do, and leaves what is done for the next call */
export async function copyDatabase(options: CopyOptions): Promise<CopyResult> {
	const { source, target, into, steps, jobs, counters, report = () => {} } = options;
	const snapshot = options.snapshot ?? (await holdSnapshot(source, options));
	const workspace = new Workspace();
	const signal = AbortSignal.any([steps.signal, snapshot.signal]);
	let database: CopyDatabase | undefined;
	const warnings: string[] = [];
	const warn = (line: string) => {
		warnings.push(line);
		report(`warning: ${line}`);
	};
	try {
		const { sourceDatabase, admin, encoding, searchPath } = await readSource(snapshot);
		const { owner, targetVersion } = await readTarget(target, options.owner);
		const owners = { admin, owner };
		refuseOlderTarget(snapshot.version, targetVersion);
		await prepareDatabase({ target, into, owner, sourceDatabase, targetVersion, snapshot, counters, steps, warn });
		database = new CopyDatabase(target, into, targetVersion, steps, signal);
		const copying: Copying = {
			source,
			target,
			database,
			snapshot,
			steps,
			workspace,
			owners,
			notes: options.notes ?? new Map(),
			sourceDatabase,
			targetVersion,
			jobs,
			signal,
			report,
			warn,
			searchPath,
			encoding,
		};
		report(`${into}: ${snapshot.tables.length} tables, snapshot taken`);
		await copyRoles(copying);
		const archive = await dumpDefinitions(copying);
		await copyDefinitions(copying, archive);
		const { parts, rows } = await copyRows(copying, options.exclude ?? []);
		report(`${into}: ${rows} rows in ${parts} parts`);
		const largeObjects = await copyLargeObjects(copying);
		const sequences = await copySequences(copying);
		await copyPostData(copying, archive);
		report(`${into}: ${archive.after.length} indexes, constraints and other definitions`);
		await analyze(copying);
		const materializedViews = await refreshMaterializedViews(copying, archive);
		await giveToOwner(copying);
		await copySettings(copying);
		await copyEventTriggers(copying, archive);
		report(`${into}: copied`);
		return {
			database: into,
			tables: snapshot.tables.length,
			parts,
			rows,
			largeObjects,
			sequences,
			items: archive.after.length,
			materializedViews,
			warnings,
			owners,
		};
	} catch (error) {
		throw signal.aborted ? signal.reason : error;
	} finally {
		workspace.close();
		await database?.close();
		if (options.snapshot === undefined) await snapshot.close();
	}
}

async function readSource({ client }: Snapshot): Promise<{
	sourceDatabase: string;
	admin: string;
	encoding: "UTF8" | "SQL_ASCII";
	searchPath: string;
}> {
	const { rows } = await client.query(`SELECT current_database() AS database, session_user AS admin,
		pg_catalog.current_setting('server_encoding') AS encoding,
		(SELECT pg_catalog.substr(line, pg_catalog.strpos(line, '=') + 1) FROM pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) AS line
			WHERE line LIKE 'search_path=%' AND s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
			AND s.setrole IN (0, (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = session_user))
			ORDER BY s.setrole <> 0 DESC, s.setdatabase <> 0 DESC LIMIT 1) AS path`);
	const [{ database, admin, encoding, path }] = rows as [
		{ database: string; admin: string; encoding: string; path: string | null },
	];
	return {
		sourceDatabase: database,
		admin,
		encoding: encoding === "SQL_ASCII" ? "SQL_ASCII" : "UTF8",
		searchPath: path ?? '"$user", public',
	};
}

/** The owner of the database in the login's address, which may be there no more after a swap; then the login itself. */
async function readTarget(target: Login, owner: string | undefined): Promise<{ owner: string; targetVersion: number }> {
	const { rows } = await withSession(target, {}, (client) =>
		client.query(`SELECT pg_catalog.current_setting('server_version_num')::int AS version,
			(SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS super, current_user AS login,
			(SELECT pg_catalog.pg_get_userbyid(datdba) FROM pg_catalog.pg_database WHERE datname = current_database()) AS owner`),
	);
	const [found] = rows as [{ version: number; super: boolean; login: string; owner: string }];
	if (!found.super) {
		throw new Error(
			`the target's login ${found.login} is no superuser, which owners and row security need; make one: npm run move -- credentials --stack STACK --replace`,
		);
	}
	return { owner: owner ?? found.owner, targetVersion: found.version };
}

function refuseOlderTarget(source: number, target: number): void {
	const major = (version: number) => Math.floor(version / 10000);
	if (major(source) <= major(target)) return;
	throw new Error(
		`the source runs PostgreSQL ${major(source)} and the target ${major(target)}, which is older; make the target of version ${major(source)} or newer`,
	);
}
