/** `close`: the end of a move. Each of its acts may be done twice, so that a killed one is run again. */

import { randomBytes } from "node:crypto";
import { existsSync, renameSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Environment } from "../aptible/api/environment.ts";
import type { Context } from "../aptible/context.ts";
import { readMoveRecord, requireMoveRecord } from "../config/move-record.ts";
import { databaseIn } from "../packages/mover/address.ts";
import { stateOf } from "../packages/mover/journal/errors.ts";
import { appendLine, readLines } from "../packages/mover/journal/journal.ts";
import type { JournalLine, LineState } from "../packages/mover/journal/line.ts";
import { LocalFile, readLocalLines } from "../packages/mover/journal/local-file.ts";
import { findJournalDatabase, JOURNAL_DATABASE } from "../packages/mover/journal/schema.ts";
import type { Evidence } from "../packages/mover/steps.ts";
import { closeLogin, findPartials, handOverFile, MOVER_LOGIN } from "./credentials.ts";
import { refuseWork } from "./guards.ts";
import { findJournalHandle } from "./journal-place.ts";
import { sayBytes } from "./progress.ts";
import { closeRecord } from "./record.ts";
import {
	findEnvironment,
	type MoveSession,
	movedDatabases,
	readUrl,
	requireDatabaseId,
	type Way,
	Ways,
} from "./session.ts";
import type { MoveStage } from "./stage.ts";
import { frozenDatabases } from "./thaw-sql.ts";
import { compareJournals, journalFile } from "./work.ts";

export interface CloseOptions {
	/** Whether what stood there before the copies is dropped. */
	dropFormer: boolean;
	/** Whether the journal is dropped from the servers; the file stays. */
	dropJournal: boolean;
	/** Whether each source was given back by printed SQL, of which the journal does not know. */
	isThawed: boolean;
	tell: (line: string) => void;
}

/** A database of a server of the target's, and its size. */
interface Found {
	name: string;
	bytes: number;
}

const DROP_MS = 30_000;
/** object_in_use: a session, or one that ends */
const IN_USE = "55006";

/** Ends the move of a stage. @throws with what has to be done first */
export async function closeMove(context: Context, moved: MoveStage, options: CloseOptions): Promise<void> {
	refuseUnfinished(moved, options);
	const environment = await findEnvironment(context, moved);
	const closing = new Closing(context, environment, moved, options);
	try {
		await closing.close();
	} finally {
		await closing.end();
	}
}

function refuseUnfinished(moved: MoveStage, { isThawed }: CloseOptions): void {
	const { stage, folder, name } = moved;
	const phase = stage.move?.phase;
	if (phase !== "live" && phase !== "cancelled") {
		throw new Error(
			`close ends a move in the phase "live" or "cancelled", and Pulumi.${name}.yaml has ${phase === undefined ? "no move" : `the phase "${phase}"`}; go on to one of them first: npm run move -- switch live --stack ${name}, or cancelled`,
		);
	}
	// Of a move that is done, the source stays shut.
	const frozen = phase === "cancelled" && !isThawed ? frozenDatabases(moved).map(({ database }) => database) : [];
	if (frozen.length > 0) {
		throw new Error(
			`the source of ${frozen.join(", ")} is shut by a freeze that the journal knows no undoing of; undo it by what this prints: npm run move -- thaw --sql --stack STACK; then: npm run move -- close --thawed --stack STACK`,
		);
	}
	requireMoveRecord(stage, () => readMoveRecord(folder, name), name);
}

class Closing {
	readonly #context: Context;
	readonly #environment: Environment;
	readonly #moved: MoveStage;
	readonly #options: CloseOptions;
	readonly #ways: Ways;
	readonly #holder = randomBytes(6).toString("hex");
	/** The database whose server has the journal. */
	#first = "";

	constructor(context: Context, environment: Environment, moved: MoveStage, options: CloseOptions) {
		this.#context = context;
		this.#environment = environment;
		this.#moved = moved;
		this.#options = options;
		this.#ways = new Ways(context, environment, options.tell);
	}

