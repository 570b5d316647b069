/** The one line that a preview says of each change, by the kinds that `aptible/main.ts` knows. */
import type { z } from "zod";
import { AppSpec } from "../wire/app.ts";
import { ClaimsSpec } from "../wire/claims.ts";
import { DatabaseSpec } from "../wire/database.ts";
import { DatabaseRestartSpec } from "../wire/database-restart.ts";
import { type Adoption, type Difference, eitherSide } from "../wire/difference.ts";
import { EndpointSpec } from "../wire/endpoint.ts";
import { EnvironmentSpec } from "../wire/environment.ts";
import { LogDrainSpec } from "../wire/log-drain.ts";
import { MetricDrainSpec } from "../wire/metric-drain.ts";
import { lookUp } from "../wire/own.ts";
import { PermissionsSpec } from "../wire/permissions.ts";
import { references } from "../wire/template.ts";
import { describeApp, describeRemovedApp } from "./app.ts";
import { asLive, type Change, refusedRemoval } from "./change.ts";
import { describeClaims } from "./claims.ts";
import {
	describeDatabase,
	describeDatabaseRestart,
	describeLostDatabase,
	describeRemovedDatabase,
} from "./database.ts";
import { describeDrain, describeRemovedDrain } from "./drain.ts";
import { describeEndpoint, describeRemovedEndpoint, labelEndpoint } from "./endpoint.ts";
import { describeEnvironment, describePermissions, describeRemovedPermissions } from "./environment.ts";

/** What is known of an object that goes, beside its spec. */
export interface Known {
	/** Whether the environment's policy keeps the last backup of a deleted database; undefined: it is Aptible's own. */
	keepsFinal: boolean | undefined;
	/** Address of a recorded endpoint. */
	url: string | undefined;
	/** Whether the engine refuses its deletion. */
	isProtected: boolean;
}

interface Noun {
	change(change: Change<unknown>): string | undefined;
	removal(spec: unknown, known: Known): string | undefined;
}

/**
 * What a change does, as `app portal: one deploy of 2026-11-21; ...`.
 *
 * @param kind as `aptible/main.ts` knows it
 * @returns undefined where nothing that a stage file says of the object changes, or it is no object of Aptible
 */
export function describeChange(kind: string, change: Change<unknown>): string | undefined {
	return lookUp(nouns, kind)?.change(change);
}

/** What goes with a recorded object that is declared no more: `database main IS DELETED: 100 GB; the last backup is kept`. */
export function describeRemoval(kind: string, spec: unknown, known: Known): string | undefined {
	return lookUp(nouns, kind)?.removal(spec, known);
}

/** Fields that say where an object is, and what the program knows of it by itself: no change of it. */
const silent: readonly string[] = ["environment", "on", "hasTwins", "leavesSizes", "restartFollows"];

function noun<Spec extends z.ZodType>(
	schema: Spec,
	label: (spec: z.infer<Spec>) => string,
	describe: (change: Change<z.infer<Spec>>) => string[],
	describeRemoved?: (spec: z.infer<Spec>, known: Known) => string,
	describeGone: (before: z.infer<Spec> | undefined, after: z.infer<Spec>) => string = () => "is made again",
): Noun {
	return {
		change(change) {
			const after = schema.safeParse(change.after).data;
			if (after === undefined) return undefined;
			const before = change.before === undefined ? undefined : schema.safeParse(change.before);
			if (before?.success === false)
				return `${label(after)}: is compared anew, as an older version of this program recorded it`;
			if (before === undefined && change.adoption !== undefined) {
				const parts = describeAdoption({ ...change, before: undefined, after }, change.adoption, describe);
				return `${label(after)}: ${parts.join("; ")}`;
			}
			const drift = change.drift.filter(({ field }) => !isOfChangedValue(field, change));
			const parts = [
				...describe({ ...change, before: before && asLive(before.data, drift), after, drift }),
				...(drift.length === 0 ? [] : [describeDrift(drift, describeGone(before?.data, after))]),
			];
			if (parts.length > 0) return `${label(after)}: ${parts.join("; ")}`;
			const fields = fieldsThatDiffer(change.before, change.after).filter((field) => !silent.includes(field));
			return fields.length === 0 ? undefined : `${label(after)}: nothing changes on Aptible (${fields.join(", ")})`;
		},
		removal(recorded, known) {
			const spec = schema.safeParse(recorded).data;
			if (spec === undefined || describeRemoved === undefined) return undefined;
			return `${label(spec)} ${known.isProtected ? refusedRemoval : describeRemoved(spec, known)}`;
		},
	};
}

