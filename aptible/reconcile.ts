import { z } from "zod";
import type { Access } from "./client/access.ts";
import { cutLines, cutMiddle, printJson } from "./client/lines.ts";
import { isSecretVariable } from "./client/redact.ts";
import type { Waits } from "./client/wait.ts";
import { Context } from "./context.ts";

// A Command parses with each schema once or twice: compiling them to code takes longer than it saves.
z.config({ jitless: true });

/** Bytes of progress on stderr: Pulumi hands all of it to the next run as PULUMI_COMMAND_STDERR, and Linux takes 128 KiB. */
const longestProgress = 64 * 1024;
/** Characters of the failure, which comes last and of which each may be several bytes. */
const longestFailure = 16 * 1024;

/** Where the outcome of a run goes, and how Aptible is reached. */
export interface Outlet {
	access?: Access;
	waits?: Partial<Waits>;
	stdout(text: string): void;
	stderr(text: string): void;
}

interface Reconciler<Spec, Facts> {
	/** Brings the object to what the spec says and gives its facts. `previous` is what the last run gave. */
	apply(context: Context, spec: Spec, previous: Facts | undefined): Promise<Facts>;
	/** Takes the object away; one that is gone already is no error. */
	remove(context: Context, spec: Spec, previous: Facts | undefined): Promise<void>;
}

type Run = (verb: "apply" | "remove", context: Context, spec: unknown, previous: unknown) => Promise<unknown>;

/** What a kind needs, loaded when it is run: a Command is about one noun, and half of its start is loading. */
interface Loaded<Spec extends z.ZodType, Facts extends z.ZodType> {
	spec: Spec;
	facts: Facts;
	reconciler: Reconciler<z.infer<Spec>, z.infer<Facts>>;
}

function kind<Spec extends z.ZodType, Facts extends z.ZodType>(load: () => Promise<Loaded<Spec, Facts>>): Run {
	return async (verb, context, input, last) => {
		const { spec, facts, reconciler } = await load();
		const parsed = spec.parse(input);
		const previous = last === undefined ? undefined : facts.parse(last);
		return verb === "apply"
			? facts.parse(await reconciler.apply(context, parsed, previous))
			: reconciler.remove(context, parsed, previous);
	};
}

/** The reconcilers by the noun that a Command of the program names. */
export const kinds = {
	claims: kind(async () => {
		const [wire, reconciler] = await Promise.all([import("../wire/claims.ts"), import("./claims/claims.ts")]);
		return { spec: wire.ClaimsSpec, facts: wire.ClaimsFacts, reconciler };
	}),
	environment: kind(async () => {
		const [wire, reconciler] = await Promise.all([
			import("../wire/environment.ts"),
			import("./environment/environment.ts"),
		]);
		return { spec: wire.EnvironmentSpec, facts: wire.EnvironmentFacts, reconciler };
	}),
	leftovers: kind(async () => {
		const [wire, reconciler] = await Promise.all([
			import("../wire/leftovers.ts"),
			import("./environment/leftovers.ts"),
		]);
		return { spec: wire.LeftoversSpec, facts: wire.LeftoversFacts, reconciler };
	}),
	permissions: kind(async () => {
		const [wire, reconciler] = await Promise.all([
			import("../wire/permissions.ts"),
			import("./environment/permissions.ts"),
		]);
		return { spec: wire.PermissionsSpec, facts: wire.PermissionsFacts, reconciler };
	}),
	database: kind(async () => {
		const [wire, reconciler] = await Promise.all([import("../wire/database.ts"), import("./database/database.ts")]);
		return { spec: wire.DatabaseSpec, facts: wire.DatabaseFacts, reconciler };
	}),
	"database-restart": kind(async () => {
		const [wire, reconciler] = await Promise.all([
			import("../wire/database-restart.ts"),
			import("./database/restart.ts"),
		]);
		return { spec: wire.DatabaseRestartSpec, facts: wire.DatabaseRestartFacts, reconciler };
	}),
	app: kind(async () => {
		const [wire, reconciler] = await Promise.all([import("../wire/app.ts"), import("./app/app.ts")]);
		return { spec: wire.AppSpec, facts: wire.AppFacts, reconciler };
	}),
	endpoint: kind(async () => {
		const [wire, reconciler] = await Promise.all([import("../wire/endpoint.ts"), import("./endpoint/endpoint.ts")]);
		return { spec: wire.EndpointSpec, facts: wire.EndpointFacts, reconciler };
	}),
	"log-drain": kind(async () => {
		const [drain, wire, reconciler] = await Promise.all([
			import("../wire/drain.ts"),
			import("../wire/log-drain.ts"),
			import("./drain/log-drain.ts"),
		]);
		return { spec: wire.LogDrainSpec, facts: drain.DrainFacts, reconciler };
	}),
	"metric-drain": kind(async () => {
		const [drain, wire, reconciler] = await Promise.all([
			import("../wire/drain.ts"),
			import("../wire/metric-drain.ts"),
			import("./drain/metric-drain.ts"),
		]);
		return { spec: wire.MetricDrainSpec, facts: drain.DrainFacts, reconciler };
	}),
} satisfies Readonly<Record<string, Run>>;
export type Kind = keyof typeof kinds;

/**
 * Runs one reconciler: facts go out as JSON, each value in a line, progress and the reason of a failure as text, secrets masked.
 *
 * @param input the spec, as JSON
 * @param last what the last run printed; empty or `undefined` on the first
 * @returns the exit code
 */
export async function reconcile(
	[name = "", verb = ""]: readonly string[],
	input: string,
	last: string | undefined,
	outlet: Outlet,
): Promise<number> {
	const { access, waits } = outlet;
	const say = sayTo(outlet);
	const context = new Context({ ...access, waits, write: say.progress });
	try {
		const run: Run | undefined = Object.hasOwn(kinds, name) ? kinds[name as Kind] : undefined;
		if (run === undefined || (verb !== "apply" && verb !== "remove")) {
			throw new Error(
				`usage: node aptible/main.ts ${Object.keys(kinds).join("|")} apply|remove, with the spec on stdin`,
			);
		}
		for (const [key, value] of Object.entries(process.env)) {
			if (isSecretVariable(key) && value !== undefined) context.redactor.addUrl(value);
		}
		const facts = await run(verb, context, JSON.parse(input), last ? JSON.parse(last) : undefined);
		if (facts !== undefined) outlet.stdout(`${printJson(facts)}\n`);
		return 0;
	} catch (error) {
		const message =
			error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error);
		say.failure(`${context.redactor.mask(message)}\n`);
		return 1;
	} finally {
		context.api.stopReading();
	}
}

/**
 * The one way to stderr: no line is too long for Pulumi's command provider, nor the whole for the environment of the next
 * run. The less room is left for progress, the fewer of its lines are told, so that a long wait does not go silent.
 */
export function sayTo(outlet: Outlet): { progress(text: string): void; failure(text: string): void } {
	let leftBytes = longestProgress;
	let count = 0;
	return {
		progress: (text) => {
			const line = cutLines(text);
			const oneIn = Math.floor((longestProgress / leftBytes) ** 2);
			count += 1;
			if (count % oneIn !== 0 || Buffer.byteLength(line) >= leftBytes) return;
			leftBytes -= Buffer.byteLength(line);
			outlet.stderr(line);
		},
		failure: (text) => outlet.stderr(cutLines(cutMiddle(text, longestFailure))),
	};
}
