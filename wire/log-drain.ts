import { z } from "zod";
import { drainFields } from "./drain.ts";

const Common = z.strictObject({
	...drainFields,
	/** What it sends: output of app containers, of database containers, of SSH sessions, and requests at endpoints. */
	apps: z.boolean(),
	databases: z.boolean(),
	ephemeralSessions: z.boolean(),
	proxies: z.boolean(),
});

const port = z.int().min(1).max(65535);
/** A template: the address holds a key or password. */
const url = z.string().min(1);
/** A template. */
const token = z.string().min(1);

/**
 * A log drain: sends what an environment logs to one destination. Where it sends cannot change in place, what it sends can
 * (facts/aptible.md §5.1).
 */
export const LogDrainSpec = z.discriminatedUnion("kind", [
	Common.extend({ kind: z.literal("https"), url }),
	Common.extend({ kind: z.literal("datadog"), url }),
	Common.extend({ kind: z.literal("sumologic"), url }),
	Common.extend({ kind: z.literal("logdna"), url }),
	Common.extend({ kind: z.literal("papertrail"), host: z.string(), port }),
	Common.extend({ kind: z.literal("solarwinds"), host: z.string(), token }),
	Common.extend({ kind: z.literal("syslog"), host: z.string(), port, token: token.optional() }),
	/** `database` is the handle of an Elasticsearch database of the same environment. */
	Common.extend({ kind: z.literal("elasticsearch"), database: z.string(), pipeline: z.string().optional() }),
]);
export type LogDrainSpec = z.infer<typeof LogDrainSpec>;
