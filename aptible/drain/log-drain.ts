import { compare, type Difference } from "../../wire/difference.ts";
import type { DrainFacts } from "../../wire/drain.ts";
import { logDrainKinds } from "../../wire/drain-kinds.ts";
import type { LogDrainSpec } from "../../wire/log-drain.ts";
import type { NamedDatabase } from "../api/database.ts";
import { ApiLogDrain, readDrain, setLogDrainSources } from "../api/drain.ts";
import { fillSecrets } from "../app/values.ts";
import { AptibleError } from "../client/errors.ts";
import type { Context } from "../context.ts";
import {
	creationOf,
	type Destination,
	destinationOf,
	diffDestination,
	type Fill,
	findHiddenFields,
	findLinkedDatabase,
	listLinkable,
	liveDestination,
	secretsOf,
	typesOf,
} from "./destination.ts";
import { ensureDrain, removeDrain } from "./drain.ts";
import type { DeclaredDrain, DrainNoun } from "./kind.ts";

/** Brings a log drain to what the spec says: what it takes changes in place, where it sends means a new one beside the old. */
export async function apply(
	context: Context,
	spec: LogDrainSpec,
	previous: DrainFacts | undefined,
): Promise<DrainFacts> {
	return ensureDrain(context, spec, previous, declare(context, spec, await listLinkable(context, spec)));
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
export function diffLogDrain(spec: LogDrainSpec, live: LogDrainState, fill?: Fill): Difference[] {
	return [...destinationOnly(spec, live, fill), ...diffSources(spec, live)];
}

/** What the API shows of a log drain, in the stage file's words. `databases` are those of its environment. */
export function readLogDrainState(
	live: ApiLogDrain,
	databases: readonly Pick<NamedDatabase, "id" | "handle">[],
): LogDrainState {
	return {
		type: live.drain_type,
		sources: {
			apps: live.drain_apps,
			databases: live.drain_databases,
			ephemeralSessions: live.drain_ephemeral_sessions,
			proxies: live.drain_proxies,
		},
		destination: liveDestination(logDrainKinds, live.drain_type, live, findLinkedDatabase(live, databases)),
	};
}

const sources = ["apps", "databases", "ephemeralSessions", "proxies"] as const;
type Source = (typeof sources)[number];

const logDrain: DrainNoun<ApiLogDrain> = {
	target: "log_drains",
	command: "log_drain",
	noun: "log drain",
	read: ({ api }, id) => readDrain(api, "log_drains", id, ApiLogDrain),
	secretsOf: (live) => secretsOf(readLogDrainState(live, []).destination),
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
	const flags = Object.fromEntries(sources.map((source) => [wireSources[source], spec[source]]));
	const stateOf = (live: ApiLogDrain) => readLogDrainState(live, databases);
	return {
		...logDrain,
		differences: (live) => destinationOnly(spec, stateOf(live), fill),
		hidden: (live) => findHiddenFields(destinationOf(logDrainKinds, spec), stateOf(live).destination),
		creation: creationOf(
			context.cli,
			logDrainKinds,
			spec,
			fill,
			(fields) => ({ ...fields, ...flags, drain_type: typesOf(logDrainKinds, spec)[0] }),
			Object.fromEntries(sources.map((source) => [optionOf(wireSources[source]), spec[source]])),
		),
		adjust: async (live) => {
			const differing = diffSources(spec, stateOf(live));
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
			if (again === undefined || diffSources(spec, stateOf(again)).length === 0) return true;
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

/** `drain_apps` as the CLI's option in camel case. */
function optionOf(name: string): string {
	return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function diffSources(spec: LogDrainSpec, live: LogDrainState): Difference[] {
	return compare(Object.fromEntries(sources.map((source) => [source, spec[source]])), live.sources);
}

function destinationOnly(spec: LogDrainSpec, live: LogDrainState, fill: Fill | undefined): Difference[] {
	const types = typesOf(logDrainKinds, spec);
	if (types.includes(live.type)) {
		return diffDestination(destinationOf(logDrainKinds, spec), live.destination, fill);
	}
	return [{ field: "kind", declared: types[0] ?? "none", live: live.type }];
}
