import { AptibleError } from "./errors.ts";
import type { Execute } from "./execute.ts";

/** How a client reaches Aptible, and how far it may go. */
export interface Access {
	/** Ends every call that is under way; nothing is asked again after it. */
	signal?: AbortSignal | undefined;
	/** Refuses whatever changes something. */
	readOnly?: boolean | undefined;
	/** Runs the CLI. @default as a process of its own */
	execute?: Execute | undefined;
	/** For how long a read that fails for a passing reason is tried again, in milliseconds from its start. @default a minute */
	patienceMs?: number | undefined;
	/** How many requests to the API are under way at a time. @default 2 */
	requestsAtATime?: number | undefined;
	/** Called every so often while a read is tried again, with why. */
	tell?: ((text: string) => void) | undefined;
	/** Masks what an answer may hold of secrets, before any of it is cut. */
	mask?: ((text: string) => string) | undefined;
	/** Milliseconds before its second try; each further pause is twice as long, up to ten times this. @default 500 */
	firstPauseMs?: number | undefined;
}

/** @throws AptibleError where nothing may be changed */
export function refuseIfReadOnly({ readOnly }: Access, what: string): void {
	if (readOnly === true)
		throw new AptibleError(`it is not as declared: this would send ${what}, and was told to change nothing.`);
}
