import * as pulumi from "@pulumi/pulumi";
import { DatabaseRestartFacts, type DatabaseRestartSpec, restartEndpoint } from "../wire/database-restart.ts";
import { environmentKey } from "../wire/template.ts";
import { AptibleCommand } from "./aptible-command.ts";
import type { Endpoint } from "./endpoint.ts";

/** What a restart is about. */
export interface DatabaseRestartArgs {
	spec: DatabaseRestartSpec;
	/** Endpoint that the database's certificate has to name. */
	endpoint: Endpoint;
}

/**
 * The restart of a database in a move: once its endpoint for the mover is there, and with the larger size, so that there is one and not
 * two. Deleting it does nothing.
 */
export class DatabaseRestart extends pulumi.ComponentResource {
	/** @param name the database's handle */
	constructor(name: string, args: DatabaseRestartArgs, opts: pulumi.ComponentResourceOptions) {
		const { spec, endpoint } = args;
		super("medstack-to-aptible:index:DatabaseRestart", name, {}, { ...opts, protect: false });
		new AptibleCommand(
			name,
			{
				kind: "database-restart",
				spec,
				facts: DatabaseRestartFacts,
				variables: { [environmentKey(restartEndpoint)]: endpoint.id.apply(String) },
			},
			{ parent: this, dependsOn: endpoint.command, ...(opts.aliases === undefined ? {} : { aliases: opts.aliases }) },
		);
		this.registerOutputs({});
	}
}
