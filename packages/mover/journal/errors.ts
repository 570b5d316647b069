/** A server or the way to it has ended, as an engine knows from what its programs and clients say: the same may succeed later. */
export class ConnectionLost extends Error {
	override name = "ConnectionLost";
}

/** SQLSTATE of an error of the server's, or the code of one of Node's. */
export function stateOf(error: unknown): string | undefined {
	return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** What Node and `pg` say, in errors without a code, where a server or the way to it has ended. */
const CONNECTION_TEXTS =
	/^(Connection terminated|Client was closed|Client has encountered a connection error|timeout expired$)/;

/** SQLSTATEs: classes 08 and 57P are connections, and a server that shuts down or starts; 53300 has too many of them. */
const CONNECTION_STATES = /^(08...|57P0.|53300)$/;

/** Node's codes of a network, a name or a peer that is not there; not those of files and programs, such as ENOENT and ENOSPC. */
const NETWORK_CODES =
	/^(E(CONN\w+|PIPE|TIMEDOUT|(HOST|NET)(UNREACH|DOWN)|NETRESET|NOTFOUND|AI_AGAIN|NOTCONN|ADDRNOTAVAIL|PROTO)|ERR_STREAM_(DESTROYED|WRITE_AFTER_END))$/;

/** Whether a server or the way to it has ended, so that the same may succeed later. */
export function isConnectionError(error: unknown): boolean {
	if (!(error instanceof Error)) return false;
	if (error instanceof ConnectionLost) return true;
	const state = stateOf(error);
	if (state === undefined && CONNECTION_TEXTS.test(error.message)) return true;
	if (state !== undefined && (CONNECTION_STATES.test(state) || NETWORK_CODES.test(state))) return true;
	// Whoever said more of it kept what it was.
	return isConnectionError(error.cause);
}
