/** SQLSTATE of an error of the server's, or the code of one of Node's. */
export function stateOf(error: unknown): string | undefined {
	return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** What Node, `pg` and PostgreSQL's own programs say where a server or the way to it has ended. */
const CONNECTION_TEXTS =
	/^(Connection terminated|Client was closed|Client has encountered a connection error|timeout exceeded when trying to connect)|server closed the connection|terminating connection|could not connect|connection to server|could not (send|receive) data/i;

/** Whether a server or the way to it has ended, so that the same may succeed later. */
export function isConnectionError(error: unknown): boolean {
	const state = stateOf(error);
	// Classes 08 and 57P are connections, and a server that shuts down or starts; 53300 has too many of them.
	if (state !== undefined && /^(08|57P0|53300)|^E[A-Z]{3,}$/.test(state)) return true;
	return error instanceof Error && CONNECTION_TEXTS.test(error.message);
}
