import { type DrainKind, logDrainKinds } from "../wire/drain-kinds.ts";
import type { LogDrainSpec } from "../wire/log-drain.ts";
import type { MetricDrainSpec } from "../wire/metric-drain.ts";
import { lookUp } from "../wire/own.ts";
import { type Change, nameValues } from "./change.ts";

type DrainSpec = LogDrainSpec | MetricDrainSpec;

const sources = ["apps", "databases", "ephemeralSessions", "proxies"] as const;

/** What a change does to a drain: what a log drain sends changes in place, for whatever else a new one comes up beside it. */
export function describeDrain({ before, after, values, drift }: Change<DrainSpec>): string[] {
	if (before === undefined) {
		const sent = sentBy(after);
		return [`new, to ${after.kind}`, ...(sent.length === 0 ? [] : [`sends ${sent.join(", ")}`])];
	}
	const changed = [...fieldsThatDiffer(before, after), ...(values.length === 0 ? [] : [nameValues(values)])];
	const anew = "a new drain comes up beside the old one, which then goes";
	if (changed.length > 0) return [`${changed.join(", ")} changed: ${anew}`];
	if (drift.some(({ field }) => ![...sources, "object"].includes(field))) return [anew];
	const added = sentBy(after).filter((source) => !sentBy(before).includes(source));
	const gone = sentBy(before).filter((source) => !sentBy(after).includes(source));
	return [
		...(added.length === 0 ? [] : [`sends ${added.join(", ")} too`]),
		...(gone.length === 0 ? [] : [`sends ${gone.join(", ")} no more`]),
	];
}

/** What ends with a drain. */
export function describeRemovedDrain({ kind }: DrainSpec): string {
	return `IS DELETED: nothing more goes to ${kind}`;
}

function sentBy(spec: DrainSpec): string[] {
	return sources.filter((source) => (spec as Partial<LogDrainSpec>)[source] === true);
}

/** Names alone: their values may hold secrets. */
function fieldsThatDiffer(before: DrainSpec, after: DrainSpec): string[] {
	const aside: readonly string[] = [...sources, "environment", "name", "adopt"];
	const values = (spec: DrainSpec) => spec as Readonly<Record<string, unknown>>;
	return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
		(name) =>
			!aside.includes(name) &&
			values(before)[name] !== values(after)[name] &&
			!(name === "kind" && isSameType(before.kind, after.kind)),
	);
}

/** Whether a log drain of the one kind is one of the other on Aptible, as `datadog` is `https`; kinds of metric drains have types of their own. */
function isSameType(before: string, after: string): boolean {
	const typesOf = (kind: string): readonly string[] => lookUp<DrainKind>(logDrainKinds, kind)?.types ?? [];
	return typesOf(before).length > 0 && typesOf(before).every((type) => typesOf(after).includes(type));
}
