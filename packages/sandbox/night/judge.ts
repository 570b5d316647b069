/** What a night was like for its clients: how long the product was down for them, and what became of their writes. */
import type { AcknowledgedWrite, Ledger, SideName } from "./ledger.ts";
import type { RecordedAnswer } from "./requesters.ts";
import { readWrites, type StoredWrite } from "./writes.ts";

/** A span without a good answer for one client. */
export interface Downtime {
	client: string;
	/** When the last good answer before it came; of one that had none, when it first asked. */
	from: Date;
	/** When the next good answer came; where there was none, the last bad one. */
	until: Date;
	seconds: number;
	/** Whether a good answer came after it. */
	isOver: boolean;
}

/** Whether a client got what it asked for: one that was cut off has no status, and is none. */
export function isGood({ status }: Pick<RecordedAnswer, "status">): boolean {
	return status !== undefined && status >= 200 && status <= 299;
}

/** Whether a client got it from this side. */
export function isServed(answer: RecordedAnswer, side: SideName): boolean {
	return answer.side === side && isGood(answer);
}

/**
 * The longest span without a good answer, of all clients.
 *
 * @param isWanted @default a status from 200 to 299
 * @returns undefined where there is no answer at all
 */
export function measureDowntime(
	answers: readonly RecordedAnswer[],
	isWanted: (answer: RecordedAnswer) => boolean = isGood,
): Downtime | undefined {
	const clients = [...new Set(answers.map(({ client }) => client))];
	const spans = clients.flatMap((client) => spansOf(client, answers, isWanted));
	return spans.reduce<Downtime | undefined>(
		(longest, span) => (longest === undefined || span.seconds > longest.seconds ? span : longest),
		undefined,
	);
}

/** Every span from one good answer to the next. */
function spansOf(
	client: string,
	answers: readonly RecordedAnswer[],
	isWanted: (answer: RecordedAnswer) => boolean,
): Downtime[] {
	const own = answers.filter((answer) => answer.client === client);
	const span = (from: Date, until: Date, isOver: boolean): Downtime => {
		return { client, from, until, seconds: (until.getTime() - from.getTime()) / 1000, isOver };
	};
	const spans: Downtime[] = [];
	let from = own[0]?.at ?? new Date(0);
	for (const answer of own.filter(isWanted)) {
		spans.push(span(from, answer.ended, true));
		from = answer.ended;
	}
	const last = own.at(-1);
	if (last !== undefined && last.ended > from) spans.push(span(from, last.ended, false));
	return spans;
}

/** A time in which nobody may write on a side. */
export interface ClosedTime {
	side: SideName;
	/** A row of this very millisecond may have been written before it, and is none of the time's. */
	from: Date;
	/** Absent where it was not opened again. */
	until?: Date;
}

/** One end's database. */
export interface JudgedDatabase {
	/** Of the database, as whoever reads its table `night_writes`. */
	url: string;
	/** Address and port of its server as that itself sees them: `127.0.0.1:5433`. */
	server: string;
}

/** Rows of one side, with none of the other between them. */
export interface Turn {
	side: SideName;
	from: Date;
	until: Date;
	writes: number;
}

export interface WritesVerdict {
	/** Acknowledged writes that the database that serves now does not hold. */
	lost: AcknowledgedWrite[];
	/** Rows that a side took while it was closed, whether acknowledged or not. */
	onClosedSide: (StoredWrite & { side: SideName })[];
	/** Acknowledgements by another side than the one whose server holds that it took the row. */
	contradicted: AcknowledgedWrite[];
	/** By the servers' own times. A night forward is two: `medstack`, then `aptible`. */
	turns: Turn[];
}

/**
 * Reads both databases after the night, and compares them with what clients were told.
 *
 * @param serving the side that is in use now
 * @param closed when each side was closed, as whoever played the night saw it
 */
export async function judgeWrites(
	ledger: Pick<Ledger, "writes">,
	databases: Readonly<Record<SideName, JudgedDatabase>>,
	serving: SideName,
	closed: readonly ClosedTime[],
): Promise<WritesVerdict> {
	// Whoever is told of a write from here on may have it in a database that was read before.
	const told = [...ledger.writes];
	const [medstack, aptible] = await Promise.all([
		readWrites(databases.medstack.url),
		readWrites(databases.aptible.url),
	]);
	const held = new Set((serving === "aptible" ? aptible : medstack).map(({ id }) => id));
	const rows = [...new Map([...medstack, ...aptible].map((row) => [row.id, row])).values()]
		.map((row) => ({ ...row, side: sideOf(row, databases) }))
		.sort((one, other) => one.writtenAt.getTime() - other.writtenAt.getTime());
	const sides = new Map(rows.map(({ id, side }) => [id, side]));
	return {
		lost: told.filter(({ id }) => !held.has(id)),
		onClosedSide: rows.filter(({ side, writtenAt }) =>
			closed.some((time) => time.side === side && writtenAt > time.from && (!time.until || writtenAt < time.until)),
		),
		contradicted: told.filter(({ id, side }) => (sides.get(id) ?? side) !== side),
		turns: turnsOf(rows),
	};
}

function sideOf({ id, writtenOn }: StoredWrite, databases: Readonly<Record<SideName, JudgedDatabase>>): SideName {
	const found = (["medstack", "aptible"] as const).find((side) => databases[side].server === writtenOn);
	if (found === undefined) throw new Error(`sandbox: row ${id} was written on ${writtenOn}, which is neither side`);
	return found;
}

function turnsOf(rows: readonly { side: SideName; writtenAt: Date }[]): Turn[] {
	const turns: Turn[] = [];
	for (const { side, writtenAt } of rows) {
		const last = turns.at(-1);
		if (last?.side === side) {
			last.until = writtenAt;
			last.writes += 1;
		} else {
			turns.push({ side, from: writtenAt, until: writtenAt, writes: 1 });
		}
	}
	return turns;
}
