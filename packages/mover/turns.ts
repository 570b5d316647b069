/** Those who share a session take turns at it: a client of PostgreSQL is to be asked one thing at a time. */
export class Turns {
	#last: Promise<unknown> = Promise.resolve();

	/** Acts when all those before have ended, however they ended. */
	take<T>(act: () => Promise<T>): Promise<T> {
		const answer = this.#last.then(act);
		this.#last = answer.catch(() => {});
		return answer;
	}
}
