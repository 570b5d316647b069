/** What the operator wishes: rows that the command writes through a tunnel and the mover takes up. */
import type { Asks, Holder } from "./journal.ts";

/** Changes where a command or its arguments mean something else than before. */
export const WISH_VERSION = 1;

/** Wishes that are work, one at a time. */
export const WORK = ["check", "rehearse", "freeze", "copy", "verify", "thaw", "objects"] as const;
/** Wishes about the work that is under way. */
export const CONTROLS = ["pause", "resume", "stop"] as const;
export type Work = (typeof WORK)[number];
export type Command = Work | (typeof CONTROLS)[number];

/** What a command may be told beside its name. */
export interface WishArguments {
	readonly keep?: boolean;
	readonly again?: boolean;
	readonly replace?: boolean;
	/** The source is written to no more, so that what was deleted there is deleted. */
	readonly final?: boolean;
	readonly deep?: boolean;
	readonly rewrite?: boolean;
	/** The source has no objects. */
	readonly empty?: boolean;
	/** The source is another than that of the passes before. */
	readonly "new-source"?: boolean;
	/** How many copies may be deleted. */
	readonly delete?: number;
	/** How many objects that are no copies of the mover's may be written over. */
	readonly overwrite?: number;
}

type ArgumentName = keyof WishArguments;

/** Those that are a number of objects; the others are switches. */
const NUMBERS: readonly string[] = ["delete", "overwrite"] satisfies ArgumentName[];

/** The arguments that each command takes. */
const ARGUMENTS: Readonly<Record<Command, readonly ArgumentName[]>> = {
	check: [],
	rehearse: ["keep", "again", "replace"],
	copy: ["again", "replace"],
	verify: [],
	freeze: [],
	thaw: [],
	objects: ["final", "deep", "delete", "overwrite", "empty", "new-source", "rewrite"],
	pause: [],
	resume: [],
	stop: [],
};

/** `asked`, then `taken`, then one of the others. */
export type WishState = "asked" | "taken" | "done" | "failed" | "stopped" | "refused";

export interface Wish {
	id: number;
	at: Date;
	version: number;
	command: string;
	arguments: unknown;
	state: WishState;
	/** The run that does it; for what is work. */
	run: string | undefined;
	/** One word on how it ended. */
	reason: string | undefined;
}

/** A wish that is understood. */
export interface KnownWish extends Wish {
	command: Command;
	arguments: WishArguments;
	run: string | undefined;
}

const COLUMNS = "id::text, at, version, command, arguments, state, run, reason";

function wishOf(row: Record<string, unknown>): Wish {
	return { ...row, id: Number(row.id), run: row.run ?? undefined, reason: row.reason ?? undefined } as unknown as Wish;
}

/** Why a wish is not understood; undefined where it is. */
export function refusalOf({
	version,
	command,
	arguments: given,
}: Pick<Wish, "version" | "command" | "arguments">): "version" | "command" | "arguments" | undefined {
	if (version !== WISH_VERSION) return "version";
	if (!Object.hasOwn(ARGUMENTS, command)) return "command";
	if (typeof given !== "object" || given === null || Array.isArray(given)) return "arguments";
	const known: readonly string[] = ARGUMENTS[command as Command];
	const isOfItsKind = (name: string, value: unknown) =>
		NUMBERS.includes(name) ? Number.isSafeInteger(value) && Number(value) > 0 : typeof value === "boolean";
	const isRight = Object.entries(given).every(([name, value]) => known.includes(name) && isOfItsKind(name, value));
	return isRight ? undefined : "arguments";
}

/** Another wish is under way. */
export class WishUnderWay extends Error {
	override name = "WishUnderWay";
	readonly wish: Wish;

	constructor(wish: Wish) {
		super(
			`${wish.command} is under way since ${wish.at.toISOString()}${wish.run === undefined ? "" : ` (run ${wish.run})`}; wait for its end, or end it: npm run move -- stop --stack STACK`,
		);
		this.wish = wish;
	}
}

/**
 * Writes a wish. `stop` withdraws in the same transaction the work that nobody has in hand, so that it needs no mover.
 *
 * @throws WishUnderWay where work is wished for and other work is not over
 */
