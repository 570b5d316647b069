/** Redis as the mover moves it: key by key into an empty target. */
import type { Engine } from "../engine.ts";
import { addressOf } from "../mysql/engine.ts";
import { checkRedis } from "./check.ts";
import { withRedis } from "./connection.ts";
import { copyRedis } from "./copy.ts";
import { dropCopy, ownerOf, releaseRedis } from "./target.ts";
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

	// It is where it was copied to, and what stood there was empty.
	async undoSwap() {},

	async drop({ target, steps }) {
		await steps.step("drop", "", {
			// Of another run's copy nothing is removed.
			look: async () => ((await withRedis(target, ownerOf)) === steps.run ? undefined : { dropped: true }),
			act: () => dropCopy(target, steps.epoch),
		});
	},
};

function proofOf({ equal, differences, hash, sums }: Awaited<ReturnType<typeof verifyRedis>>) {
	return { equal, differences: differences.map(({ object, line }) => `${object}: ${line}`), hash, details: { sums } };
}
