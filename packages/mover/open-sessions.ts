/** The sessions that this process has open, of every type of database, so that all can be ended where nothing may go on. */
const sessions = new Set<() => void>();

/**
 * Notes a session.
 *
 * @param destroy ends it at once, whatever it waits for
 * @returns what to call when it has ended
 */
export function noteSession(destroy: () => void): () => void {
	sessions.add(destroy);
	return () => sessions.delete(destroy);
}

/** Ends all of them: where the network is cut, none would learn for minutes that nobody is at its other end. */
export function destroySessions(): void {
	const all = [...sessions];
	sessions.clear();
	for (const destroy of all) destroy();
}
