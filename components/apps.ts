import type * as pulumi from "@pulumi/pulumi";
import { orderApps } from "../config/endpoint-order.ts";
import { mapValues } from "../config/map-values.ts";
import type { Stage } from "../config/stage.ts";
import { hostReference } from "../wire/references.ts";
import { App } from "./app.ts";
import type { ObjectStorage } from "./azure/object-storage.ts";
import type { Claims } from "./claims.ts";
import type { Database } from "./database.ts";
import { nameSecrets, type Values } from "./secret-values.ts";

/** What the apps of a stage stand on. */
export interface AppsArgs {
	claims: Claims;
	databases: Readonly<Record<string, Database>>;
	/** The stage's secrets by their names. */
	secrets: Values;
	storage: ObjectStorage | undefined;
	/** Apps that this run is told to deploy, though CI releases them. */
	releases: ReadonlySet<string>;
	/** What has to be there before any app. */
	dependsOn: pulumi.Resource[];
}

/** Declares the apps of a stage. One that has the address of another one's endpoint in its config comes after that endpoint. */
export function declareApps(
	stage: Pick<Stage, "environment" | "apps" | "databases">,
	{ claims, databases, secrets, storage, releases, dependsOn }: AppsArgs,
): Record<string, App> {
	const declared: Record<string, App> = {};
	const formerPlaces = { ...formerOf("apps", stage.apps), ...formerOf("databases", stage.databases) };
	const hosts: Record<string, pulumi.Output<string>> = {};
	for (const name of orderApps(stage.apps)) {
		const app = new App(
			name,
			{
				...(stage.apps[name] as Stage["apps"][string]),
				environment: stage.environment.handle,
				claims,
				databases,
				isReleased: releases.has(name),
				values: { ...nameSecrets(secrets), ...storage?.valuesFor(name) },
				hosts,
				formerPlaces,
			},
			{ dependsOn },
		);
		for (const [endpoint, { host }] of Object.entries(app.endpoints))
			hosts[hostReference({ app: name, endpoint })] = host;
		declared[name] = app;
	}
	return mapValues(stage.apps, (_, name) => declared[name] as App);
}

function formerOf(
	block: string,
	objects: Readonly<Record<string, { renamedFrom?: string | undefined }>>,
): Record<string, string> {
	const renamed = Object.entries(objects).filter(([, { renamedFrom }]) => renamedFrom !== undefined);
	return Object.fromEntries(renamed.map(([name, { renamedFrom }]) => [`${block}.${name}`, `${block}.${renamedFrom}`]));
}
