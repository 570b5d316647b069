import * as pulumi from "@pulumi/pulumi";
import { mapValues } from "../config/map-values.ts";
import type { Stage } from "../config/stage.ts";
import type { DnsRecord } from "../wire/endpoint.ts";
import type { App } from "./app.ts";
import type { Database } from "./database.ts";

/** Address of each endpoint, by app and endpoint. */
export function urlsOf(apps: Readonly<Record<string, App>>): Record<string, Record<string, pulumi.Output<string>>> {
	return mapValues(apps, ({ endpoints }) => mapValues(endpoints, ({ url }) => url));
}

/** Host name that Aptible gave each endpoint, by app and endpoint. */
export function hostnamesOf(
	apps: Readonly<Record<string, App>>,
): Record<string, Record<string, pulumi.Output<string>>> {
	return mapValues(apps, ({ endpoints }) => mapValues(endpoints, ({ hostname }) => hostname));
}

/** Host name and address of each endpoint of a database, by database and endpoint; databases without one are left out. */
export function databaseEndpointsOf(
	databases: Readonly<Record<string, Database>>,
): Record<string, Record<string, { hostname: pulumi.Output<string>; url: pulumi.Output<string> }>> {
	const open = Object.entries(databases).filter(([, { endpoints }]) => Object.keys(endpoints).length > 0);
	return mapValues(Object.fromEntries(open), ({ endpoints }) =>
		mapValues(endpoints, ({ hostname, url }) => ({ hostname, url })),
	);
}

/** Every DNS record that the domains' owner has to make. */
export function dnsRecordsOf(apps: Readonly<Record<string, App>>): pulumi.Output<DnsRecord[]> {
	const endpoints = Object.values(apps).flatMap((app) => Object.values(app.endpoints));
	return pulumi.all(endpoints.map(({ dnsRecords }) => dnsRecords)).apply((records) => records.flat());
}

/** Git remote of each app that the stage deploys from git; for the others it would only make noise in every preview. */
export function gitRemotesOf(stage: Stage, apps: Readonly<Record<string, App>>): Record<string, pulumi.Output<string>> {
	const fromGit = Object.entries(apps).filter(([name]) => stage.apps[name]?.git !== undefined);
	return mapValues(Object.fromEntries(fromGit), ({ gitRemote }) => gitRemote);
}
