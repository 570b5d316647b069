import type { z } from "zod";
import { logDrainKinds } from "../wire/drain-kinds.ts";
import { drainBlock } from "./drain-fields.ts";
import { flag } from "./fields.ts";
import { adopt } from "./shared-fields.ts";

/**
 * What it sends. All is on by default, as in the CLI. The dashboard and the Terraform provider leave `proxies` out; but who asked
 * for what, and when, is what an audit wants to know.
 */
const sources = {
	/** What app containers write. @default true */
	apps: flag("true sends what apps write").default(true),
	/** What database containers write. @default true */
	databases: flag("true sends what databases write").default(true),
	/** What is written in SSH sessions. @default true */
	ephemeralSessions: flag("true sends what SSH sessions write").default(true),
	/** Requests at endpoints. @default true */
	proxies: flag("true sends requests at endpoints").default(true),
	/** Take over a drain whose handle is this name. @default false */
	adopt: adopt(),
};

/** Sends what the environment logs to one destination; its key in the stage file begins its handle. */
export const LogDrain = drainBlock("a log drain", logDrainKinds, sources);
export type LogDrain = z.infer<typeof LogDrain>;
