import * as pulumi from "@pulumi/pulumi";
import { DatabaseFacts, databaseIdentity } from "../aptible/specs/database.ts";
import type { Database as DatabaseConfig } from "../config/database.ts";
import { AptibleCommand } from "./aptible-command.ts";
import { formerNames } from "./former-names.ts";

/** A database as the stage file describes it, under its handle. */
export interface DatabaseArgs extends DatabaseConfig {
	/** Handle of its environment. */
	environment: string;
}

/**
 * A managed database. IOPS change without a restart, container size, profile and a larger disk with one; type, version and a
 * smaller disk are refused. Deleting it deprovisions it; whether a last backup stays is the environment's `keepFinal`.
 *
 * Its connection URL is no output: the apps that refer to it get it from Aptible, so it is never in Pulumi's state.
 */
export class Database extends pulumi.ComponentResource {
	/** Id of the database on Aptible. */
	readonly id: pulumi.Output<number>;

	/** @param name the database's handle */
	constructor(name: string, args: DatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
		const { adopt: _, protect, ...spec } = args;
		const aliases = formerNames(spec.renamedFrom);
		super("medstack-to-aptible:index:Database", name, {}, { ...opts, protect, aliases });
		const { facts } = new AptibleCommand(
			name,
			{ kind: "database", spec: { handle: name, ...spec }, facts: DatabaseFacts, refuse: databaseIdentity },
			{ parent: this, aliases },
		);
		this.id = facts.id;
		this.registerOutputs({ id: this.id });
	}
}
