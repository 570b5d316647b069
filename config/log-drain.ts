import { z } from "zod";
import { database, host, secretOnly, secretUrl } from "./drain-fields.ts";
import { block, flag, kindMessage, text, whole } from "./fields.ts";
import { adopt } from "./shared-fields.ts";

/** Destinations that a log drain may have, under the CLI's names (Aptible docs: log drains; facts/aptible.md §5.1). */
export const logDrainKinds = [
	"https",
	"datadog",
	"sumologic",
	"logdna",
	"papertrail",
	"solarwinds",
	"syslog",
	"elasticsearch",
] as const;

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

const port = () => whole("port of the destination", 1, 65535);

function kind<const Kind extends string, Shape extends z.ZodRawShape>(name: Kind, shape: Shape) {
	return block("a log drain", { kind: z.literal(name), ...shape, ...sources });
}

/** Sends what the environment logs to one destination; its key in the stage file begins its handle. */
export const LogDrain = z.discriminatedUnion(
	"kind",
	[
		kind("https", { url: secretUrl("siemUrl") }),
		kind("datadog", { url: secretUrl("datadogUrl") }),
		kind("sumologic", { url: secretUrl("sumologicUrl") }),
		kind("logdna", { url: secretUrl("logdnaUrl") }),
		kind("papertrail", { host: host(), port: port() }),
		kind("solarwinds", { host: host(), token: secretOnly("a reference to a secret", "solarwindsToken") }),
		kind("syslog", {
			host: host(),
			port: port(),
			/** Put before each line. @default none */
			token: secretOnly("a reference to a secret", "syslogToken").optional(),
		}),
		kind("elasticsearch", {
			database: database("elasticsearch"),
			/** Ingest pipeline of Elasticsearch. @default none */
			pipeline: text("the name of a pipeline", "as Elasticsearch has it").min(1).optional(),
		}),
	],
	{ error: kindMessage("a log drain", logDrainKinds) },
);
export type LogDrain = z.infer<typeof LogDrain>;
