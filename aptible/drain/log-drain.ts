import { compare, type Difference } from "../../wire/difference.ts";
import type { DrainFacts } from "../../wire/drain.ts";
import type { LogDrainSpec } from "../../wire/log-drain.ts";
import { listNamedDatabases, type NamedDatabase } from "../api/database.ts";
import { ApiLogDrain, databaseIdOf, readDrain, setLogDrainSources } from "../api/drain.ts";
import { fillSecrets } from "../app/values.ts";
import { createElasticsearchDrain, createSyslogDrain, type DrainSources } from "../cli/drain.ts";
import { AptibleError } from "../client/errors.ts";
import type { Context } from "../context.ts";
import { environmentNamed } from "../find.ts";
import { type Destination, destinationDifferences, type Fill, hiddenFields, secretsOf } from "./destination.ts";
import { ensureDrain, removeDrain } from "./drain.ts";
import type { DeclaredDrain, DrainNoun } from "./kind.ts";

/** Brings a log drain to what the spec says: what it takes changes in place, where it sends means a new one beside the old. */
export async function apply(
	context: Context,
	spec: LogDrainSpec,
	previous: DrainFacts | undefined,
): Promise<DrainFacts> {
	const databases =
		spec.kind === "elasticsearch"
			? await listNamedDatabases(context.api, (await environmentNamed(context, spec.environment)).id)
			: [];
	return ensureDrain(context, spec, previous, declare(context, spec, databases));
}

/** Deprovisions the log drain, and what runs that were killed have left of it. */
export function remove(context: Context, spec: LogDrainSpec, previous: DrainFacts | undefined): Promise<void> {
	return removeDrain(context, spec, previous, logDrain);
}

/** A live log drain in the stage file's words. */
export interface LogDrainState {
	type: string;
	sources: Record<Source, boolean>;
	destination: Destination;
}

/**
 * How a live log drain differs. Several kinds share a type of the API (`datadog` reads back as `https_post`), so it is types that
 * are compared.
 *
 * @param fill gives the secrets; without it, what holds one is not compared
 */
export function logDrainDifferences(spec: LogDrainSpec, live: LogDrainState, fill?: Fill): Difference[] {
	return [...destinationOnly(spec, live, fill), ...sourceDifferences(spec, live)];
}

/** What the API shows of a log drain, in the stage file's words. `databases` are those of its environment. */
export function logDrainState(
	live: ApiLogDrain,
	databases: readonly Pick<NamedDatabase, "id" | "handle">[],
): LogDrainState {
	const id = databaseIdOf(live);
	return {
		type: live.drain_type,
		sources: {
			apps: live.drain_apps,
			databases: live.drain_databases,
			ephemeralSessions: live.drain_ephemeral_sessions,
			proxies: live.drain_proxies,
		},
		destination: {
			url: live.url,
			host: live.drain_host,
			port: live.drain_port,
			// One field of the API is a token of some types and the name of a pipeline of another.
			...(live.drain_type === "elasticsearch_database"
				? { pipeline: live.logging_token }
				: { token: live.logging_token }),
			database: id === undefined ? undefined : (databases.find((one) => one.id === id)?.handle ?? `number ${id}`),
		},
	};
}

const sources = ["apps", "databases", "ephemeralSessions", "proxies"] as const;
type Source = (typeof sources)[number];

/** The API's type of each kind; the second one is the dashboard's (facts/aptible.md §5.1, app-ui `log-drain/index.ts`). */
const types: Readonly<Record<LogDrainSpec["kind"], readonly [string, ...string[]]>> = {
	https: ["https_post"],
	datadog: ["https_post"],
	sumologic: ["https_post"],
	logdna: ["https_post"],
	papertrail: ["syslog_tls_tcp", "papertrail"],
	solarwinds: ["solarwinds"],
	syslog: ["syslog_tls_tcp"],
	elasticsearch: ["elasticsearch_database"],
};

const logDrain: DrainNoun<ApiLogDrain> = {
	target: "log_drains",
	command: "log_drain",
	noun: "log drain",
	read: ({ api }, id) => readDrain(api, "log_drains", id, ApiLogDrain),
	secretsOf: (live) => secretsOf(logDrainState(live, []).destination),
};

