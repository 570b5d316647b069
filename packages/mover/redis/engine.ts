/** Redis as the mover moves it: key by key into an empty target. */
import type { Engine } from "../engine.ts";
import { addressOf, frozenByHand, inPlace, prove } from "../in-place.ts";
import { checkRedis } from "./check.ts";
import { measureRedis, otherClients, withRedis } from "./connection.ts";
import { copyRedis } from "./copy.ts";
import { changesOfRedis, readRedisCounters } from "./counters.ts";
import { drainRedis, proveDrained } from "./drain.ts";
import { dropCopy, ownerOf, releaseRedis } from "./target.ts";
import { verifyRedis } from "./verify.ts";

const counters = { read: readRedisCounters, changesOf: changesOfRedis };

export const redis: Engine = {
	// Its own id is another one after each restart.
	identify: async ({ url }) => ({ system: addressOf(url), database: "redis" }),

	check: ({ source, target, drain }) => checkRedis({ source, target, drain }),

	measure: (source) => withRedis(source, measureRedis),

	async copy({ source, target, steps, report, replace, live, drain }) {
		if (drain !== undefined) return drainRedis({ source, target, steps, report, replace, live, drain });
		const copied = await copyRedis({ source, target, steps, report, replace });
		const compare = () => verifyRedis({ source, target, report });
		return prove({ source, steps }, counters, live ? undefined : copied.counters, compare);
	},

	async verify({ source, target, steps, report, drain, isSwapped }) {
		if (drain !== undefined) return proveDrained({ source, target, drain, isSwapped });
		const before = await readRedisCounters(source);
		return prove({ source, steps }, counters, [before], () => verifyRedis({ source, target, report }));
	},

	...frozenByHand(counters, {
		freeze:
			"the mover shuts nobody out of a Redis source; by hand, once every service is at 0: CLIENT LIST, then CLIENT KILL ID ... for whoever is left. That nobody writes is proved by the server's counters",
		others: (source) => withRedis(source, otherClients),
		thaw: "nothing of the mover's is undone on this Redis source",
	}),

	...inPlace({
		findRun: (target) => withRedis(target, ownerOf),
		release: releaseRedis,
		dropCopy,
	}),
};
