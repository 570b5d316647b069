/** Errors with a text for the person who runs `pulumi up`: what failed, why, and what to do next. */

/** Anything that this program itself refuses or gives up on. */
export class AptibleError extends Error {
	override name = "AptibleError";
}

/** A call of the `aptible` CLI that did not exit with 0. */
export class CliError extends AptibleError {
	override name = "CliError";
	/** Command without its arguments (`apps:create`): those may hold secrets. */
	readonly command: string;
	/** What the CLI wrote on stderr, trimmed. */
	readonly stderr: string;
	/** True where nothing says that asking again is useless: connection trouble and answers of the 5xx kind. */
	readonly transient: boolean;

	constructor(command: string, reason: string, stderr: string, transient: boolean) {
		super(`aptible ${command} failed: ${reason}`);
		this.command = command;
		this.stderr = stderr;
		this.transient = transient;
	}
}

/** A request to the Deploy API that was refused or not answered. */
export class ApiError extends AptibleError {
	override name = "ApiError";
	/** HTTP status; 0 where no answer came. */
	readonly status: number;
	/** True where the same request may well succeed later. */
	readonly transient: boolean;
	/** How long the API wants to be left alone. */
	readonly retryAfterMs: number | undefined;

	constructor(
		request: string,
		status: number,
		reason: string,
		{ transient = false, retryAfterMs }: { transient?: boolean; retryAfterMs?: number | undefined } = {},
	) {
		super(`${request} failed: ${reason}`);
		this.status = status;
		this.transient = transient;
		this.retryAfterMs = retryAfterMs;
	}
}

/** Whether Aptible refused to make something because it is there: of a request that was sent twice, the second is refused so. */
export function isAlreadyThere(error: Error | undefined): boolean {
	return error !== undefined && /already (been taken|exists)/.test(error.message);
}

/** An operation that Aptible took and that ended as failed. */
export class OperationError extends AptibleError {
	override name = "OperationError";
}

/** Whether the API may answer the same request in a while. */
export function isPassing(error: unknown): boolean {
	return error instanceof ApiError && error.transient;
}

/** Whether Aptible may have taken what was sent: a refusal of the API is one, the CLI's exit code says nothing. */
export function mayHaveArrived(sent: Error | undefined): boolean {
	return sent === undefined || sent instanceof CliError || isPassing(sent);
}

/** For `catch`: what the API does not have (any more) is undefined. */
export function unlessGone(error: unknown): undefined {
	if (error instanceof ApiError && error.status === 404) return undefined;
	throw error;
}

/** For `catch`: says in these words that the API does not have something (any more). */
export function tellGone(text: string): (error: unknown) => never {
	return (error) => {
		unlessGone(error);
		throw new AptibleError(text);
	};
}
