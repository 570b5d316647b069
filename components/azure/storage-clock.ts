import * as pulumi from "@pulumi/pulumi";

/** Variable with the moment for which SAS tokens are made, to see ahead of time what a coming window brings. */
export const clockVariable = "STORAGE_SAS_CLOCK";

/**
 * The moment for which SAS tokens are made: now, or what `STORAGE_SAS_CLOCK` says (`2027-01-15T00:00:00Z`).
 *
 * @throws pulumi.RunError when that is no date.
 */
export function sasClock(variables: Readonly<NodeJS.ProcessEnv> = process.env): Date {
	const text = variables[clockVariable];
	const date = text === undefined ? new Date() : new Date(text);
	if (Number.isNaN(date.getTime())) {
		throw new pulumi.RunError(`${clockVariable}: "${text}" is not a date; allowed: for example 2027-01-15T00:00:00Z`);
	}
	return date;
}
