/** What goes with which kind of endpoint (facts/aptible.md §4.2; CLI 0.26.6, `option_set_builder.rb`). */
import { classicSslProtocols, type endpointKinds } from "./catalogue.ts";
import type { Draft } from "./draft.ts";
import type { Endpoint } from "./endpoint.ts";
import { type Mistake, type Place, wrongValue } from "./mistakes.ts";
import { didYouMean, nearestPhrase } from "./near-miss.ts";

type AppDraft = NonNullable<NonNullable<Draft["apps"]>[string]>;
type EndpointDraft = NonNullable<NonNullable<AppDraft["endpoints"]>[string]>;
type Kind = (typeof endpointKinds)[number];

const withTls: readonly Kind[] = ["https", "grpc", "tls"];

/** Kinds of the keys that not every kind has. */
const kindsOf: Partial<Record<keyof Endpoint, readonly Kind[]>> = {
	managedTls: withTls,
	certificate: withTls,
	certificateFingerprint: withTls,
	port: ["https", "grpc"],
	ports: ["tls", "tcp"],
	sslProtocols: withTls,
	sslCiphers: ["grpc", "tls"],
	disableWeakCipherSuites: ["grpc", "tls"],
	forceSsl: ["https"],
	loadBalancingAlgorithm: ["https"],
	shared: ["https"],
	releaseHealthcheckTimeoutSeconds: ["https"],
	strictHealthChecks: ["https"],
	showElbHealthchecks: ["https"],
	maintenancePageUrl: ["https"],
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
	return [...misplaced, ...checkProtocols(at, endpoint)];
}

function instead(key: string, port: number | undefined, ports: readonly (number | undefined)[] | undefined): string {
	if (key === "port" && port !== undefined) return `write ports: [${port}]`;
	if (key === "ports" && ports?.length === 1) return `write port: ${ports[0]}`;
	return "take the line out";
}

function checkProtocols(at: Place, { kind, sslProtocols }: EndpointDraft): Mistake[] {
	if (sslProtocols === undefined || sslProtocols === "default" || (kind !== "tls" && kind !== "grpc")) return [];
	if (classicSslProtocols.includes(sslProtocols)) return [];
	const near = nearestPhrase(sslProtocols.split(" PFS")[0] ?? "", classicSslProtocols);
	const allowed = classicSslProtocols.map((protocols) => JSON.stringify(protocols)).join(", ");
	const says = `is for https only, as others have an older load balancer; allowed for ${kind}: ${allowed}${didYouMean(near)}`;
	return [wrongValue([...at, "sslProtocols"], says)];
}

/** Judges what a shared load balancer asks for (Aptible docs: shared endpoints). */
export function checkShared(at: Place, { shared, defaultDomain, domain }: EndpointDraft): Mistake[] {
	if (shared !== true || defaultDomain === true) return [];
	const place = [...at, "shared"];
	if (domain === undefined) {
		return [wrongValue(place, "needs defaultDomain or a domain, by which the load balancer tells its endpoints apart")];
	}
	if (!domain.startsWith("*.")) return [];
	return [wrongValue(place, "does not go with a wildcard, as the load balancer goes by one name; take the line out")];
}
