/** Ends a command with a message and exit code 1, as the CLI's own errors do. */
export class UserError extends Error {
	constructor(message: string) {
		super(message);
		this.name = "UserError";
	}
}

/** Seen of the real CLI: 8 to 30 lines. */
const BACKTRACE = Array.from(
	{ length: 12 },
	(_, line) => `\n\tfrom /var/lib/gems/3.1.0/gems/httpclient-2.8.3/lib/httpclient.rb:${502 + line}:in \`do_request'`,
).join("");

/** Ends a command as an exception that the CLI does not catch: with a Ruby backtrace. */
export class Crash extends Error {
	constructor(where: string, message: string, type: string) {
		super(`${where}: ${message} (${type})${BACKTRACE}`);
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
