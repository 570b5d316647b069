import type { EndpointSpec } from "../../wire/endpoint.ts";
import type { EndpointIdentity } from "../../wire/endpoint-identity.ts";
import { defaultSslProtocols } from "../catalogue.ts";
import type { DatabaseEndpoint, Endpoint } from "../endpoint.ts";

/** What of an endpoint does not depend on the others beside it. */
export type LoneEndpointSpec = Omit<EndpointSpec, "hasTwins">;

/** Identity of an app's endpoint. */
export function appEndpointIdentity(endpoint: Endpoint): EndpointIdentity {
	const { kind, service, internal, defaultDomain, managedTls, domain } = endpoint;
	return { kind, service, internal, defaultDomain, managedTls, domain };
}

/** Identity of a database's endpoint. */
export function databaseEndpointIdentity({ internal }: DatabaseEndpoint): EndpointIdentity {
	return { kind: "database", internal, defaultDomain: false, managedTls: false };
}

/** What crosses the process line of an app's endpoint: defaults by kind applied, and only what goes with the kind. */
export function appEndpointSpec(
	endpoint: Endpoint,
	{ environment, app, name }: { environment: string; app: string; name: string },
): LoneEndpointSpec {
	const { kind, certificate, certificateFingerprint, port, ports, ipFilter, sslProtocols, answersWithinSeconds } =
		endpoint;
	const isHttps = kind === "https";
	return {
		environment,
		on: { app },
		name,
		...appEndpointIdentity(endpoint),
		certificate,
		certificateFingerprint,
		ports: ports ?? (port === undefined ? [] : [port]),
		ipFilter: [...ipFilter].sort(),
		...(isHttps ? { loadBalancingAlgorithm: endpoint.loadBalancingAlgorithm } : {}),
		shared: isHttps && endpoint.shared,
		settings: {
			idle_timeout: endpoint.idleTimeoutSeconds,
			...(kind === "tcp" || sslProtocols === "default"
				? {}
				: { ssl_protocols_override: sslProtocols ?? defaultSslProtocols[kind] }),
			...(kind === "tls" || kind === "grpc"
				? {
						disable_weak_cipher_suites: endpoint.disableWeakCipherSuites,
						ssl_ciphers_override: endpoint.sslCiphers,
					}
				: {}),
			...(isHttps
				? {
						force_ssl: endpoint.forceSsl,
						maintenance_page_url: endpoint.maintenancePageUrl,
						release_healthcheck_timeout: endpoint.releaseHealthcheckTimeoutSeconds,
						show_elb_healthchecks: endpoint.showElbHealthchecks,
						strict_health_checks: endpoint.strictHealthChecks,
					}
				: {}),
		},
		answersWithinSeconds,
	};
}

/** What crosses the process line of a database's endpoint. */
export function databaseEndpointSpec(
	endpoint: DatabaseEndpoint,
	{ environment, database, name }: { environment: string; database: string; name: string },
): LoneEndpointSpec {
	return {
		environment,
		on: { database },
		name,
		...databaseEndpointIdentity(endpoint),
		ports: [],
		ipFilter: [...endpoint.ipFilter].sort(),
		shared: false,
		settings: {},
	};
}
