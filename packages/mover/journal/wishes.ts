/** What the operator wishes: rows that the command writes through a tunnel and the mover takes up. */
import type { Asks, Holder } from "./journal.ts";

/** Changes where a command or its arguments mean something else than before. */
export const WISH_VERSION = 1;

/** Wishes that are work, one at a time. */
export const WORK = ["check", "rehearse", "copy", "verify"] as const;
/** Wishes about the work that is under way. */
export const CONTROLS = ["pause", "resume", "stop"] as const;
export type Work = (typeof WORK)[number];
export type Command = Work | (typeof CONTROLS)[number];

/** The arguments that each command takes, all of them switches. */
const ARGUMENTS: Readonly<Record<Command, readonly string[]>> = {
	check: [],
	rehearse: ["keep", "again", "replace"],
	copy: ["again", "replace"],
	verify: [],
	pause: [],
	resume: [],
	stop: [],
};

export type WishArguments = Readonly<Record<string, boolean>>;

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
	const known = ARGUMENTS[command as Command];
	const isRight = Object.entries(given).every(([name, value]) => known.includes(name) && typeof value === "boolean");
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
 * Writes a wish.
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
		await client.query("COMMIT");
		return Number(rows[0].id);
	} catch (error) {
		await client.query("ROLLBACK").catch(() => {});
		throw error;
	}
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

/** The run of the copy before, where that has ended in its middle: a frozen source is as it was. A copy whose
 * swap has begun has no markers any more, and is begun anew. */
const UNFINISHED = `(SELECT run FROM (
		SELECT run, state, reason FROM public.wishes former
		WHERE former.command = 'copy' AND former.run IS NOT NULL AND former.id < $1 ORDER BY former.id DESC LIMIT 1) AS former
	WHERE wishes.command = 'copy' AND state IN ('failed', 'stopped') AND reason IS DISTINCT FROM 'unequal'
	AND run NOT IN (SELECT run FROM public.journal WHERE step = 'swap' OR step = 'drop' AND state = 'done'))`;

/** Takes up work: gives it the next run, unless it goes on with one that an earlier holder or an earlier copy has begun. */
export async function takeWish(client: Asks, id: number, { holder, epoch }: Holder): Promise<string> {
	const { rows } = await client.query(
		`UPDATE public.wishes SET state = 'taken', epoch = $3, run = coalesce(run, ${UNFINISHED}, (
			SELECT 'r' || coalesce(max(substr(run, 2)::int), 0) + 1 FROM public.wishes))
		WHERE id = $1 AND ${MINE} RETURNING run`,
		[id, holder, epoch],
	);
	if (rows[0] === undefined) throw new Error("the wish was not to be taken up");
	return rows[0].run;
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
