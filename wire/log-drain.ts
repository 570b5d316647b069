import { z } from "zod";
import { drainFields } from "./drain.ts";
import { drainSpec, logDrainKinds } from "./drain-kinds.ts";

/**
 * A log drain: sends what an environment logs to one destination. Where it sends cannot change in place, what it sends can
 * (facts/aptible.md §5.1).
 */
export const LogDrainSpec = drainSpec(logDrainKinds, {
	...drainFields,
	/** What it sends: output of app containers, of database containers, of SSH sessions, and requests at endpoints. */
	apps: z.boolean(),
	databases: z.boolean(),
	ephemeralSessions: z.boolean(),
	proxies: z.boolean(),
});
export type LogDrainSpec = z.infer<typeof LogDrainSpec>;
