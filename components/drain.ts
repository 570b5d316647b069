import * as pulumi from "@pulumi/pulumi";
import type { LogDrain } from "../config/log-drain.ts";
import type { MetricDrain } from "../config/metric-drain.ts";
import { DrainFacts } from "../wire/drain.ts";
import { AptibleCommand } from "./aptible-command.ts";
import { chooseValues, nameSecrets } from "./secret-values.ts";

/** Values of the `Drain` component. */
export interface DrainArgs {
	/** Which noun it is. */
	kind: "log-drain" | "metric-drain";
	/** The drain as the stage file describes it. */
	drain: LogDrain | MetricDrain;
	/** Handle of its environment. */
	environment: string;
	/** The stage's secrets by name; the drain's Command gets those that it refers to. */
	secrets: Readonly<Record<string, pulumi.Output<string>>>;
}

const types = { "log-drain": "LogDrain", "metric-drain": "MetricDrain" } as const;

/**
 * A log or metric drain. What a log drain sends changes in place; for whatever else changes, a secret too, a new drain comes up
 * beside the old one before that one goes. Deleting it deprovisions it.
 */
export class Drain extends pulumi.ComponentResource {
	/** Handle it has on Aptible now; another one after each change that made a new drain. */
	readonly handle: pulumi.Output<string>;

	/** @param name its name in the stage file */
	constructor(name: string, args: DrainArgs, opts?: pulumi.ComponentResourceOptions) {
		const { kind, drain, environment, secrets } = args;
		super(`medstack-to-aptible:index:${types[kind]}`, name, {}, opts);
		const { facts } = new AptibleCommand(
			name,
			{
				kind,
				spec: { environment, name, ...drain },
				facts: DrainFacts,
				secrets: chooseValues(
					Object.values(drain).filter((value) => typeof value === "string"),
					nameSecrets(secrets),
				),
				adopt: drain.adopt,
			},
			{ parent: this },
		);
		this.handle = facts.handle;
		this.registerOutputs({ handle: this.handle });
	}
}
