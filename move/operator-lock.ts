/** One operator at a time, for longer than a session through a tunnel may last. */
import type { MoveSession, Way } from "./session.ts";
import { lockOperator, type NightJournal, type OperatorLockPlace } from "./switch/night-journal.ts";

export class OperatorLock {
	readonly #way: Pick<Way, "connect">;
	readonly #place: OperatorLockPlace;
	readonly #waitMs: number | undefined;
	#session: MoveSession | undefined;

	/** @param waitMs for another one's end. @default that of `lockOperator` */
	constructor(way: Pick<Way, "connect">, place: OperatorLockPlace, waitMs?: number) {
		this.#way = way;
		this.#place = place;
		this.#waitMs = waitMs;
	}

	/** Takes it, or takes it again where its session has ended. @throws where another operator has it */
	async hold(): Promise<void> {
		const isThere = await this.#session?.query("SELECT").then(
			() => true,
			() => false,
		);
		if (isThere === true) return;
		await this.release();
		const session = await this.#way.connect("move");
		this.#session = session;
		try {
			await lockOperator(session, this.#place, this.#waitMs);
		} catch (error) {
			await this.release();
			throw error;
		}
	}

	async release(): Promise<void> {
		const session = this.#session;
		this.#session = undefined;
		await session?.end().catch(() => {});
	}
}

/** A journal whose lines are written by whoever holds the lock, whatever became of the tunnel. */
export function heldJournal(journal: NightJournal, lock: OperatorLock): NightJournal {
	return {
		run: () => journal.run(),
		lines: () => journal.lines(),
		async write(...line) {
			await lock.hold();
			await journal.write(...line);
		},
	};
}
