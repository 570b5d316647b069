import * as pulumi from "@pulumi/pulumi";
import { DrainFacts } from "../aptible/specs/drain.ts";
import type { LogDrain as LogDrainConfig } from "../config/log-drain.ts";
import { AptibleCommand } from "./aptible-command.ts";
import { secretsIn } from "./secret-values.ts";

/** Values of the `LogDrain` component. */
export interface LogDrainArgs {
	/** The drain as the stage file describes it. */
	drain: LogDrainConfig;
	/** Handle of its environment. */
	environment: string;
	/** The stage's secrets by name; the drain's Command gets those that it refers to. */
	secrets: Readonly<Record<string, pulumi.Output<string>>>;
}

/**
 * A log drain. What it sends changes in place; for another destination, or another secret, a new drain comes up beside the old
 * one before that one goes. Deleting it deprovisions it.
 */
export class LogDrain extends pulumi.ComponentResource {
	/** Handle it has on Aptible now; another one after each change of its destination. */
	readonly handle: pulumi.Output<string>;

	/** @param name its name in the stage file */
	constructor(name: string, args: LogDrainArgs, opts?: pulumi.ComponentResourceOptions) {
		super("medstack-to-aptible:index:LogDrain", name, {}, opts);
		const { drain, environment, secrets } = args;
		const { facts } = new AptibleCommand(
			name,
			{
				kind: "log-drain",
				spec: { environment, name, ...drain },
				facts: DrainFacts,
				secrets: secretsIn(drain, secrets),
			},
			{ parent: this },
		);
		this.handle = facts.handle;
		this.registerOutputs({ handle: this.handle });
	}
}
