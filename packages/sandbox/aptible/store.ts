import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { ApiError } from "./errors.ts";
import type { Draft, Kind, Operation, Records } from "./model.ts";
import type { Common } from "./record.ts";

const SCHEMA = `
create table records (
	id integer primary key autoincrement, kind text not null, owner integer not null, data text not null, due integer
);
create index records_by_owner on records (kind, owner);
create index records_due on records (due) where due is not null;
create table meta (name text primary key, value text not null);
create table images (reference text primary key, services text not null);
create table faults (
	id integer primary key autoincrement, name text not null, times integer not null, params text not null
);
create table journal (
	id integer primary key autoincrement, at text not null, ended_at text, source text not null, pid integer not null,
	command text not null, argv text not null, mutating integer not null, exit integer, telemetry text
);
create table writes (
	id integer primary key autoincrement, journal_id integer not null, at text not null, data text not null
);
`;

/** Beside the schema, so that a sandbox of before goes on. */
const RUNS = `
create table if not exists runs (
	id integer primary key autoincrement, at text not null, app text not null, service text not null, containers integer not null,
	mb integer not null, profile text not null
);
`;

const SCHEMA_VERSION = 1;

/** Waits without giving up the thread: SQLite's own calls block as well. */
export function sleepSync(ms: number): void {
	Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function isBusy(error: unknown): boolean {
	return error instanceof Error && /database is locked|busy/.test(error.message);
}

/** The state of one sandbox, as seen by one process. */
export class Store {
	readonly dir: string;
	readonly db: DatabaseSync;
	readonly #statements = new Map<string, StatementSync>();

	constructor(dir: string, seed: (store: Store) => void) {
		mkdirSync(dir, { recursive: true });
		this.dir = dir;
		this.db = new DatabaseSync(join(dir, "aptible.sqlite"), { timeout: 20_000 });
		if (this.#version() !== SCHEMA_VERSION) this.#create(seed);
		if (this.rows("select 1 from sqlite_master where name = 'runs'").length === 0) this.db.exec(RUNS);
		// A killed process loses nothing without it; only a crash of the machine would.
		this.db.exec("pragma synchronous = off");
	}

	#version(): number {
		return Number(this.db.prepare("pragma user_version").get()?.user_version ?? 0);
	}

	#create(seed: (store: Store) => void): void {
		// Changing the journal mode ignores the busy timeout, and several processes may be the first.
		for (let attempt = 0; ; attempt++) {
			try {
				this.db.exec("pragma journal_mode = wal");
				break;
			} catch (error) {
				if (!isBusy(error) || attempt > 500) throw error;
				sleepSync(10);
			}
		}
		this.transaction(() => {
			if (this.#version() === SCHEMA_VERSION) return;
			this.db.exec(SCHEMA);
			seed(this);
			this.db.exec(`pragma user_version = ${SCHEMA_VERSION}`);
		});
	}

	/** Runs `work` with the write lock held; whatever it throws undoes it. */
	transaction<T>(work: () => T): T {
		this.db.exec("begin immediate");
		try {
			const result = work();
			this.db.exec("commit");
			return result;
		} catch (error) {
			this.db.exec("rollback");
			throw error;
		}
	}

	/** Rows of any query, for the few tables that are not records. */
	rows(sql: string, ...values: SQLInputValue[]): Record<string, unknown>[] {
		return this.#prepare(sql).all(...values);
	}

	run(sql: string, ...values: SQLInputValue[]): number {
		return Number(this.#prepare(sql).run(...values).lastInsertRowid);
	}

	#prepare(sql: string): StatementSync {
		const statement = this.#statements.get(sql) ?? this.db.prepare(sql);
		this.#statements.set(sql, statement);
		return statement;
	}

	meta(name: string): string | undefined {
		const value = this.rows("select value from meta where name = ?", name)[0]?.value;
		return typeof value === "string" ? value : undefined;
	}

	setMeta(name: string, value: string | undefined): void {
		if (value === undefined) this.run("delete from meta where name = ?", name);
		else
			this.run("insert into meta values (?, ?) on conflict (name) do update set value = excluded.value", name, value);
	}

	/** The time by the clock of Aptible, which need not be that of the machine that asks it. */
	now(): Date {
		return new Date(Date.now() + Number(this.meta("clock_ms") ?? 0));
	}

	insert<K extends Kind>(kind: K, draft: Draft<K>, createdAt = this.now().toISOString()): Records[K] {
		const dated = { ...draft, created_at: createdAt, updated_at: createdAt };
		const id = this.run(
			"insert into records (kind, owner, data, due) values (?, ?, ?, ?)",
			kind,
			dated.owner,
			JSON.stringify(dated),
			dueOf(kind, dated),
		);
		return this.#record(kind, { id, data: JSON.stringify(dated) });
	}

	find<K extends Kind>(kind: K, id: number): Records[K] | undefined {
		const row = this.rows("select id, data from records where id = ? and kind = ?", id, kind)[0];
		return row ? this.#record(kind, row) : undefined;
	}

	/** A record that should be there: it may have gone since somebody looked. */
	get<K extends Kind>(kind: K, id: number): Records[K] {
		const record = this.find(kind, id);
		if (!record) throw new ApiError(404, "not_found", "Resource not found");
		return record;
	}

	/** All records of a kind, or those of one owner, oldest first. */
	list<K extends Kind>(kind: K, owner?: number): Records[K][] {
		const rows =
			owner === undefined
				? this.rows("select id, data from records where kind = ? order by id", kind)
				: this.rows("select id, data from records where kind = ? and owner = ? order by id", kind, owner);
		return rows.map((row) => this.#record(kind, row));
	}

	save<K extends Kind>(kind: K, record: Records[K]): void {
		record.updated_at = this.now().toISOString();
		const { id, ...data } = record;
		this.run(
			"update records set owner = ?, data = ?, due = ? where id = ?",
			record.owner,
			JSON.stringify(data),
			dueOf(kind, record),
			id,
		);
	}

	remove(id: number): void {
		this.run("delete from records where id = ?", id);
	}

	/** Ids of the operations whose time has come, in the order in which they end. */
	dueOperations(nowMs: number): number[] {
		return this.rows("select id from records where due <= ? order by due, id", nowMs).map((row) => Number(row.id));
	}

	/** Operations not settled yet. */
	openOperations(): Operation[] {
		return this.rows("select id, data from records where due is not null order by id").map((row) =>
			this.#record("operation", row),
		);
	}

	close(): void {
		this.db.close();
	}

	#record<K extends Kind>(_kind: K, row: Record<string, unknown>): Records[K] {
		return { ...JSON.parse(String(row.data)), id: Number(row.id) };
	}
}

function dueOf(kind: Kind, record: Partial<Operation> & Pick<Common, "owner">): number | null {
	return kind === "operation" && record.outcome === null ? (record.end_ms ?? null) : null;
}
