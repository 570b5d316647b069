/** What is the same of every type of database that no server can rename: it is copied into its own name. */
import { createHash } from "node:crypto";
import type { Engine, Proof } from "./engine.ts";
import type { Difference } from "./findings.ts";
import type { Login } from "./postgresql/connection.ts";

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

/** What a comparison of both sides proves. */
export function proofOf(verification: {
	equal: boolean;
	differences: readonly Difference[];
	hash: string;
	sums: unknown;
}): Proof {
	const { equal, differences, hash, sums } = verification;
	return { equal, differences: differences.map(({ object, line }) => `${object}: ${line}`), hash, details: { sums } };
}

/** For a server that has no id, its address stands: a secret is in no pin. */
export function addressOf(url: string): string {
	return createHash("sha256").update(new URL(url).host).digest("hex").slice(0, 32);
}
