import type { EndpointSpec } from "../wire/endpoint.ts";
import { describeIdentity, endpointLabel } from "../wire/endpoint-identity.ts";
import { type Change, compareLists, nameValues, step } from "./change.ts";

/** An endpoint as its line begins: `endpoint public of app portal`. */
export function labelEndpoint({ name, on }: EndpointSpec): string {
	return endpointLabel(name, on).replaceAll('"', "");
}

/** What a change does to an endpoint: whatever of it changes in place takes one provisioning (facts/aptible.md §4.2). */
export function describeEndpoint({ before, after, values, drift }: Change<EndpointSpec>): string[] {
	if (before === undefined)
		return [`new, ${describeIdentity(after)}, one provisioning`, ...doorOf(after), ...certificateOf(after)];
	const changed = [
		...(before.domain === after.domain ? [] : [`domain ${step(before.domain ?? "none", after.domain ?? "none")}`]),
		...(same(before.ports, after.ports) ? [] : [`ports ${step(listText(before.ports), listText(after.ports))}`]),
		...(same(before.ipFilter, after.ipFilter) ? [] : [filterText(before.ipFilter, after.ipFilter)]),
		...(same(before.certificate, after.certificate) && before.certificateFingerprint === after.certificateFingerprint
			? []
			: ["another certificate"]),
		...(values.length === 0 ? [] : [`${nameValues(values)} changed`]),
		...(before.shared === after.shared ? [] : ["shares its load balancer from now on"]),
		...settingsOf(before, after),
	];
	if (changed.length > 0) return [`${changed.join(", ")}: one provisioning`];
	return drift.some(({ field }) => field !== "object") ? ["one provisioning"] : [];
}

/** What an endpoint that goes takes off the network. */
export function describeRemovedEndpoint(spec: EndpointSpec, url: string | undefined): string {
	return `GOES OFF THE NETWORK: ${url === undefined ? "" : `${url}, `}${describeIdentity(spec)}`;
}

/** Who may connect, where that is not what one expects of a new endpoint. */
function doorOf({ kind, internal, ipFilter }: EndpointSpec): string[] {
	if (ipFilter.length > 0) return [`open to ${ipFilter.join(", ")} alone`];
	return kind === "database" && !internal ? ["open to EVERYONE: it has no IP filter"] : [];
}

/** The database's certificate is made when it starts (facts/aptible.md §1). */
function certificateOf({ on, environment, restartFollows }: EndpointSpec): string[] {
	if ("app" in on || restartFollows === true) return [];
	return [
		`the database's certificate names it only after \`aptible db:reload ${on.database} --environment ${environment}\``,
	];
}

function filterText(before: readonly string[], after: readonly string[]): string {
	if (after.length === 0) return `IP filter ${before.join(", ")} => none: open to EVERYONE`;
	const text = compareLists(before, after).join(", ");
	return before.length === 0 ? `IP filter ${text} (was open to everyone)` : `IP filter ${text}`;
}

function settingsOf(before: EndpointSpec, after: EndpointSpec): string[] {
	const shown = ({ loadBalancingAlgorithm, settings }: EndpointSpec): Readonly<Record<string, unknown>> => ({
		loadBalancingAlgorithm,
		...settings,
	});
	const [was, is] = [shown(before), shown(after)];
	return [...new Set([...Object.keys(was), ...Object.keys(is)])]
		.filter((name) => was[name] !== is[name])
		.map((name) => `${name} ${step(was[name] ?? "Aptible's own", is[name] ?? "Aptible's own")}`);
}

function listText(ports: readonly number[]): string {
	return ports.length === 0 ? "Aptible's own" : ports.join(", ");
}

function same(before: unknown, after: unknown): boolean {
	return JSON.stringify(before) === JSON.stringify(after);
}
