import * as pulumi from "@pulumi/pulumi";
import { DrainFacts } from "../aptible/specs/drain.ts";
import type { MetricDrain as MetricDrainConfig } from "../config/metric-drain.ts";
import { AptibleCommand } from "./aptible-command.ts";
import { secretsIn } from "./secret-values.ts";

/** Values of the `MetricDrain` component. */
export interface MetricDrainArgs {
	/** The drain as the stage file describes it. */
	drain: MetricDrainConfig;
	/** Handle of its environment. */
	environment: string;
	/** The stage's secrets by name; the drain's Command gets those that it refers to. */
	secrets: Readonly<Record<string, pulumi.Output<string>>>;
}

/**
 * A metric drain. Whatever changes about it, a new drain comes up beside the old one before that one goes. Deleting it
 * deprovisions it.
 */
export class MetricDrain extends pulumi.ComponentResource {
	/** Handle it has on Aptible now; another one after each change. */
	readonly handle: pulumi.Output<string>;

	/** @param name its name in the stage file */
	constructor(name: string, args: MetricDrainArgs, opts?: pulumi.ComponentResourceOptions) {
		super("medstack-to-aptible:index:MetricDrain", name, {}, opts);
		const { drain, environment, secrets } = args;
		const { facts } = new AptibleCommand(
			name,
			{
				kind: "metric-drain",
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
