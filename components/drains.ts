import type * as pulumi from "@pulumi/pulumi";
import { mapValues } from "../config/map-values.ts";
import type { Stage } from "../config/stage.ts";
import type { Database } from "./database.ts";
import { Drain, type DrainArgs } from "./drain.ts";
import type { Environment } from "./environment.ts";

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
	logDrains: Record<string, Drain>;
	metricDrains: Record<string, Drain>;
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
	const declare = (kind: "log-drain" | "metric-drain") => (drain: DrainArgs["drain"], name: string) =>
		new Drain(name, { kind, drain, environment, secrets }, { dependsOn: dependsOn(drain) });
	return {
		logDrains: mapValues(logDrains, declare("log-drain")),
		metricDrains: mapValues(metricDrains, declare("metric-drain")),
	};
}
