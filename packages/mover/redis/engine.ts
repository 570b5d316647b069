/** Redis as the mover moves it: key by key into an empty target. */
import type { Engine } from "../engine.ts";
import { addressOf, inPlace, proofOf } from "../in-place.ts";
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

	...inPlace({
		findRun: (target) => withRedis(target, ownerOf),
		release: releaseRedis,
		dropCopy,
	}),
};
