/** What an error of a server's may say in a log, a report or to a person: names of objects, never a value of a row or of code. */

import pg from "pg";

/** What `pg` or a program tells of an error. */
export interface ServerError {
	/** SQLSTATE. */
	code: string;
	message: string;
	/** Which functions were at work: the lines of `CONTEXT`. */
	where?: string | undefined;
}

/** undefined_function, undefined_table, undefined_column, undefined_object, invalid_schema_name, ambiguous_function, insufficient_privilege */
const NAMING_STATES = new Set(["42883", "42P01", "42703", "42704", "3F000", "42725", "42501"]);

/** A message up to its first value. What a function of the application's raises is all value, and has its SQLSTATE alone. */
export function withoutValues({ code, message, where = "" }: ServerError): string {
	const isRaised = code === "P0001" || /\bat RAISE\b/.test(where);
	const isInFunction = /\bfunction\b/i.test(where) && !NAMING_STATES.has(code);
	if (isRaised || isInFunction) return `an error in a function (SQLSTATE ${code})`;
	// Class 22, data_exception, quotes what it was given; all others name objects in their quotes.
	const isOfData = code.startsWith("22");
	const shown = isOfData ? message.replace(/\s*[:"'].*$/s, "") : message.replace(/: ".*$/s, "");
	return isOfData ? `${shown} (SQLSTATE ${code})` : shown;
}

/** What is told of any error: one that comes from a server as it is, without its values; all others have none. */
export function lineOf(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	return error instanceof pg.DatabaseError && error.code !== undefined
		? withoutValues({ code: error.code, message: error.message, where: error.where })
		: error.message;
}

/** The start of a statement, up to its first literal. */
export function withoutLiterals(statement: string): string {
	return statement.replace(/\s*(['$]).*$/s, " ...");
}
