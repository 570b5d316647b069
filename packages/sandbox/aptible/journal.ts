import { createHash } from "node:crypto";
import { inSandbox } from "./sandbox.ts";
import type { Store } from "./store.ts";

/** One change that the API made for a caller, as the recorded transcripts write it down. */
export type Write =
	| { create: string; on: string | number; body: Record<string, unknown> }
	| { update: string; id: number; body: Record<string, unknown> }
	| { delete: string; id: number }
	| { op: number; type: string; kind: string; on: string | number; body: Record<string, unknown> };

/** A write as the journal keeps it: secrets masked. */
export type JournalWrite = Write & { at: string; restarts?: string };

/** One CLI run or one API request. */
export interface JournalRow {
	id: number;
	at: string;
	/** Null while it runs, and for ever if it was killed. */
	endedAt: string | null;
	source: "cli" | "api";
	pid: number;
	/** The CLI command, or method and path. */
	command: string;
	/** Arguments with secret values masked. */
	argv: string[];
	/** True where the command or request is one that changes something, whether or not it came to that. */
	mutating: boolean;
	writes: JournalWrite[];
	/** Exit code of the CLI, HTTP status of the API; null while it runs or if it was killed. */
	exit: number | null;
	/** Names of the options that the telemetry call would have carried, with hashes of their values. */
	telemetry: Record<string, string[]> | null;
}

const MASK = "***";

/** Fields whose value may be a secret. */
const SECRET_FIELDS = new Set([
	"url",
	"token",
	"logging_token",
	"password",
	"api_key",
	"authToken",
	"username",
	"address",
	"drain_password",
	"private_key",
	"connection_url",
]);
const SECRET_MAPS = new Set(["env", "sensitive_settings"]);
const SECRET_OPTIONS = /^--(no-)?(url|token|password|api[-_]key|otp[-_]token|sso|private[-_]registry[-_]\w+)$/;

function maskBody(body: Record<string, unknown>): Record<string, unknown> {
	return Object.fromEntries(
		Object.entries(body).map(([key, value]) => {
			if (value !== null && typeof value === "object" && !Array.isArray(value)) {
				const map: Record<string, unknown> = { ...value };
				return [key, SECRET_MAPS.has(key) ? Object.fromEntries(Object.keys(map).map((k) => [k, MASK])) : maskBody(map)];
			}
			return [key, SECRET_FIELDS.has(key) && value !== null ? MASK : value];
		}),
	);
}

/** Arguments of the CLI with the values of `VAR=VAL` pairs and of secret options masked. */
export function maskArgv(argv: readonly string[]): string[] {
	return argv.map((word, index) => {
		const option = /^(--[\w-]+)=/.exec(word)?.[1];
		if (option) return SECRET_OPTIONS.test(option) ? `${option}=${MASK}` : word;
		if (SECRET_OPTIONS.test(argv[index - 1] ?? "")) return MASK;
		const equals = word.indexOf("=");
		return equals > 0 && !word.startsWith("-") ? `${word.slice(0, equals)}=${MASK}` : word;
	});
}

function sha256(text: string): string {
	return createHash("sha256").update(text).digest("hex");
}

/** The hash of a value and of each word in it, so that a secret inside a URL is found as well. */
function hashes(value: unknown): string[] {
	const texts = (Array.isArray(value) ? value : [value]).map(String);
	return [...new Set(texts.flatMap((text) => [text, ...text.split(/[^\w.~-]+/)]).filter(Boolean))].map(sha256);
}

/** Options that the CLI takes out before it calls home (0.26.6, `helpers/telemetry.rb`). */
const NOT_SENT = ["private_registry_password", "private_registry_username", "private_registry_email"];

/** What of a command's options the telemetry call carries. */
export function sentToTelemetry(options: Record<string, unknown>): Record<string, unknown> {
	return Object.fromEntries(Object.entries(options).filter(([name]) => !NOT_SENT.includes(name)));
}

/** Opens a row; returns its id. */
export function beginRow(
	store: Store,
	row: { source: "cli" | "api"; command: string; argv: string[]; mutating: boolean },
): number {
	return store.run(
		"insert into journal (at, source, pid, command, argv, mutating) values (?, ?, ?, ?, ?, ?)",
		new Date().toISOString(),
		row.source,
		process.pid,
		row.command,
		JSON.stringify(row.argv),
		row.mutating ? 1 : 0,
	);
}

