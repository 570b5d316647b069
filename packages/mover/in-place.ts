/** What is the same of every type of database that no server can rename: it is copied into its own name. */
import { createHash } from "node:crypto";
import type { Engine, FreezeTask, Proof, Task } from "./engine.ts";
import { type Difference, type Finding, FREEZE_BY_HAND } from "./findings.ts";
import type { Login } from "./postgresql/connection.ts";
import type { Evidence } from "./steps.ts";
import { waitBetweenSamples, writesFound } from "./two-samples.ts";

/** How a type of database keeps whose copy its target holds. */
export interface InPlace {
	/** The run that the copy belongs to; nothing where there is none, or it has been released. */
	findRun(target: Login): Promise<string | undefined>;
	/** Removes what a copy notes for itself, so that what was copied is the target's own. */
	release(target: Login): Promise<void>;
	dropCopy(target: Login, epoch: number): Promise<void>;
}

/** The acts of an engine after the copy. */
export function inPlace({ findRun, release, dropCopy }: InPlace): Pick<Engine, "swap" | "undoSwap" | "drop"> {
	return {
		async swap({ target, steps }) {
			await steps.step("swap", "", {
				look: async () => ((await findRun(target)) === undefined ? { swapped: true } : undefined),
				act: () => release(target),
			});
		},

		// It is where it was copied to, and what stood there was empty.
		async undoSwap() {},

		async drop({ target, steps }) {
			await steps.step("drop", "", {
				// Of another run's copy nothing is removed.
				look: async () => ((await findRun(target)) === steps.run ? undefined : { dropped: true }),
				act: () => dropCopy(target, steps.epoch),
			});
		},
	};
}

/** A comparison of both sides of such a database. */
interface Comparison {
	equal: boolean;
	differences: readonly Difference[];
	hash: string;
	sums: unknown;
}

/** How a type of database tells whether its source was written to. */
export interface WriteCounters {
	read(source: Login): Promise<Evidence>;
	/** What shows that somebody wrote between two readings, one line each. */
	changesOf(before: Evidence, after: Evidence): string[];
}

/**
 * What a comparison of both sides proves: a source that was written to meanwhile proves nothing.
 *
 * @param before readings from before the comparison, the first ones of a copy; undefined for a source that is in use, of which nobody
 * asks that it holds still
 */
export async function prove(
	{ source, steps }: Pick<Task, "source" | "steps">,
	{ read, changesOf }: WriteCounters,
	before: readonly Evidence[] | undefined,
	compare: () => Promise<Comparison>,
): Promise<Proof> {
	let found: Comparison | undefined;
	// A step for its time in the forecast alone: it leaves nothing that another process could go on from.
	await steps.step("verify", "content", {
		look: async () => found && { equal: found.equal, differences: found.differences.length, hash: found.hash },
		act: async () => {
			found = await compare();
		},
	});
	if (found === undefined) throw new Error("both sides were not compared; run it again");
	const { equal, differences, hash, sums } = found;
	const counters = before === undefined ? [] : [...before, await read(source)];
	const changes = new Set(counters.slice(1).flatMap((after, index) => changesOf(counters[index] ?? after, after)));
	return {
		equal: equal && changes.size === 0,
		differences: [...differences.map(({ object, line }) => `${object}: ${line}`), ...changes],
		hash,
		details: { sums, counters },
	};
}

interface ByHand {
	/** What a person does before a freeze. */
	freeze: string;
	/** What a person does after a thaw. */
	thaw: string;
	/** Sessions of others on a source, each with the statement that ends it. */
	others(source: Login): Promise<string[]>;
}

/**
 * Freeze and thaw of a type whose logins a person shuts by hand: what to do is said, and silence is proved by two samples of its
 * counters.
 */
export function frozenByHand(
	{ read, changesOf }: WriteCounters,
	{ others, ...says }: ByHand,
): Pick<Engine, "freeze" | "thaw"> {
	return {
		async freeze(task: FreezeTask) {
			const { source, steps } = task;
			const found: Finding[] = [{ trap: FREEZE_BY_HAND, severity: "warning", line: says.freeze }];
			let evidence: Evidence | undefined;
			await steps.step("freeze", "silence", {
				look: async () => evidence,
				act: async () => {
					const before = await read(source);
					const ms = await waitBetweenSamples(task);
					const lines = changesOf(before, await read(source));
					found.push(...writesFound(lines));
					const sessions = await others(source);
					found.push(...sessions.map((line): Finding => ({ trap: "freeze-session", severity: "warning", line })));
					evidence = { equal: lines.length === 0, ms };
				},
			});
			return found;
		},

		async thaw() {
			return [{ trap: "thaw-by-hand", severity: "note", line: says.thaw }];
		},
	};
}

/** For a server that has no id, its address stands: a secret is in no pin. */
export function addressOf(url: string): string {
	return createHash("sha256").update(new URL(url).host).digest("hex").slice(0, 32);
}
