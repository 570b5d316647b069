/** `close`: the end of a move. Each of its acts may be done twice, so that a killed one is run again. */

import { existsSync } from "node:fs";
import type { Environment } from "../aptible/api/environment.ts";
import type { Context } from "../aptible/context.ts";
import { readMoveRecord, requireMoveRecord } from "../config/move-record.ts";
import { databaseIn } from "../packages/mover/address.ts";
import { readLines } from "../packages/mover/journal/journal.ts";
import type { LineState } from "../packages/mover/journal/line.ts";
import { JOURNAL_DATABASE } from "../packages/mover/journal/schema.ts";
import type { Evidence } from "../packages/mover/steps.ts";
import { findRehearsalBackups, readDates, writeChecklist } from "./close/checklist.ts";
import { describeLastLook, dropDatabase, formersOf, readDatabases, refuseLast } from "./close/former.ts";
import { dropJournals } from "./close/journal.ts";
import { requireSilence } from "./close/silence.ts";
import { closeLogin, findPartials, handOverFile, MOVER_LOGIN } from "./credentials.ts";
import { refuseWork } from "./guards.ts";
import { findJournalHandle } from "./journal-place.ts";
import { noteByOperator } from "./operator-line.ts";
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
import { listCounts, readTargetCounts } from "./source-cluster/counts.ts";
import type { MoveStage } from "./stage.ts";
import { refuseStaleFile } from "./switch/stale-file.ts";
import { frozenDatabases } from "./thaw-sql.ts";
import { compareJournals } from "./work.ts";

export interface CloseOptions {
	/** Whether what stood there before the copies is dropped. */
	dropFormer: boolean;
	/** Whether the journal is dropped from the servers; the file stays. */
	dropJournal: boolean;
	/** Whether each source was given back by printed SQL, of which the journal does not know. */
	isThawed: boolean;
	/** Why the move is closed in `live` though no watch has found MedStack silent. */
	withoutWatch?: string | undefined;
	tell: (line: string) => void;
}

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
	/** The database whose server has the journal. */
	#first = "";
	/** Aptible's ids of the moved databases, by the stage's names. */
	readonly #ids = new Map<string, number>();
	/** What stays on the servers, for the checklist. */
	readonly #left: string[] = [];

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
		await this.#journal(async (session) => {
			refuseStaleFile(await readLines(session), this.#moved);
			await refuseWork(session);
		});
		const silence = await this.#look((session) => requireSilence(session, this.#moved, this.#options.withoutWatch));
		tell(silence);
		await this.#journal((session) => this.#seeReplicas(session));
		const dates = await this.#look((session) => readDates(session, this.#moved));
		for (const handle of handles) await this.#closeTarget(handle);
		for (const { handle, type } of databases.filter((one) => one.type !== "postgresql")) {
			this.#ids.set(handle, await requireDatabaseId(this.#context, this.#environment.handle, handle));
			this.#left.push(`\`${handle}\`: ask Aptible's support for another password, as the mover had ${type}'s own`);
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
		if (this.#options.dropJournal) {
			const places = { first: this.#first, handles };
			await dropJournals(this.#moved, places, { way: (handle) => this.#way(handle), tell });
		} else {
			const again = this.#again("--drop-journal");
			this.#left.push(`Database \`${JOURNAL_DATABASE}\` with the journal; to drop it: \`${again}\``);
			tell(`database ${JOURNAL_DATABASE} with the journal stays; to drop it: ${again}`);
		}
		const handedOver = handOverFile(this.#moved);
		for (const file of [handedOver, ...findPartials(this.#moved)].filter((one) => existsSync(one))) {
			tell(`${file} has the mover's passwords; remove it: rm ${file}`);
		}
		const backups = await findRehearsalBackups(this.#context, this.#ids, dates.firstRehearsal);
		if (backups !== undefined) {
			tell(`${backups.length} backups on Aptible were made since the first rehearsal, and may hold its data`);
		}
		const page = writeChecklist(this.#moved, { now: new Date(), dates, silence, backups, left: this.#left });
		tell(
			`what is left to do is in ${page}: ${this.#moved.stage.move?.phase === "live" ? "what ends at MedStack" : "what stays at MedStack"}, the mover's service and its secrets there, backups, DNS names; keep it with the record`,
		);
		tell("then remove the block move from the stage file");
		// Elsewhere the sizes are back with the phase.
		if (this.#moved.stage.move?.phase !== "live") return;
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
	async #journal(use: (session: MoveSession) => Promise<unknown>): Promise<void> {
		await this.#look(async (session) => session && use(session));
	}

	/** @param use is given undefined where there is no journal */
	#look<T>(use: (session: MoveSession | undefined) => Promise<T>): Promise<T> {
		return this.#way(this.#first).look(use);
	}

	/** Nothing but the journal knows how many replicas MedStack's services had: where MedStack serves again, that is not to be lost. */
	async #seeReplicas(session: MoveSession): Promise<void> {
		const counts = listCounts(await readTargetCounts(session)).join("; ");
		if (counts === "") return;
		const { dropJournal, isThawed, tell } = this.#options;
		if (dropJournal && !isThawed && this.#moved.stage.move?.phase === "cancelled") {
			throw new Error(
				`MedStack's services are noted as stopped, and the journal alone has their replicas: ${counts}; bring them back by hand, in MedStack, Services, and then: npm run move -- close --drop-journal --thawed --stack STACK`,
			);
		}
		const had = `MedStack's services had these replicas before the freeze: ${counts}`;
		this.#left.push(had);
		tell(had);
	}

	/** Shuts the mover out of a server, and drops what stood there before, if that is wished for. */
	async #closeTarget(handle: string): Promise<void> {
		const { dropFormer, tell } = this.#options;
		const id = await requireDatabaseId(this.#context, this.#environment.handle, handle);
		this.#ids.set(handle, id);
		const own = databaseIn(await readUrl(this.#context, id, handle));
		const session = await this.#way(handle).connect("postgres");
		try {
			await closeLogin(session);
			tell(`${handle}: login ${MOVER_LOGIN} opens nothing any more`);
			const found = await readDatabases(session);
			const formers = formersOf(found, own);
			const size = formers.reduce((sum, { bytes }) => sum + bytes, 0);
			const evidence = { databases: formers.length, bytes: size, dropped: dropFormer };
			await this.#note(handle, "begin", evidence);
			for (const former of formers) {
				const what = `${handle}: database ${former.name}, ${sayBytes(former.bytes)}, which stood there before run ${former.run}`;
				tell(`${handle}: last look at ${former.name}: ${await describeLastLook(session, former)}`);
				if (!dropFormer) {
					this.#left.push(
						`\`${handle}\`: database \`${former.name}\`, which stood there before; to drop it: \`${this.#again("--drop-former")}\``,
					);
					tell(`${what}, stays; to drop it: ${this.#again("--drop-former")}`);
					continue;
				}
				refuseLast(found, own, former.name);
				tell(`${what}, is dropped`);
				await dropDatabase(session, former.name);
			}
			for (const { name, bytes } of found.filter((one) => /^move_\d+$/.test(one.name))) {
				this.#left.push(`\`${handle}\`: database \`${name}\`, a copy that was not swapped in`);
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
			await noteByOperator(session, { step: "close", database, state, evidence });
		});
	}
}
