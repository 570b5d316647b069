/** One operator at a time: a lock of a session in database `move`, watched for its end. */
import { setTimeout as sleep } from "node:timers/promises";
import { isConnectionError } from "../packages/mover/journal/errors.ts";
import { JOURNAL_DATABASE } from "../packages/mover/journal/schema.ts";
import { LOCK_CLASS } from "../packages/mover/steps.ts";
import { asUnreachable, type MoveSession, Unreachable, type Way } from "./session.ts";

/** What one operator at a time is at. */
export interface OperatorLockPlace {
	/** Beyond the epochs, which are counted from 1. */
	object: number;
	/** For the one who is refused. */
	what: string;
}

/** What changes the stage or asks it. */
export const STEP_LOCK: OperatorLockPlace = { object: 0x7fff_ffff, what: "a switch, a probe, a point or a way back" };
/** The whole night, whose steps are taken one by one. */
export const NIGHT_LOCK: OperatorLockPlace = { object: 0x7fff_fffe, what: "this night" };

/** Long enough for the session of a command that was killed. */
const WAIT_MS = 5_000;
/** Between two looks at a lock while something long is done. */
const EVERY_MS = 30_000;
/** A tunnel whose other end is gone swallows what is asked. */
const ANSWER_MS = 10_000;

/**
 * Lets one operator at a time be at something, for as long as a session in database `move` lasts.
 *
 * @param waitMs for another one's end. @default 5 s
 * @throws where another one is at it
 */
export async function lockOperator(session: MoveSession, place = STEP_LOCK, waitMs = WAIT_MS): Promise<void> {
	for (const deadline = Date.now() + waitMs; ; await sleep(250)) {
		if (await take(session, "pg_try_advisory_lock", place)) return;
		if (Date.now() >= deadline) return refuseOther(session, place);
	}
}

/** The locks of steps that this process has: its own steps wish for work too. A night is none, as another operator may be at one. */
const own = new Set<OperatorLock>();

/**
 * Does something that another operator's step must not meet in its middle.
 *
 * @throws where another operator is at a step
 */
export async function besideNoOperator<T>(session: MoveSession, act: () => Promise<T>): Promise<T> {
	if (own.size > 0) return act();
	if (!(await take(session, "pg_try_advisory_lock_shared", STEP_LOCK))) await refuseOther(session, STEP_LOCK);
	try {
		return await act();
	} finally {
		const values = [LOCK_CLASS, STEP_LOCK.object];
		await session.query("SELECT pg_catalog.pg_advisory_unlock_shared($1, $2)", values).catch(() => {});
	}
}

async function take(session: MoveSession, how: string, { object }: OperatorLockPlace): Promise<boolean> {
	const { rows } = await session.query(`SELECT pg_catalog.${how}($1, $2) AS taken`, [LOCK_CLASS, object]);
	return rows[0].taken;
}

async function refuseOther(session: MoveSession, { object, what }: OperatorLockPlace): Promise<never> {
	const held = await session.query(
		`SELECT pid, extract(epoch FROM clock_timestamp() - backend_start)::int AS seconds
		FROM pg_catalog.pg_locks JOIN pg_catalog.pg_stat_activity USING (pid)
		WHERE locktype = 'advisory' AND granted AND classid = $1 AND objid = $2`,
		[LOCK_CLASS, object],
	);
	const { pid = "PID", seconds = 0 } = held.rows[0] ?? {};
	throw new Error(
		`another operator is at ${what} since ${seconds} s; wait for its end. Where that machine is gone, end its session in database ${JOURNAL_DATABASE} (aptible db:tunnel): SELECT pg_terminate_backend(${pid})`,
	);
}

/** A session of the server's: a process of the same number may be another one later. */
interface Backend {
	pid: number;
	started: string;
}

