import type { EndpointSpec } from "../../wire/endpoint.ts";
import type { EndpointIdentity } from "../../wire/endpoint-identity.ts";
import { declaredValue, settingEntries } from "../../wire/endpoint-settings.ts";
import type { DatabaseEndpoint, Endpoint } from "../endpoint.ts";

/** What of an endpoint does not depend on the others beside it. */
export type LoneEndpointSpec = Omit<EndpointSpec, "hasTwins">;

/** Identity of an app's endpoint. */
export function identifyAppEndpoint(endpoint: Endpoint): EndpointIdentity {
	const { kind, service, internal, defaultDomain, managedTls, domain } = endpoint;
	return { kind, service, internal, defaultDomain, managedTls, domain };
}

/** Identity of a database's endpoint. */
export function identifyDatabaseEndpoint({ internal }: DatabaseEndpoint): EndpointIdentity {
	return { kind: "database", internal, defaultDomain: false, managedTls: false };
}

/** What crosses the process line of an app's endpoint: defaults by kind applied, and only what goes with the kind. */
export function toAppEndpointSpec(
	endpoint: Endpoint,
	{ environment, app, name }: { environment: string; app: string; name: string },
): LoneEndpointSpec {
	const { certificate, certificateFingerprint, port, ports, ipFilter, answersWithinSeconds } = endpoint;
	return {
		environment,
		on: { app },
		name,
		...identifyAppEndpoint(endpoint),
		certificate,
		certificateFingerprint,
		ports: ports ?? (port === undefined ? [] : [port]),
		ipFilter: [...ipFilter].sort(),
		...declaredSettings(endpoint, "spec"),
		shared: endpoint.kind === "https" && endpoint.shared,
		settings: declaredSettings(endpoint, undefined),
		answersWithinSeconds,
	};
}

/**
 * What crosses the process line of a database's endpoint.
 *
 * @param restartFollows whether the database is restarted after it
 */
export function toDatabaseEndpointSpec(
	endpoint: DatabaseEndpoint,
	{ environment, database, name }: { environment: string; database: string; name: string },
	restartFollows = false,
): LoneEndpointSpec {
	return {
		environment,
		on: { database },
		name,
		...identifyDatabaseEndpoint(endpoint),
		ports: [],
		ipFilter: [...endpoint.ipFilter].sort(),
		shared: false,
		settings: {},
		...(restartFollows ? { restartFollows } : {}),
	};
}

/** The settings at one place of the spec, without those that are left to Aptible. */
function declaredSettings(endpoint: Endpoint, place: "spec" | undefined): Record<string, unknown> {
	return Object.fromEntries(
		settingEntries.flatMap(([name, setting]) => {
			const value = declaredValue(setting, endpoint.kind, endpoint[name]);
			if (setting.at !== place || value === undefined) return [];
			return [[setting.at === "spec" ? name : setting.wire, value]];
		}),
	);
}