	async close(): Promise<void> {
		const { tell } = this.#options;
		const databases = movedDatabases(this.#moved);
		const handles = databases.filter(({ type }) => type === "postgresql").map(({ handle }) => handle);
		this.#first = await findJournalHandle(this.#context, this.#environment, this.#moved, (one) => this.#way(one));
		await this.#journal(refuseWork);
		for (const handle of handles) await this.#closeTarget(handle);
		for (const { handle, type } of databases.filter((one) => one.type !== "postgresql")) {
			tell(
				`${handle}: the mover had ${type}'s own password, which goes on opening the server to whoever is in its stack; its endpoint is gone with the phase. Only Aptible's support gives it another one: ask for that`,
			);
			if (type === "mysql" && this.#moved.stage.move?.phase === "live") await this.#startEvents(handle);
		}
		await this.#journal((session) => compareJournals(session, this.#moved));
		const file = closeRecord(this.#moved);
		tell(
			file === undefined ? "there is no record of a copy to close" : `${file} says that the move is closed; commit it`,
		);
		if (this.#options.dropJournal) await this.#dropJournal(handles);
		else tell(`database ${JOURNAL_DATABASE} with the journal stays; to drop it: ${this.#again("--drop-journal")}`);
		const handedOver = handOverFile(this.#moved);
		for (const file of [handedOver, ...findPartials(this.#moved)].filter((one) => existsSync(one))) {
			tell(`${file} has the mover's passwords; remove it: rm ${file}`);
		}
		tell("in MedStack: delete the mover's service and its secrets. Then remove the block move from the stage file");
		tell(
			"the `pulumi up` after that restarts each moved database that has a larger size during the move, production's too: choose its time",
		);
	}

	async end(): Promise<void> {
		await this.#ways.close();
	}

	#again(option: string): string {
		return `npm run move -- close --stack STACK ${option}`;
	}

	#way(handle: string): Way {
		return this.#ways.to(handle);
	}

	/** Uses the journal, where it is there. */
	async #journal(use: (session: MoveSession) => Promise<void>): Promise<void> {
		await this.#way(this.#first).look(async (session) => session && use(session));
	}

	/** Shuts the mover out of a server, and drops what stood there before, if that is wished for. */
	async #closeTarget(handle: string): Promise<void> {
		const { dropFormer, tell } = this.#options;
		const id = await requireDatabaseId(this.#context, this.#environment.handle, handle);
		const own = databaseIn(await readUrl(this.#context, id, handle));
		const session = await this.#way(handle).connect("postgres");
		try {
			await closeLogin(session);
			tell(`${handle}: login ${MOVER_LOGIN} opens nothing any more`);
			const found = await readDatabases(session);
			const formers = found.filter(({ name }) => /^\d+$/.test(suffix(name, `${own}_before_`)));
			const size = formers.reduce((sum, { bytes }) => sum + bytes, 0);
			const evidence = { databases: formers.length, bytes: size, dropped: dropFormer };
			await this.#note(handle, "begin", evidence);
			for (const { name, bytes } of formers) {
				const what = `${handle}: database ${name}, ${sayBytes(bytes)}, which stood there before run r${suffix(name, `${own}_before_`)}`;
				if (!dropFormer) {
					tell(`${what}, stays; to drop it: ${this.#again("--drop-former")}`);
					continue;
				}
				refuseLast(found, own, name);
				tell(`${what}, is dropped`);
				await dropDatabase(session, name);
			}
			for (const { name, bytes } of found.filter((one) => /^move_\d+$/.test(one.name))) {
				tell(
					`${handle}: database ${name}, ${sayBytes(bytes)}, a copy that was not swapped in, stays; to drop it: aptible db:tunnel ${handle} --environment ${this.#environment.handle}, and in psql on the address that this shows: DROP DATABASE ${name}`,
				);
			}
			await this.#note(handle, "done", evidence);
		} finally {
			await session.end();
		}
	}

	/** Has MySQL's events run: from here on nobody goes back to a source that has them too. */
	async #startEvents(handle: string): Promise<void> {
		const { tell } = this.#options;
		// Loaded here alone: most moves have no MySQL.
		const [{ startEvents }, { connectThrough }] = await Promise.all([
			import("../packages/mover/mysql/events.ts"),
			import("../packages/mover/mysql/tunnelled.ts"),
		]);
		const url = await this.#way(handle).openTunnel();
		await this.#note(handle, "begin", {});
		const session = await connectThrough(url, this.#environment.caCertificate);
		try {
			const { started, isRunning } = await startEvents(session, databaseIn(url));
			tell(`${handle}: ${started} events were off since the copy, and are on from now`);
			if (started > 0 && !isRunning) {
				tell(`${handle}: its event_scheduler is off, so that no event runs; SET GLOBAL event_scheduler = ON`);
			}
			await this.#note(handle, "done", { events: started });
		} finally {
			await session.end();
		}
	}

	/** Notes it in the journal, as a line of the last run. */
	async #note(database: string, state: LineState, evidence: Evidence): Promise<void> {
		await this.#journal(async (session) => {
			const { rows } = await session.query(
				`SELECT run, (SELECT coalesce(max(epoch), 1) FROM public.epoch) AS epoch FROM public.wishes
				WHERE run IS NOT NULL ORDER BY wishes.id DESC LIMIT 1`,
			);
			const [last] = rows;
			if (last === undefined) return;
			const { run, epoch } = last;
			const line = { run, database, step: "close" as const, part: "", state, holder: this.#holder, epoch, evidence };
			await appendLine(session, line, false);
		});
	}

	/**
	 * Drops the journal from every server, once each of its lines is in a file: those of the first in the one beside the stage, which is
	 * put aside for the next move's; those of another, which has its own swaps under numbers of its own, in one of their own.
	 */
	async #dropJournal(handles: readonly string[]): Promise<void> {
		const { tell } = this.#options;
		const file = journalFile(this.#moved);
		const { lines } = readLocalLines(file);
		const first = this.#first;
		for (const handle of [...handles.filter((one) => one !== first), first]) {
			const way = this.#way(handle);
			const journal = await findJournalDatabase((database) => way.connect(database));
			if (journal === undefined) continue;
			const server = await readLines(journal).finally(() => journal.end());
			if (handle === first) {
				refuseMissing(file, lines, server);
			} else if (server.length > 0) {
				const kept = closedName(file, server, `-${handle}`);
				(await LocalFile.open(kept, () => Promise.resolve(server))).close();
				tell(`${handle}: its journal is kept in ${kept}`);
			}
			// Its sessions of this command's go with it.
			await way.close();
			const session = await way.connect("postgres");
			await dropDatabase(session, JOURNAL_DATABASE).finally(() => session.end());
			tell(`${handle}: database ${JOURNAL_DATABASE} is dropped`);
		}
		if (lines.length === 0) return;
		const kept = closedName(file, lines);
		renameSync(file, kept);
		tell(`the journal is kept in ${kept}`);
	}
}

/** Where a journal is kept that is closed: by the time of its last line, so that another try gives the same name. */
function closedName(file: string, lines: readonly JournalLine[], of = ""): string {
	const time = lines.at(-1)?.at.replaceAll(/[:.]/g, "-");
	return path.join(path.dirname(file), `${path.basename(file, ".jsonl")}${of}-closed-${time}.jsonl`);
}

function suffix(name: string, prefix: string): string {
	return name.startsWith(prefix) ? name.slice(prefix.length) : "";
}

async function readDatabases(session: MoveSession): Promise<Found[]> {
	const { rows } = await session.query(
		"SELECT datname AS name, pg_database_size(oid)::float8 AS bytes FROM pg_catalog.pg_database ORDER BY oid",
	);
	return rows;
}

/** What stood there before is the only one left while its copy is not in its place. */
function refuseLast(found: readonly Found[], own: string, former: string): void {
	const names = found.map(({ name }) => name);
	const copy = `move_${suffix(former, `${own}_before_`)}`;
	if (names.includes(own) && !names.includes(copy)) return;
	throw new Error(`${former} is all that is left of ${own} while ${copy} is not swapped in, and is not dropped`);
}

/** Not with its sessions: whoever works in it has a reason, and the mover's are ended already. */
async function dropDatabase(session: MoveSession, name: string): Promise<void> {
	await session.query("SET statement_timeout = 0");
	for (const deadline = Date.now() + DROP_MS; ; await sleep(200)) {
		try {
			await session.query(`DROP DATABASE IF EXISTS "${name.replaceAll('"', '""')}"`);
			return;
		} catch (error) {
			if (stateOf(error) !== IN_USE || Date.now() > deadline) throw error;
		}
	}
}

function refuseMissing(file: string, local: readonly JournalLine[], server: readonly JournalLine[]): void {
	const known = new Set(local.map(({ seq }) => seq));
	const missing = server.filter(({ seq }) => !known.has(seq));
	if (missing.length === 0) return;
	throw new Error(
		`${file} lacks ${missing.length} of the journal's lines (first: number ${missing[0]?.seq}), so database ${JOURNAL_DATABASE} is not dropped; move the file away, and run it again: it is written anew from the server`,
	);
}
