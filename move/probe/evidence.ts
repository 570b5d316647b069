/** What probes leave in the journal, and what of it opens `live`. No name of a domain is in it: sums alone. */
import { createHash } from "node:crypto";
import type { Move } from "../../config/move.ts";
import type { JournalLine } from "../../packages/mover/journal/line.ts";
import { lookUp } from "../../wire/own.ts";
import type { Expected } from "./probe.ts";

type Probed = Pick<Move, "domains" | "smoke">;

/** What a domain's answer has to be like; undefined where the stage file does not say. */
export function expectedOf({ domains, smoke }: Probed, domain: string): Expected | undefined {
	const own = lookUp(domains, domain)?.smoke;
	const { path, text } = own ?? smoke ?? {};
	return path === undefined || text === undefined ? undefined : { path, text };
}

/** A sum of the domains, and of what each is asked. */
export function hashProbes(move: Probed): string {
	const asked = Object.keys(move.domains)
		.sort()
		.map((domain) => [domain, expectedOf(move, domain) ?? null]);
	return hashOf(asked);
}

/** A sum of one domain, and of what it is asked. */
export function hashProbe(move: Probed, domain: string): string {
	return hashOf([domain, expectedOf(move, domain) ?? null]);
}

function hashOf(value: unknown): string {
	return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

/** Whether the last probes since the last switch were made in `trial`, of these domains, and have passed. */
export function havePassed(lines: readonly JournalLine[], move: Probed): boolean {
	const since = lines.findLastIndex(({ step, state }) => step === "switch" && state === "done");
	const last = lines.slice(since + 1).findLast(({ step, state }) => step === "probe" && state !== "note");
	return last?.state === "done" && last.evidence.phase === "trial" && last.evidence.hash === hashProbes(move);
}

/** Domains that a person has tested by hand since the stage is in the trial that it is in, or went on from. */
export function findAccepted(lines: readonly JournalLine[], move: Probed): string[] {
	const since = lines.findLastIndex(
		({ step, state, evidence }) => step === "switch" && state === "done" && evidence.phase !== "live",
	);
	const hashes = new Set(
		lines
			.slice(since + 1)
			.filter(({ step, state, evidence }) => step === "probe" && state === "note" && evidence.accepted === 1)
			.map(({ evidence }) => evidence.hash),
	);
	return Object.keys(move.domains).filter((domain) => hashes.has(hashProbe(move, domain)));
}
