/** What goes with which kind of endpoint (facts/aptible.md §4.2; CLI 0.26.6, `option_set_builder.rb`). */
import { type AppEndpointKind, settingEntries } from "../wire/endpoint-settings.ts";
import type { Draft } from "./draft.ts";
import type { Endpoint } from "./endpoint.ts";
import { type Mistake, type Place, wrongValue } from "./mistakes.ts";
import { findNearestPhrase, suggest } from "./near-miss.ts";

type AppDraft = NonNullable<NonNullable<Draft["apps"]>[string]>;
type EndpointDraft = NonNullable<NonNullable<AppDraft["endpoints"]>[string]>;
const withTls: readonly AppEndpointKind[] = ["https", "grpc", "tls"];

/** Kinds of the keys, but for those that every kind has. */
export const kindsOf: Partial<Record<keyof Endpoint, readonly AppEndpointKind[]>> = {
	managedTls: withTls,
	certificate: withTls,
	certificateFingerprint: withTls,
	port: ["https", "grpc"],
	ports: ["tls", "tcp"],
	...Object.fromEntries(settingEntries.map(([name, { kinds }]) => [name, kinds])),
	shared: ["https"],
	answersWithinSeconds: ["https"],
};

/** Judges the keys of an endpoint that do not go with its kind. */
export function checkKind(at: Place, endpoint: EndpointDraft): Mistake[] {
	const { kind, port, ports } = endpoint;
	if (kind === undefined) return [];
	const misplaced = Object.entries(kindsOf).flatMap(([key, kinds]): Mistake[] => {
		if (!(key in endpoint) || kinds.includes(kind)) return [];
		const says = `goes with kind ${kinds.join(", ")} only, and this one is ${kind}; ${instead(key, port, ports)}`;
		return [{ place: [...at, key], says, about: "nothing" }];
	});
	return [...misplaced, ...checkChoices(at, endpoint, kind)];
}

function instead(key: string, port: number | undefined, ports: readonly (number | undefined)[] | undefined): string {
	if (key === "port" && port !== undefined) return `write ports: [${port}]`;
	if (key === "ports" && ports?.length === 1) return `write port: ${ports[0]}`;
	return "remove the line";
}

/** Kinds of endpoint that have fewer choices of a setting than others. */
function checkChoices(at: Place, endpoint: EndpointDraft, kind: AppEndpointKind): Mistake[] {
	return settingEntries.flatMap(([name, setting]): Mistake[] => {
		const value = endpoint[name];
		if (setting.type !== "choice" || setting.fewer?.kinds.includes(kind) !== true) return [];
		const { choices, why } = setting.fewer;
		if (typeof value !== "string" || value === setting.left || choices.includes(value)) return [];
		const near = findNearestPhrase(value.split(" PFS")[0] ?? "", choices);
		const allowed = choices.map((one) => JSON.stringify(one)).join(", ");
		return [wrongValue([...at, name], `${why}; allowed for ${kind}: ${allowed}${suggest(near)}`)];
	});
}

/** Judges what a shared load balancer asks for (Aptible docs: shared endpoints). */
export function checkShared(at: Place, { shared, defaultDomain, domain }: EndpointDraft): Mistake[] {
	if (shared !== true || defaultDomain === true) return [];
	const place = [...at, "shared"];
	if (domain === undefined) {
		return [wrongValue(place, "needs defaultDomain or a domain, by which the load balancer tells its endpoints apart")];
	}
	if (!domain.startsWith("*.")) return [];
	return [wrongValue(place, "does not go with a wildcard, as the load balancer goes by one name; remove the line")];
}
