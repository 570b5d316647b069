import type { z } from "zod";
import { logDrainKinds } from "../wire/drain-kinds.ts";
import { adoptDrain, drainBlock } from "./drain-fields.ts";
import { flag } from "./fields.ts";
import { keyDocs } from "./key-docs.ts";

/**
 * What it sends. All is on by default, as in the CLI. The dashboard and the Terraform provider leave `proxies` out; but who asked
 * for what, and when, is what an audit wants to know.
 */
const sources = {
	apps: flag("true sends what apps write")
		.default(true)
		.register(keyDocs, { description: "send what apps write", inPlace: "yes" }),
	databases: flag("true sends what databases write")
		.default(true)
		.register(keyDocs, { description: "send what databases write", inPlace: "yes" }),
	ephemeralSessions: flag("true sends what SSH sessions write")
		.default(true)
		.register(keyDocs, { description: "send what is written in SSH sessions", inPlace: "yes" }),
	proxies: flag("true sends requests at endpoints").default(true).register(keyDocs, {
		description: "send the requests at endpoints; the dashboard's default is `false`",
		inPlace: "yes",
	}),
	adopt: adoptDrain(),
};

/** Sends what the environment logs to one destination; its key in the stage file begins its handle. */
export const LogDrain = drainBlock("a log drain", logDrainKinds, sources);
export type LogDrain = z.infer<typeof LogDrain>;