const nouns: Readonly<Record<string, Noun>> = {
	claims: noun(ClaimsSpec, () => "stage", describeClaims),
	environment: noun(EnvironmentSpec, ({ handle }) => `environment ${handle}`, describeEnvironment),
	permissions: noun(
		PermissionsSpec,
		({ environment }) => `permissions in ${environment}`,
		describePermissions,
		describeRemovedPermissions,
	),
	database: noun(
		DatabaseSpec,
		({ handle }) => `database ${handle}`,
		describeDatabase,
		(spec, { keepsFinal }) => describeRemovedDatabase(spec, keepsFinal),
		describeLostDatabase,
	),
	"database-restart": noun(DatabaseRestartSpec, ({ handle }) => `database ${handle}`, describeDatabaseRestart),
	app: noun(AppSpec, ({ handle }) => `app ${handle}`, describeApp, describeRemovedApp),
	endpoint: noun(EndpointSpec, labelEndpoint, describeEndpoint, (spec, { url }) => describeRemovedEndpoint(spec, url)),
	"log-drain": noun(LogDrainSpec, ({ name }) => `log drain ${name}`, describeDrain, describeRemovedDrain),
	"metric-drain": noun(MetricDrainSpec, ({ name }) => `metric drain ${name}`, describeDrain, describeRemovedDrain),
};

/** What taking over an object does, which begins with what is there. */
function describeAdoption<Spec>(
	change: Change<Spec>,
	{ adopt, differences }: Adoption,
	describe: (change: Change<Spec>) => string[],
): string[] {
	if (differences === undefined) {
		const [first = "new", ...parts] = describe(change);
		return [`taken over if it is there (adopt), else ${first}`, ...parts];
	}
	if (adopt && differences.length === 0) return ["taken over as it is"];
	const { after } = change;
	const what = { ...change, before: asLive(after, differences), values: [], unknown: [], drift: differences };
	const begun =
		"THE UPDATE FAILS, as it is on Aptible and the stage file has no `adopt: true` for it, unless a cut-off update of this stack began it";
	const texts = differences.map(textOf).join(", ");
	return [adopt ? "taken over" : begun, ...(differences.length === 0 ? [] : [...describe(what), `changes ${texts}`])];
}

function textOf({ field, live, declared }: Difference): string {
	return `${field} ${live} => ${declared}`;
}

/** @param gone what becomes of an object that is gone */
function describeDrift(drift: Change<unknown>["drift"], gone: string): string {
	const isGone = drift.some(({ field }) => field === "object");
	if (isGone) return `it is gone from Aptible, and ${gone}`;
	const causes = [...new Set(drift.map(({ cause }) => cause))];
	const texts = causes.map((cause) => {
		const fields = drift.filter((one) => one.cause === cause);
		const text = fields.map(textOf).join(", ");
		// The engine has compared the stage's secrets: that of this field has not changed there.
		return cause === undefined || cause === eitherSide ? text : `${text}, ${cause}`;
	});
	return `back as declared: ${texts.join(", ")}`;
}

/** Whether a field differs on Aptible because a secret in it has been changed here: that says the change itself. */
function isOfChangedValue(field: string, { after, values }: Change<unknown>): boolean {
	const spec = after as Readonly<Record<string, unknown>> & Partial<Pick<AppSpec, "config">>;
	const text = field.startsWith("config.") ? spec.config?.[field.slice("config.".length)] : spec[field];
	return typeof text === "string" && references(text).some((reference) => values.includes(reference));
}

function fieldsThatDiffer(before: unknown, after: unknown): string[] {
	const [was, is] = [before, after].map((spec) => (spec ?? {}) as Readonly<Record<string, unknown>>);
	return [...new Set([...Object.keys(was ?? {}), ...Object.keys(is ?? {})])].filter(
		(field) => JSON.stringify(was?.[field]) !== JSON.stringify(is?.[field]),
	);
}
