import * as pulumi from "@pulumi/pulumi";
import type { Database as DatabaseConfig } from "../config/database.ts";
import { mapValues } from "../config/map-values.ts";
import { toDatabaseEndpointSpec } from "../config/to-spec/endpoint.ts";
import { isThere } from "../drift/drift.ts";
import { DatabaseFacts, refuseDatabaseChange, refuseRestoreInPlace } from "../wire/database.ts";
import { AptibleCommand } from "./aptible-command.ts";
import type { Claims } from "./claims.ts";
import { DatabaseRestart } from "./database-restart.ts";
import type { Endpoint } from "./endpoint.ts";
import { declareEndpoints } from "./endpoints.ts";
import { formerNames } from "./former-names.ts";

/** A database as the stage file describes it, under its handle. */
export interface DatabaseArgs extends Omit<DatabaseConfig, "replicaOf" | "logical"> {
	/** Handle of its environment. */
	environment: string;
	/** The stage's claims, which tell its endpoints from others. */
	claims: Claims;
	/** What it follows. */
	replicaOf?: { handle: string; renamedFrom?: string | undefined; logical: boolean } | undefined;
}

/**
 * A managed database: empty, made from a backup, or a replica. IOPS change without a restart, container size, profile and a
 * larger disk with one; type, version, key, origin and a smaller disk are refused. Deleting it deprovisions it, with
 * `finalBackup` never without a last backup.
 *
 * Its connection URL is no output: the apps that refer to it get it from Aptible, so it is never in Pulumi's state.
 */
export class Database extends pulumi.ComponentResource {
	/** Id of the database on Aptible. */
	readonly id: pulumi.Output<number>;
	/** By their names in the stage file. */
	readonly endpoints: Readonly<Record<string, Endpoint>>;
	/** What an app that refers to it waits for: all of it, or the database alone. */
	readonly awaited: pulumi.Resource;

	/** @param name the database's handle */
	constructor(name: string, args: DatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
		const { adopt, protect, claims, endpoints, mover, ...declared } = args;
		const spec = { ...declared, ...(mover === undefined ? {} : { leavesSizes: true }) };
		const aliases = formerNames(spec.renamedFrom);
		super("medstack-to-aptible:index:Database", name, {}, { ...opts, protect, aliases });
		const { facts, resource } = new AptibleCommand(
			name,
			{
				kind: "database",
				spec: { handle: name, ...spec },
				facts: DatabaseFacts,
				hints: { "hints.claim": claims.mark(`databases.${name}`, { adopt }) },
				refuse: (before, after) =>
					refuseDatabaseChange(before, after) ??
					// One that is gone may come back from a backup. Where there was no look, the update asks Aptible.
					(isThere("database", [name, spec.renamedFrom])
						? refuseRestoreInPlace(name, before.restoreFrom, after.restoreFrom)
						: undefined),
				adopt,
			},
			{ parent: this, aliases },
		);
		const { environment, renamedFrom } = spec;
		this.endpoints = declareEndpoints(
			mapValues(endpoints, (endpoint, key) => ({
				...endpoint,
				spec: toDatabaseEndpointSpec(endpoint, { environment, database: name, name: key }, key === mover?.endpoint),
			})),
			{ owner: { name, renamedFrom }, claims, values: {}, parent: this, dependsOn: resource },
		);
		const moverEndpoint = mover && this.endpoints[mover.endpoint];
		if (moverEndpoint !== undefined) {
			const { containerMb, containerProfile, diskGb, iops } = spec;
			const sizes = { containerMb, containerProfile, diskGb, iops };
			new DatabaseRestart(
				name,
				{ spec: { environment, handle: name, renamedFrom, ...sizes }, endpoint: moverEndpoint },
				{ parent: this, aliases },
			);
		}
		this.awaited = mover?.isAwaited === false ? resource : this;
		this.id = facts.id;
		this.registerOutputs({ id: this.id });
	}
}
