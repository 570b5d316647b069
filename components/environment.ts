import * as pulumi from "@pulumi/pulumi";
import { EnvironmentFacts, environmentIdentity } from "../aptible/specs/environment.ts";
import type { Environment as EnvironmentConfig } from "../config/environment.ts";
import { AptibleCommand } from "./aptible-command.ts";

/** An environment as the stage file describes it. */
export type EnvironmentArgs = EnvironmentConfig;

/**
 * An Aptible environment. Handle (with `renamedFrom`) and backup policy change in place, the stack does not and is refused.
 * Deleting it deletes the environment, which Aptible refuses while anything is left in it, backups included.
 */
export class Environment extends pulumi.ComponentResource {
	/** Id of the environment (the API's account). */
	readonly id: pulumi.Output<number>;
	/** Region of its stack, as AWS names it. */
	readonly region: pulumi.Output<string>;
	/** Addresses from which its containers reach the outside (`203.0.113.10/32`), sorted: for the allow-lists of others. */
	readonly outboundIpAddresses: pulumi.Output<string[]>;

	constructor(name: string, args: EnvironmentArgs, opts?: pulumi.ComponentResourceOptions) {
		const { handle, stack, phi, renamedFrom, backups, protect } = args;
		super("medstack-to-aptible:index:Environment", name, {}, { ...opts, protect });
		const { facts } = new AptibleCommand(
			name,
			{
				kind: "environment",
				spec: { handle, stack, phi, renamedFrom, backups },
				facts: EnvironmentFacts,
				refuse: environmentIdentity,
			},
			{ parent: this },
		);
		this.id = facts.id;
		this.region = facts.region;
		this.outboundIpAddresses = facts.outboundIpAddresses;
		this.registerOutputs({ id: this.id, region: this.region, outboundIpAddresses: this.outboundIpAddresses });
	}
}
