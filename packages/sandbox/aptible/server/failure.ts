/** Ends an operation badly; its lines go into the operation's log. */
export class OperationFailure extends Error {
	readonly lines: readonly string[];

	constructor(...lines: string[]) {
		super(lines.join("\n"));
		this.name = "OperationFailure";
		this.lines = lines;
	}
}
