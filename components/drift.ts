/**
 * Drift in every preview and update: before anything is registered, the program takes one look at what the stack has on Aptible. An
 * object that is not as it was left gets the differences into its Command's environment, where they show in the preview and have
 * the update run, which heals it; the Command of every other one ignores that variable.
 */
import { writeFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { checkVersion } from "../aptible/cli/version.ts";
import { Context } from "../aptible/context.ts";
import type { Difference } from "../aptible/difference.ts";
import { differencesOf, driftOf } from "../aptible/drift.ts";
import { readSnapshot, type Snapshot } from "../aptible/snapshot.ts";
import type { Values } from "../aptible/snapshot-values.ts";
import type { EndpointSpec } from "../aptible/specs/endpoint.ts";
import { EnvironmentFacts } from "../aptible/specs/environment.ts";
import type { LoadedStage } from "../config/load.ts";
import type { Stage } from "../config/stage.ts";
import { type RecordedCommand, readRecorded } from "./recorded.ts";
import { undeclaredIn } from "./undeclared.ts";

/** `off` looks for nothing; `required` fails where it cannot be told; anything else looks where there are credentials. */
const modeVariable = "MEDSTACK_TO_APTIBLE_DRIFT";
/** A file that the findings are written to, for `npm run drift`. */
const reportVariable = "MEDSTACK_TO_APTIBLE_DRIFT_REPORT";
/** How the differences and their time come to a Command. */
const variable = "DRIFT";
const timeVariable = "DRIFT_SEEN";
const longestMs = 60_000;

/** Where a look has been taken: what the stack has recorded, and what there is. */
interface Look {
	recorded: readonly RecordedCommand[];
	snapshot: Snapshot;
	values: Values;
	/** When it was taken. */
	seen: string;
}

/** What a Command is told of its object's drift. */
export interface Drift {
	/** Goes into its environment; empty where there is none. */
	environment: Record<string, string>;
	/** Inputs to ignore. */
	ignoreChanges: string[];
}

/** What was found, as `npm run drift` reads it. */
export interface DriftReport {
	drifted: { kind: string; name: string; differences: readonly Difference[] }[];
	/** Sentences about live objects that the stage does not declare. */
	undeclared: string[];
}

// One program is one process, and the look is taken before its first resource.
let look: Look | undefined;
const found: DriftReport = { drifted: [], undeclared: [] };

/**
 * Takes the look, if there are credentials for it, and warns of live objects that the stage does not declare. Aptible that does not
 * answer is a warning, never a failed preview. As this is where a run first needs the `aptible` CLI, its version is checked here, once.
 *
 * @throws RunError where the CLI is too old for what the update would call
 */
export async function lookForDrift({ stage, secrets }: LoadedStage): Promise<void> {
	const mode = process.env[modeVariable];
	if (mode === "off") return;
	const isRequired = mode === "required";
	const signal = AbortSignal.timeout(longestMs);
	const context = new Context({ signal });
	if (!isRequired && !(await context.api.hasToken())) return;
	// Beside each other: a call of the CLI is a process of about 0.8 s.
	const [version, taken] = await Promise.allSettled([
		checkVersion(context.cli),
		plainValues(secrets).then((values) => takeLook(context, stage, values)),
	]);
	if (version.status === "rejected") throw new pulumi.RunError(messageOf(version.reason));
	if (version.value !== undefined) await pulumi.log.warn(version.value);
	if (taken.status === "fulfilled") {
		look = taken.value;
	} else {
		const reason = signal.aborted
			? `Aptible has not answered within ${longestMs / 1000} s`
			: context.redactor.mask(messageOf(taken.reason));
		const text = `whether Aptible is still as this stack left it could not be told: ${reason}`;
		if (isRequired) throw new pulumi.RunError(text);
		await pulumi.log.warn(text);
		return;
	}
	found.undeclared = look === undefined ? [] : undeclaredIn(look.snapshot, stage, look.recorded);
	for (const text of found.undeclared) await pulumi.log.warn(text);
	writeReport();
}

/**
 * What a Command is told of its object.
 *
 * @param names of the Command, the present one first
 */
export function driftFor(kind: string, names: readonly string[], spec: unknown): Drift {
	const none = { environment: {}, ignoreChanges: [variable, timeVariable].map((name) => `environment.${name}`) };
	if (look === undefined) return none;
	const { recorded, snapshot, values, seen } = look;
	const before = recorded.find((command) => command.kind === kind && names.includes(command.name));
	if (before === undefined) return none;
	const differences = driftOf(snapshot, kind, spec, before, values);
	if (differences.length === 0) return none;
	found.drifted.push({ kind, name: names[0] ?? "", differences });
	writeReport();
	// The time, as the same drift may come again, and the state still has the last one.
	return { environment: { [variable]: JSON.stringify(differences), [timeVariable]: seen }, ignoreChanges: [] };
}

/** What taking over an object changes about it that is there and was never recorded; undefined where there is none. */
export function adoptionOf(kind: string, names: readonly string[], spec: unknown): readonly Difference[] | undefined {
	if (look === undefined || kind === "claims") return undefined;
	const { recorded, snapshot, values } = look;
	if (recorded.some((command) => command.kind === kind && names.includes(command.name))) return undefined;
	return differencesOf(snapshot, kind, spec, undefined, values);
}

function writeReport(): void {
	const file = process.env[reportVariable];
	if (file !== undefined) writeFileSync(file, JSON.stringify(found));
}

function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

/** Secrets as plain text, which stays in this process: live values are compared with them. */
async function plainValues(secrets: LoadedStage["secrets"]): Promise<Values> {
	const plain = new Map<string, string>();
	const reads = Object.entries(secrets).map(
		([name, secret]) =>
			new Promise<void>((resolve) => {
				secret.apply((value) => {
					plain.set(`secrets.${name}`, value);
					resolve();
				});
			}),
	);
	await Promise.all(reads);
	return (reference) => plain.get(reference);
}

async function takeLook(context: Context, stage: Stage, values: Values): Promise<Look | undefined> {
	const recorded = await readRecorded();
	const facts = EnvironmentFacts.safeParse(recorded.find(({ kind }) => kind === "environment")?.facts).data;
	if (facts === undefined && !stage.environment.adopt) return undefined;
	const handle = facts?.handle ?? stage.environment.handle;
	const idsOf = (commands: readonly RecordedCommand[]) => new Set(commands.map(({ facts: { id } }) => id));
	const ids = idsOf(recorded);
	const withDetails = idsOf(recorded.filter(({ kind, spec }) => kind === "endpoint" && needsDetails(spec)));
	const snapshot = await readSnapshot(
		context,
		(environments) =>
			environments.find(({ id, handle: live }) => (facts === undefined ? live === handle : id === facts.id)),
		{
			guess: handle,
			scope: {
				app: ({ id, handle: live }) => ids.has(id) || live in stage.apps,
				databaseEndpoints: ({ id, handle: live }) => ids.has(id) || live in stage.databases,
				endpointDetails: (id) => facts === undefined || withDetails.has(id),
			},
		},
	);
	if (snapshot !== undefined)
		return { recorded, snapshot, values, seen: new Date().toISOString().replace(/\.\d+/, "") };
	if (facts === undefined) return undefined;
	throw new Error(
		`environment "${handle}" is not among those that this token sees. Log in as a user who sees it (\`aptible login\`), or, if it ` +
			"was deleted by hand, take its resources out of the state: `pulumi state delete URN`.",
	);
}

/** Whether only the API shows all that is declared of an endpoint. */
function needsDetails(spec: unknown): boolean {
	const { kind, certificate, certificateFingerprint } = spec as Partial<EndpointSpec>;
	return kind === "grpc" || certificate !== undefined || certificateFingerprint !== undefined;
}
