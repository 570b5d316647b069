/** The operations a provider has under way, each of which the engine can end early. */
export class Operations {
	readonly #running = new Set<AbortController>();
	#cancelled = false;

	/**
	 * Runs an operation with a signal that the timeout and `cancel` abort.
	 *
	 * @param timeoutSeconds as in the request: 0 is none, and fractions are cut off, as the released framework does
	 */
	async run<Result>(timeoutSeconds: number, operation: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
		const controller = new AbortController();
		const timer =
			timeoutSeconds > 0
				? setTimeout(() => controller.abort(new Error("context deadline exceeded")), Math.trunc(timeoutSeconds) * 1000)
				: undefined;
		if (this.#cancelled) {
			controller.abort(new Error("context canceled"));
		}
		this.#running.add(controller);
		try {
			return await operation(controller.signal);
		} finally {
			clearTimeout(timer);
			this.#running.delete(controller);
		}
	}

	/** Ends all operations, and every later one at its start. */
	cancel(): void {
		this.#cancelled = true;
		for (const controller of this.#running) {
			controller.abort(new Error("context canceled"));
		}
	}
}
