import { z } from "zod";
import { drainFields } from "./drain.ts";

const Common = z.strictObject(drainFields);

const template = z.string().min(1);

/** Datadog's sites, as the CLI names them, with the address that metrics go to (CLI 0.26.6, `metric_drain.rb`). */
export const datadogSites = {
	US1: "https://app.datadoghq.com/api/v1/series",
	US3: "https://us3.datadoghq.com/api/v1/series",
	US5: "https://us5.datadoghq.com/api/v1/series",
	EU1: "https://app.datadoghq.eu/api/v1/series",
	"US1-FED": "https://app.ddog-gov.com/api/v1/series",
} as const;

/** A metric drain: sends the load of an environment's containers to one destination. Nothing of it changes in place. */
export const MetricDrainSpec = z.discriminatedUnion("kind", [
	/** `database` is the handle of an InfluxDB database of the same environment. */
	Common.extend({ kind: z.literal("influxdb"), database: z.string() }),
	Common.extend({
		kind: z.literal("influxdb:custom"),
		url: template,
		username: template,
		password: template,
		databaseName: z.string(),
	}),
	Common.extend({
		kind: z.literal("influxdb:customv2"),
		url: template,
		org: z.string(),
		token: template,
		bucket: z.string(),
	}),
	Common.extend({
		kind: z.literal("datadog"),
		apiKey: template,
		site: z.enum(["US1", "US3", "US5", "EU1", "US1-FED"]),
	}),
]);
export type MetricDrainSpec = z.infer<typeof MetricDrainSpec>;