export async function wish(client: Asks, command: Command, given: WishArguments = {}): Promise<number> {
	const refusal = refusalOf({ version: WISH_VERSION, command, arguments: given });
	if (refusal !== undefined) throw new Error(`${command} takes no such ${refusal}`);
	// One statement, so that of two at once one sees the other's row.
	await client.query("BEGIN");
	try {
		await client.query("LOCK TABLE public.wishes IN SHARE ROW EXCLUSIVE MODE");
		const open = await openWork(client);
		if (open !== undefined && isWork(command)) throw new WishUnderWay(open);
		const { rows } = await client.query(
			"INSERT INTO public.wishes (version, command, arguments) VALUES ($1, $2, $3) RETURNING id::text",
			[WISH_VERSION, command, JSON.stringify(given)],
		);
		const id = Number(rows[0].id);
		if (command === "stop") await withdrawWork(client, id);
		await client.query("COMMIT");
		return id;
	} catch (error) {
		await client.query("ROLLBACK").catch(() => {});
		throw error;
	}
}

/**
 * Whether a run is in its swap: begun, and neither failed nor put back. It is never left so, as half a stage would be in its place.
 * A condition of SQL's about a row that has a run.
 */
const isInSwapOf = (row: string) => `EXISTS (SELECT FROM (
	SELECT DISTINCT ON (database) state FROM public.journal WHERE journal.run = ${row}.run AND step = 'swap'
	ORDER BY database, seq DESC) AS last WHERE last.state IN ('begin', 'done'))`;

/** Whether a run is in its swap. */
export async function isInSwap(client: Asks, run: string): Promise<boolean> {
	const { rows } = await client.query(`SELECT ${isInSwapOf("one")} AS swaps FROM (SELECT $1::text AS run) AS one`, [
		run,
	]);
	return rows[0].swaps;
}

/**
 * Ends the work that was wished for before a `stop` and that no mover has in hand: nobody has taken it up, or the lease of who has is
 * over. That one loses the lease for good, so that it writes nothing more should it wake up. What is left is the mover's to stop.
 */
async function withdrawWork(client: Asks, stop: number): Promise<void> {
	const { rows } = await client.query("SELECT until > clock_timestamp() AS held FROM public.lease FOR UPDATE");
	const isHeld = rows[0]?.held === true;
	if (!isHeld) await client.query("UPDATE public.lease SET holder = ''");
	await client.query(
		`UPDATE public.wishes SET state = 'stopped', reason = 'operator', ended = clock_timestamp()
		WHERE command = ANY ($1) AND id < $2 AND (state = 'asked' OR state = 'taken' AND NOT $3 AND NOT ${isInSwapOf("wishes")})`,
		[WORK, stop, isHeld],
	);
	if ((await openWork(client)) !== undefined) return;
	await client.query("UPDATE public.wishes SET state = 'done', ended = clock_timestamp() WHERE id = $1", [stop]);
}

export function isWork(command: string): command is Work {
	return (WORK as readonly string[]).includes(command);
}

/** The work that is not over, the oldest first. */
export async function openWork(client: Asks): Promise<Wish | undefined> {
	const { rows } = await client.query(
		`SELECT ${COLUMNS} FROM public.wishes WHERE state IN ('asked', 'taken') AND command = ANY ($1) ORDER BY wishes.id LIMIT 1`,
		[WORK],
	);
	return rows[0] === undefined ? undefined : wishOf(rows[0]);
}

export async function readWish(client: Asks, id: number): Promise<Wish> {
	const { rows } = await client.query(`SELECT ${COLUMNS} FROM public.wishes WHERE id = $1`, [id]);
	if (rows[0] === undefined)
		throw new Error("the wish is gone from database move on the target; run the command again");
	return wishOf(rows[0]);
}

/** The last work that was wished for. */
export async function lastWork(client: Asks): Promise<Wish | undefined> {
	const { rows } = await client.query(
		`SELECT ${COLUMNS} FROM public.wishes WHERE command = ANY ($1) AND run IS NOT NULL ORDER BY wishes.id DESC LIMIT 1`,
		[WORK],
	);
	return rows[0] === undefined ? undefined : wishOf(rows[0]);
}

/** Those that nobody has taken up, and the work that an earlier holder began, in order. */
export async function waitingWishes(client: Asks): Promise<Wish[]> {
	const { rows } = await client.query(
		`SELECT ${COLUMNS} FROM public.wishes WHERE state IN ('asked', 'taken') ORDER BY wishes.id`,
	);
	return rows.map(wishOf);
}

