/** A process that a test kills at one of its acts. */

export const NOW = new Date("2026-12-05T02:00:00Z");
/** Of a copy's proof. */
export const HASH = "0123456789abcdef";

/** What was killed: the process is gone, and whoever runs it again finds what it left. */
export class Killed extends Error {}

export class Killable {
	/** At which of the moments that are counted it is killed, from 1. */
	killAt = Number.POSITIVE_INFINITY;
	acts = 0;
	#kill: (killed: Killed) => void = () => {};

	/** Counts a moment; nothing of the process goes on after that at which it is killed. */
	protected pass(at: string): Promise<void> {
		this.acts += 1;
		if (this.acts !== this.killAt) return Promise.resolve();
		this.#kill(new Killed(at));
		return new Promise(() => {});
	}

	/** Goes on until it ends or is killed. */
	until<T>(work: () => Promise<T>): Promise<T> {
		const killed = new Promise<never>((_, reject) => {
			this.#kill = reject;
		});
		return Promise.race([work(), killed]);
	}
}
