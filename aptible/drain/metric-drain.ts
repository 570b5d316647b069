import type { Difference } from "../../wire/difference.ts";
import type { DrainFacts } from "../../wire/drain.ts";
import { fieldsOfType, metricDrainKinds } from "../../wire/drain-kinds.ts";
import type { MetricDrainSpec } from "../../wire/metric-drain.ts";
import type { NamedDatabase } from "../api/database.ts";
import { ApiMetricDrain, readDrain } from "../api/drain.ts";
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

/** Brings a metric drain to what the spec says: whatever changes means a new one beside the old. */
export async function apply(
	context: Context,
	spec: MetricDrainSpec,
	previous: DrainFacts | undefined,
): Promise<DrainFacts> {
	return ensureDrain(context, spec, previous, declare(context, spec, await listLinkable(context, spec)));
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
export function diffMetricDrain(spec: MetricDrainSpec, live: MetricDrainState, fill?: Fill): Difference[] {
	const types = typesOf(metricDrainKinds, spec);
	if (!types.includes(live.type)) return [{ field: "kind", declared: types[0] ?? "none", live: live.type }];
	return diffDestination(destinationOf(metricDrainKinds, spec), live.destination, fill);
}

/** What the API shows of a metric drain, in the stage file's words. `databases` are those of its environment. */
export function readMetricDrainState(
	live: ApiMetricDrain,
	databases: readonly Pick<NamedDatabase, "id" | "handle">[],
): MetricDrainState {
	const { drain_type: type, drain_configuration: shown } = live;
	const database = findLinkedDatabase(live, databases);
	const isLinked = fieldsOfType(metricDrainKinds, type).some(([, { form }]) => form === "database");
	// No other type is without settings: what shows none, hides them.
	const isHidden = !isLinked && Object.keys(shown ?? {}).length === 0;
	return { type, destination: isHidden ? undefined : liveDestination(metricDrainKinds, type, shown ?? {}, database) };
}

const metricDrain: DrainNoun<ApiMetricDrain> = {
	target: "metric_drains",
	command: "metric_drain",
	noun: "metric drain",
	read: ({ api }, id) => readDrain(api, "metric_drains", id, ApiMetricDrain),
	secretsOf: (live) => secretsOf(readMetricDrainState(live, []).destination),
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
	const stateOf = (live: ApiMetricDrain) => readMetricDrainState(live, databases);
	return {
		...metricDrain,
		differences: (live) => diffMetricDrain(spec, stateOf(live), fill),
		hidden: (live) => findHiddenFields(destinationOf(metricDrainKinds, spec), stateOf(live).destination),
		creation: creationOf(context.cli, metricDrainKinds, spec, fill, (fields) => ({
			drain_configuration: fields,
			drain_type: typesOf(metricDrainKinds, spec)[0],
		})),
		adjust: async () => false,
	};
}
