import type * as pulumi from "@pulumi/pulumi";
import { mapValues } from "../config/map-values.ts";
import type { Stage } from "../config/stage.ts";
import type { Database } from "./database.ts";
import type { Environment } from "./environment.ts";
import { LogDrain } from "./log-drain.ts";
import { MetricDrain } from "./metric-drain.ts";

/** What the drains of a stage need of the rest of it. */
export interface DrainSurroundings {
	environment: Environment;
	/** By handle; a drain into one of them waits for it, and goes before it. */
	databases: Readonly<Record<string, Database>>;
	/** By name. */
	secrets: Readonly<Record<string, pulumi.Output<string>>>;
}

/** The drains of a stage, by their names in the stage file. */
export interface Drains {
	logDrains: Record<string, LogDrain>;
	metricDrains: Record<string, MetricDrain>;
}

/** Declares the drains of a stage. */
export function declareDrains(
	{ environment: { handle: environment }, logDrains, metricDrains }: Stage,
	{ environment: parent, databases, secrets }: DrainSurroundings,
): Drains {
	const dependsOn = (drain: object) => {
		const database = "database" in drain ? databases[String(drain.database)] : undefined;
		return database === undefined ? [parent] : [parent, database];
	};
	return {
		logDrains: mapValues(
			logDrains,
			(drain, name) => new LogDrain(name, { drain, environment, secrets }, { dependsOn: dependsOn(drain) }),
		),
		metricDrains: mapValues(
			metricDrains,
			(drain, name) => new MetricDrain(name, { drain, environment, secrets }, { dependsOn: dependsOn(drain) }),
		),
	};
}
