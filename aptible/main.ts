/**
 * `node aptible/main.ts KIND apply|remove`: what each Command of the program runs. The spec comes as JSON on stdin, secrets
 * as environment variables, and what the last run printed in PULUMI_COMMAND_STDOUT. Prints the facts as one line of JSON;
 * progress and errors go to stderr.
 *
 * Pulumi runs a delete with the words recorded in the state: neither this path nor the kinds and verbs may change.
 */
import { text } from "node:stream/consumers";
import { z } from "zod";
import { Context } from "./context.ts";
import { AppFacts, AppSpec } from "./specs/app.ts";
import { ClaimsFacts, ClaimsSpec } from "./specs/claims.ts";
import { DatabaseFacts, DatabaseSpec } from "./specs/database.ts";
import { DrainFacts } from "./specs/drain.ts";
import { EndpointFacts, EndpointSpec } from "./specs/endpoint.ts";
import { EnvironmentFacts, EnvironmentSpec } from "./specs/environment.ts";
import { LogDrainSpec } from "./specs/log-drain.ts";
import { MetricDrainSpec } from "./specs/metric-drain.ts";

interface Reconciler<Spec, Facts> {
	/** Brings the object to what the spec says and gives its facts. `previous` is what the last run gave. */
	apply(context: Context, spec: Spec, previous: Facts | undefined): Promise<Facts>;
	/** Takes the object away; one that is gone already is no error. */
	remove(context: Context, spec: Spec, previous: Facts | undefined): Promise<void>;
}

type Run = (verb: "apply" | "remove", context: Context, spec: unknown, previous: unknown) => Promise<unknown>;

function kind<Spec extends z.ZodType, Facts extends z.ZodType>(
	spec: Spec,
	facts: Facts,
	load: () => Promise<Reconciler<z.infer<Spec>, z.infer<Facts>>>,
): Run {
	return async (verb, context, input, last) => {
		const reconciler = await load();
		const parsed = spec.parse(input);
		const previous = last === undefined ? undefined : facts.parse(last);
		return verb === "apply"
			? facts.parse(await reconciler.apply(context, parsed, previous))
			: reconciler.remove(context, parsed, previous);
	};
}

const kinds: Readonly<Record<string, Run>> = {
	claims: kind(ClaimsSpec, ClaimsFacts, () => import("./claims.ts")),
	environment: kind(EnvironmentSpec, EnvironmentFacts, () => import("./environment.ts")),
	database: kind(DatabaseSpec, DatabaseFacts, () => import("./database.ts")),
	app: kind(AppSpec, AppFacts, () => import("./app.ts")),
	endpoint: kind(EndpointSpec, EndpointFacts, () => import("./endpoint.ts")),
	"log-drain": kind(LogDrainSpec, DrainFacts, () => import("./log-drain.ts")),
	"metric-drain": kind(MetricDrainSpec, DrainFacts, () => import("./metric-drain.ts")),
};

// For `npm run adopt`, which wants the facts of what is there and no change.
const context = new Context({ readOnly: process.env.MEDSTACK_TO_APTIBLE_READ_ONLY === "true" });
try {
	const [name = "", verb = ""] = process.argv.slice(2);
	const run = kinds[name];
	if (run === undefined || (verb !== "apply" && verb !== "remove")) {
		throw new Error(`usage: node aptible/main.ts ${Object.keys(kinds).join("|")} apply|remove, with the spec on stdin`);
	}
	for (const [key, value] of Object.entries(process.env)) {
		if (/^(SECRETS|STORAGE)_/.test(key) && value !== undefined) context.redactor.add(value);
	}
	const last = process.env.PULUMI_COMMAND_STDOUT;
	const facts = await run(verb, context, JSON.parse(await text(process.stdin)), last ? JSON.parse(last) : undefined);
	if (facts !== undefined) process.stdout.write(`${JSON.stringify(facts)}\n`);
} catch (error) {
	const message =
		error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error);
	process.stderr.write(`${context.redactor.mask(message)}\n`);
	process.exitCode = 1;
}
