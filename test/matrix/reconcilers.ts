/** The reconcilers by kind, as `aptible/main.ts` runs them, without a process. */
import type { z } from "zod";
import * as app from "../../aptible/app.ts";
import * as claims from "../../aptible/claims.ts";
import type { Context } from "../../aptible/context.ts";
import * as database from "../../aptible/database.ts";
import * as endpoint from "../../aptible/endpoint.ts";
import * as environment from "../../aptible/environment.ts";
import * as logDrain from "../../aptible/log-drain.ts";
import * as metricDrain from "../../aptible/metric-drain.ts";
import { AppFacts, AppSpec } from "../../aptible/specs/app.ts";
import { ClaimsFacts, ClaimsSpec } from "../../aptible/specs/claims.ts";
import { DatabaseFacts, DatabaseSpec } from "../../aptible/specs/database.ts";
import { DrainFacts } from "../../aptible/specs/drain.ts";
import { EndpointFacts, EndpointSpec } from "../../aptible/specs/endpoint.ts";
import { EnvironmentFacts, EnvironmentSpec } from "../../aptible/specs/environment.ts";
import { LogDrainSpec } from "../../aptible/specs/log-drain.ts";
import { MetricDrainSpec } from "../../aptible/specs/metric-drain.ts";

export type Spec = Readonly<Record<string, unknown>>;
export type Facts = Readonly<Record<string, unknown>>;
export type Kind = keyof typeof reconcilers;
export type Verb = "apply" | "remove";

type Reconcile = (verb: Verb, context: Context, spec: Spec, previous?: Facts) => Promise<Facts | undefined>;

function reconciler<S extends z.ZodType, F extends z.ZodType>(
	specForm: S,
	factsForm: F,
	noun: {
		apply(context: Context, spec: z.infer<S>, previous: z.infer<F> | undefined): Promise<z.infer<F>>;
		remove(context: Context, spec: z.infer<S>, previous: z.infer<F> | undefined): Promise<void>;
	},
): Reconcile {
	return async (verb, context, input, last) => {
		// As it crosses the process line: what is undefined is not there.
		const spec = specForm.parse(JSON.parse(JSON.stringify(input)));
		const previous = last === undefined ? undefined : factsForm.parse(last);
		if (verb === "apply") return factsForm.parse(await noun.apply(context, spec, previous)) as Facts;
		await noun.remove(context, spec, previous);
		return undefined;
	};
}

export const reconcilers = {
	claims: reconciler(ClaimsSpec, ClaimsFacts, claims),
	environment: reconciler(EnvironmentSpec, EnvironmentFacts, environment),
	database: reconciler(DatabaseSpec, DatabaseFacts, database),
	app: reconciler(AppSpec, AppFacts, app),
	endpoint: reconciler(EndpointSpec, EndpointFacts, endpoint),
	"log-drain": reconciler(LogDrainSpec, DrainFacts, logDrain),
	"metric-drain": reconciler(MetricDrainSpec, DrainFacts, metricDrain),
};
