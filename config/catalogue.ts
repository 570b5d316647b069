/**
 * What Aptible offers, as its documentation had it between early and mid 2026 (facts/aptible.md). The live answer for
 * databases is `aptible db:versions`; a table that has fallen behind is corrected here and nowhere else.
 */

import { settingEntries } from "../wire/endpoint-settings.ts";

/** Versions of one database type. */
export interface DatabaseVersions {
	/** Versions that can be newly created; empty where the documentation names none, and any version passes. */
	readonly offered: readonly string[];
	/** Versions that Aptible no longer creates, each with the month (or year) in which that began. */
	readonly deprecated: Readonly<Record<string, string>>;
}

/** Redis has three flavors of a version: plain keeps RDB snapshots, `-aof` a log as well, `-nordb` nothing (its docs page). */
function redisFlavors(version: string): string[] {
	return [version, `${version}-aof`, `${version}-nordb`];
}

/**
 * Database types and their versions (Aptible docs: supported databases, one page per type, read 2026; facts/aptible.md
 * §3.1). A database that exists, or that is restored from a backup, keeps a deprecated version.
 */
export const databaseTypes: Readonly<Record<string, DatabaseVersions>> = {
	postgresql: { offered: ["14", "15", "16", "17"], deprecated: { "13": "2026-02" } },
	mysql: { offered: ["8.4"], deprecated: { "8.0": "2026-08" } },
	redis: { offered: ["7.2", "8.0", "8.2"].flatMap(redisFlavors), deprecated: { "6.2": "2026", "7.0": "2025-12" } },
	mongodb: { offered: ["4.0"], deprecated: {} },
	elasticsearch: { offered: ["7.10"], deprecated: {} },
	influxdb: { offered: ["1.11", "1.12", "2.7"], deprecated: { "1.8": "2026-01" } },
	rabbitmq: { offered: ["4.1", "4.2"], deprecated: { "3.13": "2025-10", "4.0": "2026-02" } },
	sftp: { offered: [], deprecated: {} },
};

/** Types of which Aptible makes replicas (Aptible docs: replication and clustering; facts/aptible.md §3.2). */
export const replicableTypes: readonly string[] = ["postgresql", "mysql", "redis", "mongodb"];

/** Database types that Aptible has given up, with the day (Aptible docs: deprecations; facts/aptible.md §3.1). */
export const endedDatabaseTypes: Readonly<Record<string, string>> = { couchdb: "2024-10-31" };

/** Ports that a TLS or TCP endpoint can have (Aptible docs: TCP endpoints). */
export const mostPorts = 10;

/**
 * Names that were settings when they stood among an app's config variables, until Aptible's release of 2026-05-04 moved
 * them to endpoints and to the app itself (Aptible changelog; Terraform provider 0.10.0; facts/aptible.md §0.9). A stage
 * that still set them would never converge. Each with what to write instead.
 */
export const retiredConfig: Readonly<Record<string, string>> = {
	...Object.fromEntries(
		settingEntries.flatMap(([name, { variables }]) => {
			const instead = [`${name} of the endpoint`, ...(variables?.others === undefined ? [] : [variables.others])].join(
				", or ",
			);
			return (variables?.names ?? []).map((variable) => [variable, instead]);
		}),
	),
	APTIBLE_DOCKER_IMAGE: "image of the app",
	APTIBLE_PRIVATE_REGISTRY_USERNAME: "registry.username of the app",
	APTIBLE_PRIVATE_REGISTRY_PASSWORD: "registry.password of the app",
};

/** The one name under Aptible's reserved prefix `APTIBLE_` that an app sets itself (Aptible docs: container recovery). */
export const ownAptibleConfig = "APTIBLE_DO_NOT_WIPE";

/** Whether a stack is one that Aptible shares between its customers: these are all named `shared-<region>`. */
export function isSharedStack(stack: string): boolean {
	return stack.startsWith("shared-");
}
