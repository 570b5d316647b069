/** Ends a command with a message and exit code 1, as the CLI's own errors do. */
export class UserError extends Error {
	constructor(message: string) {
		super(message);
		this.name = "UserError";
	}
}

/** Ends a command as an exception that the CLI does not catch: with a Ruby backtrace. */
export class Crash extends Error {
	constructor(where: string, message: string, type: string) {
		super(`${where}: ${message} (${type})\n\t(backtrace)`);
		this.name = "Crash";
	}
}

/** A refusal of the emulated API, in the shape it answers with. */
export class ApiError extends Error {
	readonly status: number;
	readonly code: string;

	constructor(status: number, code: string, message: string) {
		super(message);
		this.name = "ApiError";
		this.status = status;
		this.code = code;
	}
}
