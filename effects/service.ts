import type { EndpointKind } from "../wire/endpoint-identity.ts";
import type { AutoscaleSpec, ServiceSpec } from "../wire/service.ts";
import { optionEntries } from "../wire/service-options.ts";
import { list, step } from "./change.ts";

/** `2 x 1024 MB`, and the profile where it is not the general one. */
export function sizeText({ containers, containerMb, containerProfile }: ServiceSpec): string {
	return `${containers} x ${containerMb} MB${containerProfile === "m" ? "" : ` ${containerProfile}`}`;
}

/** Whether a service is scaled by what is declared; what autoscaling decides is left to it. */
export function isScaled(before: ServiceSpec, after: ServiceSpec): boolean {
	const kind = after.autoscale?.kind;
	const isCounted = kind !== "horizontal" && before.containers !== after.containers;
	const isSized = before.containerMb !== after.containerMb || before.containerProfile !== after.containerProfile;
	return isCounted || (kind !== "vertical" && isSized);
}

/**
 * How services come through a restart (facts/aptible.md §2.3): one behind https or grpc without a gap, one behind tcp or tls nearly so, any
 * other one stops before it starts anew unless its zero-downtime switch is on.
 */
export function describeRestarts(
	services: readonly (readonly [name: string, service: ServiceSpec])[],
	endpoints: Readonly<Record<string, readonly EndpointKind[]>>,
): string[] {
	const ways = new Map<Way, string[]>();
	for (const [name, { forceZeroDowntime }] of services) {
		const kinds = endpoints[name] ?? [];
		const way = wayOf(kinds, forceZeroDowntime);
		const shown = kinds.length === 0 ? name : `${name} (${[...new Set(kinds)].join(", ")})`;
		ways.set(way, [...(ways.get(way) ?? []), shown]);
	}
	const texts = [...ways].map(([way, names]) => `${list(names)} ${names.length === 1 ? way.one : way.more}`);
	return texts.length === 0 ? [] : [texts.join(", ")];
}

interface Way {
	one: string;
	more: string;
}
const smooth: Way = { one: "restarts without a gap", more: "restart without a gap" };
const nearly: Way = { one: "restarts nearly without a gap", more: "restart nearly without a gap" };
const stops: Way = { one: "stops before it starts anew", more: "stop before they start anew" };

function wayOf(kinds: readonly EndpointKind[], isForced: boolean): Way {
	if (kinds.includes("tcp") || kinds.includes("tls")) return nearly;
	return kinds.length > 0 || isForced ? smooth : stops;
}

/** What a change does to one service beside the restart. */
export function describeService(
	name: string,
	before: ServiceSpec | undefined,
	after: ServiceSpec,
	isReleased: boolean,
): string[] {
	if (before === undefined) return [`service ${name} is new, ${sizeText(after)}`];
	return [
		...(isScaled(before, after) ? [`one scale of ${name}, ${scaleText(before, after)}`] : []),
		...describeAutoscale(name, before.autoscale, after.autoscale),
		...optionEntries
			.filter(([option]) => before[option] !== after[option])
			.map(
				([option]) =>
					`${option} of ${name} ${step(before[option], after[option])}, ${isReleased ? "in this release" : "from its next release on"}`,
			),
	];
}

function scaleText(before: ServiceSpec, after: ServiceSpec): string {
	if (after.containers === 0) return `${sizeText(before)} => 0: IT STOPS`;
	return before.containers === 0 ? `which starts: ${sizeText(after)}` : step(sizeText(before), sizeText(after));
}

function describeAutoscale(
	name: string,
	before: AutoscaleSpec | undefined,
	after: AutoscaleSpec | undefined,
): string[] {
	if (JSON.stringify(before) === JSON.stringify(after)) return [];
	if (after === undefined) return [`autoscaling of ${name} ends`];
	const range =
		after.kind === "horizontal"
			? `${after.min} to ${after.max} containers`
			: `containers of ${after.minMb} to ${after.maxMb ?? "any number of"} MB`;
	return [`autoscaling of ${name} ${before === undefined ? "begins" : "changes"}: ${range}`];
}