export function endRow(store: Store, id: number, exit: number): void {
	store.run("update journal set exit = ?, ended_at = ? where id = ?", exit, new Date().toISOString(), id);
}

export function noteTelemetry(store: Store, id: number, options: Record<string, unknown>): void {
	const sent = Object.entries(sentToTelemetry(options)).map(([name, value]) => [name, hashes(value)]);
	store.run("update journal set telemetry = ? where id = ?", JSON.stringify(Object.fromEntries(sent)), id);
}

/** Records a write in the transaction that makes it. */
export function noteWrite(store: Store, journalId: number, write: Write, restarts?: string): void {
	const masked = "body" in write ? { ...write, body: maskBody(write.body) } : write;
	store.run(
		"insert into writes (journal_id, at, data) values (?, ?, ?)",
		journalId,
		new Date().toISOString(),
		JSON.stringify(restarts === undefined ? masked : { ...masked, restarts }),
	);
}

/** Containers of one service of an app, as they were started. */
export interface ServiceRun {
	app: string;
	service: string;
	containers: number;
	containerMb: number;
	profile: string;
}

/** Records that a service's containers were started: what the lists show is only what there is now. */
export function noteRun(store: Store, { app, service, containers, containerMb, profile }: ServiceRun): void {
	store.run(
		"insert into runs (at, app, service, containers, mb, profile) values (?, ?, ?, ?, ?, ?)",
		...[new Date().toISOString(), app, service, containers, containerMb, profile],
	);
}

/** Everything that was ever started, oldest first. */
export function readRuns(dir: string): ServiceRun[] {
	return inSandbox(dir, (store) =>
		store.rows("select * from runs order by id").map((row) => ({
			app: String(row.app),
			service: String(row.service),
			containers: Number(row.containers),
			containerMb: Number(row.mb),
			profile: String(row.profile),
		})),
	);
}

/** Everything that was asked of the sandbox, oldest first. */
export function readJournal(dir: string): JournalRow[] {
	return inSandbox(dir, (store) => {
		const writes = store.rows("select * from writes order by id");
		return store.rows("select * from journal order by id").map((row) => ({
			id: Number(row.id),
			at: String(row.at),
			endedAt: row.ended_at === null ? null : String(row.ended_at),
			source: row.source === "api" ? "api" : "cli",
			pid: Number(row.pid),
			command: String(row.command),
			argv: JSON.parse(String(row.argv)),
			mutating: row.mutating === 1,
			writes: writes
				.filter((write) => write.journal_id === row.id)
				.map((write) => ({ ...JSON.parse(String(write.data)), at: String(write.at) })),
			exit: row.exit === null ? null : Number(row.exit),
			telemetry: row.telemetry === null ? null : JSON.parse(String(row.telemetry)),
		}));
	});
}

/** A point in the journal: a mark from {@link markJournal}, or an ISO time (which takes in its whole millisecond). */
export type Since = number | string;

/** Marks where the journal is now, so as to count what comes after. */
export function markJournal(dir: string): number {
	return inSandbox(dir, (store) => Number(store.rows("select max(id) as id from writes")[0]?.id ?? 0));
}

function writesSince(dir: string, since: Since): JournalWrite[] {
	const condition = typeof since === "number" ? "id > ?" : "at >= ?";
	return inSandbox(dir, (store) =>
		store
			.rows(`select at, data from writes where ${condition} order by id`, since)
			.map((row) => ({ ...JSON.parse(String(row.data)), at: String(row.at) })),
	);
}

/** Operations taken by the server. */
export function countOperations(dir: string, since: Since = 0): number {
	return writesSince(dir, since).filter((write) => "op" in write).length;
}

/** Writes of any kind: records made, changed, deleted; operations. */
export function countMutations(dir: string, since: Since = 0): number {
	return writesSince(dir, since).length;
}

/** How many operations that restart its containers were asked for on the app with this handle. */
export function countRestarts(dir: string, app: string, since: Since = 0): number {
	return writesSince(dir, since).filter((write) => write.restarts === app).length;
}

/** Whether a value went out (whole, or as a word of an option's value) in a telemetry call. */
export function telemetryLeaks(dir: string, sentinel: string): boolean {
	const wanted = sha256(sentinel);
	return readJournal(dir).some((row) => Object.values(row.telemetry ?? {}).some((list) => list.includes(wanted)));
}
