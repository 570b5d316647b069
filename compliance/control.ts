/** What a control is, and what is known where it is judged. */
import type { Draft } from "../config/draft.ts";
import type { Stage } from "../config/stage.ts";
import type { Snapshot } from "../drift/snapshot.ts";
import type { Reference } from "./references.ts";

/** `shown` asks for nothing: what is there is for the reader to judge. */
export type Verdict = "holds" | "fails" | "unknown" | "shown";

/** What one side has. Never a secret: handles, settings, addresses, names of roles. */
export interface Reading {
	readonly value: string;
	readonly verdict: Verdict;
}

/** One object under a control. */
export interface Row {
	readonly object: string;
	/** Absent where a stage file cannot say it. */
	readonly declared?: Reading | undefined;
	/** Absent where Aptible cannot show it. */
	readonly live?: Reading | undefined;
	/** Both sides have the same words for the same thing, so that a difference is one. @default false */
	readonly isCompared?: boolean;
}

/** Something that an auditor asks for. */
export interface Control {
	readonly id: string;
	readonly title: string;
	/** What has to hold of a stage with health information. */
	readonly requires: string;
	readonly references: readonly Reference[];
	/** `file`: nothing of it is on Aptible. */
	readonly on: "both" | "file";
	/** Rules of `phi` that it shows live, by their keys in `config/phi.ts`. */
	readonly phiKeys: readonly string[];
	rows(seen: Seen): Row[];
}

/** Aptible as it is now. */
export interface Live {
	readonly snapshot: Snapshot;
	/** By the ids of certificates. */
	readonly certificateEnds: ReadonlyMap<number, Date>;
}

/** What is judged. */
export interface Seen {
	readonly stage: Stage;
	/** The stage file as it stands, for the rules of `config/phi.ts`. */
	readonly draft: Draft;
	/** Why nothing is known of Aptible, where it is not. */
	readonly live: Live | { readonly unseen: string };
	readonly now: Date;
}

export const holds = (value: string): Reading => ({ value, verdict: "holds" });
export const fails = (value: string): Reading => ({ value, verdict: "fails" });
export const shown = (value: string): Reading => ({ value, verdict: "shown" });
export const unknown = (value: string): Reading => ({ value, verdict: "unknown" });

/** Holds where it is so. */
export function judge(isSo: boolean, value: string): Reading {
	return isSo ? holds(value) : fails(value);
}

/** What is live, where it was looked at. */
export function liveOf({ live }: Seen): Live | undefined {
	return "unseen" in live ? undefined : live;
}

const notLookedAt = unknown("not looked at");
const notThere = unknown("not there");

/**
 * What is read of a live object, by its side.
 *
 * @param find the object, where the environment was looked at
 */
export function readLive<T>(
	seen: Seen,
	find: (live: Live) => T | undefined,
	read: (found: T, live: Live) => Reading,
): Reading {
	const live = liveOf(seen);
	if (live === undefined) return notLookedAt;
	const found = find(live);
	return found === undefined ? notThere : read(found, live);
}

/** What stands on the declared side of a live object that the file does not have. */
export const notDeclared: Reading = shown("not declared");

/** Names of both sides, declared ones first. */
export function namesOf(declared: readonly string[], live: readonly string[] = []): string[] {
	return [...new Set([...declared, ...live])];
}
