/** Redis as the mover moves it: key by key into an empty target. */
import type { Engine } from "../engine.ts";
import { addressOf } from "../mysql/engine.ts";
import { checkRedis } from "./check.ts";
import { withRedis } from "./connection.ts";
import { copyRedis } from "./copy.ts";
import { ownerOf, releaseRedis } from "./target.ts";
import { verifyRedis } from "./verify.ts";

export const redis: Engine = {
	// Its own id is another one after each restart.
	identify: async ({ url }) => ({ system: addressOf(url), database: "redis" }),

	check: ({ source, target }) => checkRedis({ source, target }),

	async copy({ source, target, steps, report, replace }) {
		await copyRedis({ source, target, steps, report, replace });
		return proofOf(await verifyRedis({ source, target, report }));
	},

	verify: async ({ source, target, report }) => proofOf(await verifyRedis({ source, target, report })),

	async swap({ target, steps }) {
		await steps.step("swap", "", {
			look: async () => ((await withRedis(target, ownerOf)) === undefined ? { swapped: true } : undefined),
			act: () => releaseRedis(target),
		});
	},

	// It is where it was copied to; the next copy empties it when it is told to replace.
	async undoSwap() {},

	// It stays, with the notes that let the next copy empty it.
	async drop() {},
};

function proofOf({ equal, differences, hash, sums }: Awaited<ReturnType<typeof verifyRedis>>) {
	return { equal, differences: differences.map(({ object, line }) => `${object}: ${line}`), hash, details: { sums } };
}
