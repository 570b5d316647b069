import * as pulumi from "@pulumi/pulumi";
import type { App as AppConfig } from "../config/app.ts";
import { mapValues } from "../config/map-values.ts";
import { toAppEndpointSpec } from "../config/to-spec/endpoint.ts";
import { toServiceSpec } from "../config/to-spec/service.ts";
import { AppFacts, releaseHint } from "../wire/app.ts";
import type { EndpointKind } from "../wire/endpoint-identity.ts";
import { lookUp } from "../wire/own.ts";
import { readDatabaseReference } from "../wire/references.ts";
import { references } from "../wire/template.ts";
import { AptibleCommand } from "./aptible-command.ts";
import type { Claims } from "./claims.ts";
import type { Database } from "./database.ts";
import type { Endpoint } from "./endpoint.ts";
import { declareEndpoints } from "./endpoints.ts";
import { formerNames } from "./former-names.ts";
import { chooseValues, nameVariables, type Values } from "./secret-values.ts";

/** Tells one run that is to release an app from the next. */
const now = new Date().toISOString();

/** An app as the stage file describes it, under its handle. */
export interface AppArgs extends AppConfig {
	/** Handle of its environment. */
	environment: string;
	/** The stage's claims, which tell its endpoints from others. */
	claims: Claims;
	/** The stage's databases by handle; the app waits for those that it refers to. */
	databases: Readonly<Record<string, Database>>;
	/** Whether this run is told to deploy it, though CI releases it. */
	isReleased: boolean;
	/** Values by reference (`secrets.sessionKey`); the app's Command gets those that it refers to, and waits for them. */
	values: Values;
	/** Host names of other apps' endpoints by reference; its Command gets those that it refers to, and waits for them. */
	hosts: Values;
	/** Places (`databases.main`) that were renamed, with the former one. */
	formerPlaces: Readonly<Record<string, string>>;
}

/**
 * An app with its endpoints. Image (or commit) and config go out in one deploy, config alone in one restart, then one scale for
 * each service whose size differs; what autoscaling decides is left to it. `renamedFrom` renames the app. Deleting it
 * deprovisions it.
 */
export class App extends pulumi.ComponentResource {
	/** Id of the app on Aptible. */
	readonly id: pulumi.Output<number>;
	/** Address to push to, for deploys from git. */
	readonly gitRemote: pulumi.Output<string>;
	/** By their names in the stage file. */
	readonly endpoints: Readonly<Record<string, Endpoint>>;

	/** @param name the app's handle */
	constructor(name: string, args: AppArgs, opts?: pulumi.ComponentResourceOptions) {
		const { adopt, protect, endpoints, claims, databases, values, hosts, isReleased, formerPlaces, ...spec } = args;
		const texts = textsOf(spec);
		const aliases = formerNames(spec.renamedFrom);
		super("medstack-to-aptible:index:App", name, {}, { ...opts, protect, aliases });
		const command = new AptibleCommand(
			name,
			{
				kind: "app",
				spec: { handle: name, ...spec, services: mapValues(spec.services, toServiceSpec) },
				facts: AppFacts,
				hints: { "hints.claim": claims.mark(`apps.${name}`, { adopt }) },
				once: spec.releasedBy === "ci" ? { [releaseHint]: isReleased ? now : undefined } : {},
				secrets: chooseValues(texts, values),
				variables: nameVariables(chooseValues(texts, hosts)),
				waiting: isReleased ? [] : waitingIn(spec),
				surroundings: { endpoints: kindsByService(endpoints), formerPlaces },
				adopt,
			},
			{
				parent: this,
				aliases,
				dependsOn: [...new Set(texts.flatMap(references))].flatMap(
					(reference) => lookUp(databases, readDatabaseReference(reference)?.database ?? "")?.awaited ?? [],
				),
			},
		);
		const { environment, renamedFrom } = spec;
		this.endpoints = declareEndpoints(
			mapValues(endpoints, (endpoint, key) => ({
				...endpoint,
				spec: toAppEndpointSpec(endpoint, { environment, app: name, name: key }),
			})),
			{ owner: { name, renamedFrom }, claims, values, parent: this, dependsOn: command.resource },
		);
		this.id = command.facts.id;
		this.gitRemote = command.facts.gitRemote;
		this.registerOutputs({ id: this.id, gitRemote: this.gitRemote });
	}
}

/** The texts of an app that may refer to something (`databases.main.url`, `secrets.sessionKey`). */
function textsOf({ config, registry }: Pick<AppConfig, "config" | "registry">): string[] {
	const { username = "", password = "" } = registry ?? {};
	return [...Object.values(config), username, password];
}

/** References of the registry's credentials that nothing else has, where new ones go with a release of another reason. */
function waitingIn({ config, registry }: Pick<AppConfig, "config" | "registry">): string[] {
	if (registry === undefined || registry.deployOnChange === true) return [];
	const used = new Set(Object.values(config).flatMap(references));
	return [registry.username, registry.password].flatMap(references).filter((reference) => !used.has(reference));
}

function kindsByService(endpoints: AppConfig["endpoints"]): Record<string, EndpointKind[]> {
	const kinds: Record<string, EndpointKind[]> = {};
	for (const { service, kind } of Object.values(endpoints)) kinds[service] = [...(kinds[service] ?? []), kind];
	return kinds;
}