function declare(
	context: Context,
	spec: LogDrainSpec,
	databases: readonly NamedDatabase[],
): DeclaredDrain<ApiLogDrain> {
	const label = `log drain "${spec.name}"`;
	const fill = (template: string) => fillSecrets(context, label, template);
	if ("url" in spec && URL.parse(fill(spec.url))?.protocol !== "https:") {
		throw new AptibleError(
			`${label}: with its secrets filled in, url is not an https:// address, and Aptible sends logs to no other. Set the ` +
				"secret again: pulumi config set --secret --path 'medstack-to-aptible:secrets.NAME'",
		);
	}
	const stateOf = (live: ApiLogDrain) => logDrainState(live, databases);
	return {
		...logDrain,
		differences: (live) => destinationOnly(spec, stateOf(live), fill),
		hidden: (live) => hiddenFields(destinationOf(spec), stateOf(live).destination),
		creation: creationOf(context, spec, fill),
		adjust: async (live) => {
			const differing = sourceDifferences(spec, stateOf(live));
			if (differing.length === 0) return false;
			const names = differing.map(({ field }) => field as Source);
			context.progress(`log drain "${live.handle}": changing ${names.join(", ")}...`);
			// No source says that an operation has to follow, and one may stop the drain for a moment.
			await setLogDrainSources(
				context.api,
				live.id,
				Object.fromEntries(names.map((name) => [wireSources[name], spec[name]])),
			);
			const again = await logDrain.read(context, live.id);
			if (again === undefined || sourceDifferences(spec, stateOf(again)).length === 0) return true;
			throw new AptibleError(`log drain "${live.handle}": ${names.join(", ")} was changed but reads back as before.`);
		},
	};
}

const wireSources: Readonly<Record<Source, string>> = {
	apps: "drain_apps",
	databases: "drain_databases",
	ephemeralSessions: "drain_ephemeral_sessions",
	proxies: "drain_proxies",
};

function sourceDifferences(spec: LogDrainSpec, live: LogDrainState): Difference[] {
	return compare(Object.fromEntries(sources.map((source) => [source, spec[source]])), live.sources);
}

function destinationOnly(spec: LogDrainSpec, live: LogDrainState, fill: Fill | undefined): Difference[] {
	const [type, ...others] = types[spec.kind];
	if (live.type === type || others.includes(live.type)) {
		return destinationDifferences(destinationOf(spec), live.destination, fill);
	}
	return [{ field: "kind", declared: type, live: live.type }];
}

function destinationOf(spec: LogDrainSpec): Destination {
	switch (spec.kind) {
		case "papertrail":
			return { host: spec.host, port: String(spec.port), token: undefined };
		case "syslog":
			return { host: spec.host, port: String(spec.port), token: spec.token };
		case "solarwinds":
			return { host: spec.host, token: spec.token };
		case "elasticsearch":
			return { database: spec.database, pipeline: spec.pipeline };
		default:
			return { url: spec.url };
	}
}

/** Bodies as the CLI sends them (recorded runs 83, 85, 86), without its telemetry where there is a secret in one. */
function creationOf(
	{ cli }: Context,
	spec: LogDrainSpec,
	fill: (template: string) => string,
): DeclaredDrain<ApiLogDrain>["creation"] {
	const { environment } = spec;
	const flags = Object.fromEntries(sources.map((source) => [wireSources[source], spec[source]]));
	const body = (fields: Record<string, string>) => ({ body: { ...fields, ...flags, drain_type: types[spec.kind][0] } });
	const options: DrainSources = {
		drainApps: spec.apps,
		drainDatabases: spec.databases,
		drainEphemeralSessions: spec.ephemeralSessions,
		drainProxies: spec.proxies,
	};
	switch (spec.kind) {
		case "papertrail":
		case "syslog": {
			const { kind, host, port } = spec;
			if (spec.kind === "syslog" && spec.token !== undefined) {
				return body({ drain_host: host, drain_port: String(port), logging_token: fill(spec.token) });
			}
			return {
				command: (handle) => createSyslogDrain(cli, environment, handle, { kind, host, port, sources: options }),
			};
		}
		case "solarwinds":
			return body({ drain_host: spec.host, logging_token: fill(spec.token) });
		case "elasticsearch": {
			const { database, pipeline } = spec;
			return {
				command: (handle) =>
					createElasticsearchDrain(cli, environment, handle, { database, pipeline, sources: options }),
			};
		}
		default:
			return body({ url: fill(spec.url) });
	}
}
