/** What is lost on the way back: rows that were written on Aptible since it was opened. */
import type { Evidence } from "../../packages/mover/steps.ts";
import { type Counted, isUnknown } from "./counters.ts";
import type { Opening } from "./opening.ts";

/** How many rows may be lost; `all` also where how many is unknown. */
export type AcceptedLoss = number | "all";

export interface Loss {
	/** Of all databases whose writes are counted. */
	rows: number;
	/** Of these, since users were led to Aptible. */
	sinceLive: number;
	/** Why the writes of a database are not known, one line each. */
	unknown: readonly string[];
	/** Of databases in which transactions have written and are open, one line each: they are not counted yet. */
	open: readonly string[];
}

/** A start is reckoned from two answers in whole seconds. */
const SAME_START_S = 5;

/**
 * Rows between the marks of an opening and now.
 *
 * @param now counters by database, or why there are none
 * @param isServing whether apps may write still: what is committed counts then, and open transactions are named. @default false: they make
 * it unknown
 */
export function countLoss(
	{ opened, marks, liveMarks }: Opening,
	now: Counted,
	{ isServing = false }: { isServing?: boolean } = {},
): Loss {
	const loss = { rows: 0, sinceLive: 0, unknown: [] as string[], open: [] as string[] };
	for (const database of [...opened].sort()) {
		const counted = now.get(database);
		const writers = counted === undefined || isUnknown(counted) ? 0 : Number(counted.openWriters ?? 0);
		if (writers > 0) {
			const says = `${database}: ${writers} transactions have written and are open, of which nothing is counted yet`;
			if (isServing) loss.open.push(says);
			else {
				loss.unknown.push(`${says}; end them, and run it again`);
				continue;
			}
		}
		const written = writtenSince(marks.get(database), counted);
		if (typeof written === "string") {
			loss.unknown.push(`${database}: ${written}`);
			continue;
		}
		const live = liveMarks.has(database) ? writtenSince(liveMarks.get(database), counted) : 0;
		loss.rows += written;
		loss.sinceLive += typeof live === "number" ? live : written;
	}
	return loss;
}

/** @returns rows (of a MySQL that counts no rows: statements), or why that is not known */
function writtenSince(mark: Evidence | undefined, after: ReturnType<Counted["get"]>): number | string {
	if (after === undefined) return "it is not in the stage file any more";
	if (isUnknown(after)) return after.unknown;
	if (mark === undefined) return "no mark was noted before it was opened";
	return mark.format === "postgresql" ? postgresqlRows(mark, after) : mysqlRows(mark, after);
}

function postgresqlRows(mark: Evidence, now: Evidence): number | string {
	if (mark.system !== now.system || mark.oid !== now.oid) {
		return "it is another database than when the mark was noted: restored, or copied over since";
	}
	const rows = Number(BigInt(String(now.rows)) - BigInt(String(mark.rows)));
	if (mark.reset !== now.reset || mark.started !== now.started || rows < 0) {
		return "its counters were reset since the mark, by pg_stat_reset or by the server's recovery after a crash";
	}
	return rows;
}

function mysqlRows(mark: Evidence, now: Evidence): number | string {
	const since = (key: string) => Number(now[key]) - Number(mark[key]);
	if (Math.abs(since("started")) > SAME_START_S)
		return "its server was restarted since the mark, which resets its counters";
	const key = mark.rows !== undefined && now.rows !== undefined ? "rows" : "writes";
	const rows = since(key) + since("changes");
	if (since(key) < 0 || since("changes") < 0) return "its counters were reset since the mark";
	return rows;
}

/** What going back costs, in one line. */
export function describeLoss(loss: Loss): string {
	return [describeRows(loss), ...loss.open].join("; ");
}

function describeRows({ rows, sinceLive, unknown }: Loss): string {
	if (unknown.length > 0) return `unknown: ${unknown.join("; ")}${rows > 0 ? `; of the others ${sayRows(rows)}` : ""}`;
	if (rows === 0) return "free: nothing was written on Aptible since it was opened";
	return `${sayRows(rows)} written on Aptible since it was opened${sinceLive > 0 && sinceLive !== rows ? `, ${sinceLive} of them since users were led there` : ""}`;
}

function sayRows(rows: number): string {
	return rows === 1 ? "1 row" : `${rows} rows`;
}

/** Why a loss is not accepted, with the command that does; nothing where it is. */
export function refuseLoss({ rows, unknown }: Loss, accepted: AcceptedLoss | undefined): string | undefined {
	if (accepted === "all") return undefined;
	if (unknown.length > 0) {
		return `how much was written on Aptible is not known (${unknown.join("; ")}), and it is lost; where that is meant: npm run move -- back --accept-loss all --stack STACK`;
	}
	if (rows <= (accepted ?? 0)) return undefined;
	return `${sayRows(rows)} written on Aptible would be lost, and ${accepted ?? 0} are accepted; where that is meant, the same command with --accept-loss ${rows}`;
}