/** The lock of a step, for longer than a session through a tunnel may last. */
export class OperatorLock {
	readonly #way: Pick<Way, "connect">;
	readonly #place: OperatorLockPlace;
	readonly #answerMs: number;
	readonly #waitMs: number;
	#session: MoveSession | undefined;
	#backend: Backend | undefined;
	#last: Promise<void> = Promise.resolve();

	/**
	 * @param answerMs after which a session that does not answer is taken for one that has ended. @default 10 s
	 * @param waitMs for another one's end. @default 5 s
	 */
	constructor(way: Pick<Way, "connect">, place = STEP_LOCK, { answerMs = ANSWER_MS, waitMs = WAIT_MS } = {}) {
		this.#way = way;
		this.#place = place;
		this.#answerMs = answerMs;
		this.#waitMs = waitMs;
	}

	/** Takes it, or takes it again where its session has ended. @throws where another operator has it */
	hold(): Promise<void> {
		// One at a time: two that found its session ended would each end the other's new one.
		const held = this.#last.then(() => this.#holdOnce());
		this.#last = held.catch(() => {});
		return held;
	}

	/**
	 * Does something long, and looks meanwhile whether the lock is there, as in `hold`.
	 *
	 * @param act is given a signal that ends it where another operator came in
	 * @param everyMs between two looks. @default 30 s
	 * @throws what `act` throws, and where another operator came in
	 */
	async keep<T>(act: (lost: AbortSignal) => Promise<T>, everyMs = EVERY_MS): Promise<T> {
		const [over, lost] = [new AbortController(), new AbortController()];
		const watching = this.#watch(over.signal, everyMs).catch((error: unknown) => lost.abort(error));
		try {
			return await act(lost.signal);
		} catch (error) {
			throw lost.signal.aborted ? lost.signal.reason : error;
		} finally {
			over.abort();
			await watching;
		}
	}

	/** @throws where another operator came in */
	async #watch(over: AbortSignal, everyMs: number): Promise<void> {
		for (;;) {
			await sleep(everyMs, undefined, { signal: over }).catch(() => {});
			if (over.aborted) return;
			await this.hold().catch((error: unknown) => {
				// Whoever else is cut off cannot come in either.
				if (!(error instanceof Unreachable)) throw error;
			});
		}
	}

	async #holdOnce(): Promise<void> {
		if (await this.#isAlive()) return;
		await this.#endSession();
		const session = await this.#way.connect(JOURNAL_DATABASE).catch((error: unknown) => {
			throw asUnreachable(error);
		});
		this.#session = session;
		try {
			await this.#endFormer(session);
			await lockOperator(session, this.#place, this.#waitMs);
			const { rows } = await session.query(
				"SELECT pid, backend_start::text AS started FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()",
			);
			this.#backend = rows[0];
			if (this.#place === STEP_LOCK) own.add(this);
		} catch (error) {
			await this.release();
			throw isConnectionError(error) ? asUnreachable(error) : error;
		}
	}

	async release(): Promise<void> {
		own.delete(this);
		await this.#endSession();
	}

	async #isAlive(): Promise<boolean> {
		const session = this.#session;
		if (session === undefined) return false;
		const answer = session.query("SELECT").then(
			() => true,
			(error: unknown) => {
				if (isConnectionError(error)) return false;
				throw error;
			},
		);
		return Promise.race([answer, sleep(this.#answerMs, false, { ref: false })]);
	}

	/** Where the tunnel has ended without the server's knowledge, the lock is our own former session's. */
	async #endFormer(session: MoveSession): Promise<void> {
		if (this.#backend === undefined) return;
		const { pid, started } = this.#backend;
		await session.query(
			"SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE pid = $1 AND backend_start = $2::timestamptz",
			[pid, started],
		);
	}

	async #endSession(): Promise<void> {
		const session = this.#session;
		this.#session = undefined;
		// One that does not answer does not end either.
		await Promise.race([session?.end().catch(() => {}), sleep(this.#answerMs, undefined, { ref: false })]);
	}
}