/** Whether the last of pause and resume was pause. */
export async function isPaused(client: Asks): Promise<boolean> {
	const { rows } = await client.query(
		"SELECT command FROM public.wishes WHERE command IN ('pause', 'resume') AND state = 'done' ORDER BY id DESC LIMIT 1",
	);
	return rows[0]?.command === "pause";
}

const MINE = "EXISTS (SELECT FROM public.lease WHERE holder = $2 AND epoch = $3 FOR SHARE)";

/**
 * The run of the copy before, where that has ended in its middle or could not be swapped in: whether it is gone on with is the source's
 * to say. One that is in its place is copied over by a run of its own.
 */
const UNFINISHED = `(SELECT run FROM (
		SELECT run, state, reason FROM public.wishes former
		WHERE former.command = 'copy' AND former.run IS NOT NULL AND former.id < $1 ORDER BY former.id DESC LIMIT 1) AS former
	WHERE wishes.command = 'copy' AND state IN ('failed', 'stopped') AND reason IS DISTINCT FROM 'unequal'
	AND run NOT IN (SELECT run FROM public.journal WHERE step = 'drop' AND state = 'done')
	AND NOT (wishes.arguments -> 'again' = 'true' AND ${isInSwapOf("former")}))`;

const NEXT = "(SELECT 'r' || coalesce(max(substr(run, 2)::int), 0) + 1 FROM public.wishes)";

/**
 * Refuses a freeze, a thaw, and a pass over objects that deletes or rewrites, where it was asked, or its last line was written, too long
 * ago: the operator has gone on without it since, and it would shut or open the source, or delete, behind his back.
 *
 * @returns whether it is refused
 */
export async function refuseStale(client: Asks, id: number, { holder, epoch }: Holder): Promise<boolean> {
	const { rows } = await client.query(
		`UPDATE public.wishes SET state = 'refused', reason = 'stale', epoch = $3, ended = clock_timestamp()
		WHERE id = $1 AND (command IN ('freeze', 'thaw')
			OR command = 'objects' AND (arguments -> 'final' = 'true' OR arguments -> 'rewrite' = 'true')) AND state IN ('asked', 'taken') AND ${MINE}
		AND greatest(at, (SELECT max(journal.at) FROM public.journal WHERE journal.run = wishes.run)) < clock_timestamp() - interval '${STALE}'
		RETURNING id`,
		[id, holder, epoch],
	);
	return rows.length > 0;
}

/** How long after it was asked or last worked on such a wish is what the operator still wants. */
const STALE = "10 minutes";

/**
 * Takes up work: gives it the next run, unless it goes on with one that an earlier holder or an earlier copy has begun.
 *
 * @returns the run; undefined where the wish was withdrawn meanwhile, or the lease is lost
 */
export async function takeWish(client: Asks, id: number, { holder, epoch }: Holder): Promise<string | undefined> {
	const { rows } = await client.query(
		`UPDATE public.wishes SET state = 'taken', epoch = $3, run = coalesce(run, ${UNFINISHED}, ${NEXT})
		WHERE id = $1 AND state IN ('asked', 'taken') AND ${MINE} RETURNING run`,
		[id, holder, epoch],
	);
	return rows[0]?.run;
}

/** Gives work another run, as the one that it went on with is given up. @returns the run; undefined where the lease is lost */
export async function renewRun(client: Asks, id: number, { holder, epoch }: Holder): Promise<string | undefined> {
	const { rows } = await client.query(
		`UPDATE public.wishes SET run = ${NEXT} WHERE id = $1 AND state = 'taken' AND ${MINE} RETURNING run`,
		[id, holder, epoch],
	);
	return rows[0]?.run;
}

/** Says how a wish ended. */
export async function endWish(
	client: Asks,
	id: number,
	{ holder, epoch }: Holder,
	state: Exclude<WishState, "asked" | "taken">,
	reason: string | undefined,
): Promise<void> {
	await client.query(
		`UPDATE public.wishes SET state = $4, reason = $5, epoch = $3, ended = clock_timestamp() WHERE id = $1 AND ${MINE}`,
		[id, holder, epoch, state, reason ?? null],
	);
}
