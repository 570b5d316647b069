import { z } from "zod";
import { address, database, secretOnly } from "./drain-fields.ts";
import { block, choice, kindMessage, template, text } from "./fields.ts";
import { adopt } from "./shared-fields.ts";

/** Destinations that a metric drain may have, under the CLI's names (Aptible docs: metrics drains; facts/aptible.md §5.2). */
export const metricDrainKinds = ["influxdb", "influxdb:custom", "influxdb:customv2", "datadog"] as const;

const influxUrl = () => address("the address of an InfluxDB", "the like of https://influx.example.com:8086");
const influxName = (what: string) => text(what, "as InfluxDB has it").min(1, { error: `is empty; give ${what}` });

/** Take over a drain whose handle is this name. @default false */
const common = () => ({ adopt: adopt() });

/** Sends the load of the environment's containers to one destination; its key in the stage file begins its handle. */
export const MetricDrain = z.discriminatedUnion(
	"kind",
	[
		block("a metric drain", {
			kind: z.literal("influxdb"),
			database: database("influxdb"),
			...common(),
		}),
		block("a metric drain", {
			kind: z.literal("influxdb:custom"),
			url: influxUrl(),
			username: template("a user name", "the one at InfluxDB"),
			password: secretOnly("a reference to a secret", "influxPassword"),
			databaseName: influxName("the name of a database"),
			...common(),
		}),
		block("a metric drain", {
			kind: z.literal("influxdb:customv2"),
			url: influxUrl(),
			org: influxName("the name of an organization"),
			token: secretOnly("a reference to a secret", "influxToken"),
			bucket: influxName("the name of a bucket"),
			...common(),
		}),
		block("a metric drain", {
			kind: z.literal("datadog"),
			apiKey: secretOnly("a reference to a secret", "datadogApiKey"),
			/** @default "US1", as at Datadog */
			site: choice("a site of Datadog", ["US1", "US3", "US5", "EU1", "US1-FED"]).default("US1"),
			...common(),
		}),
	],
	{ error: kindMessage("a metric drain", metricDrainKinds) },
);
export type MetricDrain = z.infer<typeof MetricDrain>;
