import type { Difference } from "../../wire/difference.ts";
import type { DrainFacts } from "../../wire/drain.ts";
import { datadogSites, type MetricDrainSpec } from "../../wire/metric-drain.ts";
import { listNamedDatabases, type NamedDatabase } from "../api/database.ts";
import { ApiMetricDrain, databaseIdOf, readDrain } from "../api/drain.ts";
import { fillSecrets } from "../app/values.ts";
import { createInfluxdbDrain } from "../cli/drain.ts";
import { AptibleError } from "../client/errors.ts";
import type { Context } from "../context.ts";
import { environmentNamed } from "../find.ts";
import { type Destination, destinationDifferences, type Fill, hiddenFields, secretsOf } from "./destination.ts";
import { ensureDrain, removeDrain } from "./drain.ts";
import type { DeclaredDrain, DrainNoun } from "./kind.ts";

/** Brings a metric drain to what the spec says: whatever changes means a new one beside the old. */
export async function apply(
	context: Context,
	spec: MetricDrainSpec,
	previous: DrainFacts | undefined,
): Promise<DrainFacts> {
	const databases =
		spec.kind === "influxdb"
			? await listNamedDatabases(context.api, (await environmentNamed(context, spec.environment)).id)
			: [];
	return ensureDrain(context, spec, previous, declare(context, spec, databases));
}

/** Deprovisions the metric drain, and what runs that were killed have left of it. */
export function remove(context: Context, spec: MetricDrainSpec, previous: DrainFacts | undefined): Promise<void> {
	return removeDrain(context, spec, previous, metricDrain);
}

/** A live metric drain in the stage file's words. */
export interface MetricDrainState {
	type: string;
	/** Undefined where the token may see nothing of it. */
	destination: Destination | undefined;
}

/**
 * How a live metric drain differs.
 *
 * @param fill gives the secrets; without it, what holds one is not compared
 */
export function metricDrainDifferences(spec: MetricDrainSpec, live: MetricDrainState, fill?: Fill): Difference[] {
	const type = types[spec.kind];
	if (live.type !== type) return [{ field: "kind", declared: type, live: live.type }];
	return destinationDifferences(destinationOf(spec), live.destination, fill);
}

/** What the API shows of a metric drain, in the stage file's words. `databases` are those of its environment. */
export function metricDrainState(
	live: ApiMetricDrain,
	databases: readonly Pick<NamedDatabase, "id" | "handle">[],
): MetricDrainState {
	const { drain_type: type, drain_configuration: shown } = live;
	if (type === "influxdb_database") {
		const id = databaseIdOf(live);
		const database = databases.find((one) => one.id === id)?.handle ?? `number ${id}`;
		return { type, destination: { database: id === undefined ? undefined : database } };
	}
	// No type is without settings: what shows none, hides them.
	if (shown == null || Object.keys(shown).length === 0) return { type, destination: undefined };
	return {
		type,
		destination: {
			url: shown.address,
			username: shown.username,
			password: shown.password,
			databaseName: shown.database,
			org: shown.org,
			token: shown.authToken,
			bucket: shown.bucket,
			apiKey: shown.api_key,
			// Made without a site it goes to the first one, which the CLI then leaves out.
			site: shown.series_url === undefined ? "US1" : siteOf(shown.series_url),
		},
	};
}

/** The API's type of each kind (CLI 0.26.6, `metric_drain.rb`). */
const types: Readonly<Record<MetricDrainSpec["kind"], string>> = {
	influxdb: "influxdb_database",
	"influxdb:custom": "influxdb",
	"influxdb:customv2": "influxdb2",
	datadog: "datadog",
};

const metricDrain: DrainNoun<ApiMetricDrain> = {
	target: "metric_drains",
	command: "metric_drain",
	noun: "metric drain",
	read: ({ api }, id) => readDrain(api, "metric_drains", id, ApiMetricDrain),
	secretsOf: (live) => secretsOf(metricDrainState(live, []).destination),
};

function declare(
	context: Context,
	spec: MetricDrainSpec,
	databases: readonly NamedDatabase[],
): DeclaredDrain<ApiMetricDrain> {
	const label = `metric drain "${spec.name}"`;
	const fill = (template: string) => fillSecrets(context, label, template);
	if ("url" in spec && !/^https?:$/.test(URL.parse(fill(spec.url))?.protocol ?? "")) {
		throw new AptibleError(
			`${label}: with its secrets filled in, url is not an https:// or http:// address. Set the secret again: pulumi config ` +
				"set --secret --path 'medstack-to-aptible:secrets.NAME'",
		);
	}
	const stateOf = (live: ApiMetricDrain) => metricDrainState(live, databases);
	return {
		...metricDrain,
		differences: (live) => metricDrainDifferences(spec, stateOf(live), fill),
		hidden: (live) => hiddenFields(destinationOf(spec), stateOf(live).destination),
		creation: creationOf(context, spec, fill),
		adjust: async () => false,
	};
}

function destinationOf(spec: MetricDrainSpec): Destination {
	const { kind: _kind, environment: _environment, name: _name, adopt: _adopt, ...destination } = spec;
	return destination;
}

function siteOf(seriesUrl: string): string {
	return Object.entries(datadogSites).find(([, url]) => url === seriesUrl)?.[0] ?? seriesUrl;
}

/** Bodies as the CLI sends them (recorded runs 89, 90), without its telemetry. */
function creationOf(
	{ cli }: Context,
	spec: MetricDrainSpec,
	fill: (template: string) => string,
): DeclaredDrain<ApiMetricDrain>["creation"] {
	const body = (configuration: Record<string, string>) => ({
		body: { drain_configuration: configuration, drain_type: types[spec.kind] },
	});
	switch (spec.kind) {
		case "influxdb":
			return { command: (handle) => createInfluxdbDrain(cli, spec.environment, handle, spec.database) };
		case "influxdb:custom":
			return body({
				address: fill(spec.url),
				username: fill(spec.username),
				password: fill(spec.password),
				database: spec.databaseName,
			});
		case "influxdb:customv2":
			return body({ address: fill(spec.url), org: spec.org, authToken: fill(spec.token), bucket: spec.bucket });
		default:
			return body({ api_key: fill(spec.apiKey), series_url: datadogSites[spec.site] });
	}
}
