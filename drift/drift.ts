/**
 * Drift in every preview and update: before anything is registered, the program takes one look at what the stack has on Aptible. An
 * object that is not as it was left gets the differences into its Command's environment, where they show in the preview and have
 * the update run, which heals it; the Command of every other one ignores that variable.
 */

import { log, RunError, runtime } from "@pulumi/pulumi";
import type { LoadedStage } from "../config/load.ts";
import type { Stage } from "../config/stage.ts";
import type { Adoption, Difference } from "../wire/difference.ts";
import { isNightStep, type MoveStep } from "../wire/move.ts";
import type { Look } from "./look.ts";
import type { RecordedCommand, RecordedResource } from "./recorded.ts";
import type { Told } from "./tell-app.ts";

/** `off` looks for nothing; `required` fails where drift is unknown; anything else looks where there are credentials. */
const modeVariable = "MEDSTACK_TO_APTIBLE_DRIFT";
/** How the differences and their time come to a Command. */
const variable = "DRIFT";
const timeVariable = "DRIFT_SEEN";

/** What a Command is told of its object's drift. */
export interface Drift {
	/** Goes into its environment; empty where there is none. */
	environment: Record<string, string>;
	/** The same, for whoever reads the preview. */
	differences: readonly Difference[];
	/** Inputs to ignore. */
	ignoreChanges: string[];
	/** Whether the object is as it was left, and declared as it was then, so that only a secret can have changed; unknown is no. */
	isSettled: boolean;
}

// One program is one process, and the look is taken before its first resource.
let look: Look | undefined;

/** Takes the look, unless it is off; only then is all that talks to Aptible loaded. */
export async function lookForDrift(loaded: LoadedStage): Promise<void> {
	const mode = process.env[modeVariable];
	if (mode === "off") return;
	const { takeLook } = await import("./look.ts");
	look = await takeLook(loaded, mode === "required");
}

/** Refuses a phase of a move that stands on the proof of a copy in another database; only then is the state read for it. */
export async function checkMovedDatabases({ stage, moveRecord }: LoadedStage): Promise<void> {
	if (moveRecord === undefined) return;
	const { refuseOtherDatabases } = await import("./moved-databases.ts");
	await refuseOtherDatabases(stage, moveRecord);
}

/**
 * Refuses an update of the night that no `npm run move -- switch` makes, before anything is registered: what does not wait for the claims
 * would be changed by one that they refuse.
 */
export async function checkNightStep({ move }: Pick<Stage, "move">): Promise<void> {
	const refused = await refuseNightStep(await readStepBefore(move), move);
	if (refused !== undefined) throw new RunError(refused);
}

/** The phase in the state, where an update may lead out of the night; a state that cannot be read is for the claims to judge. */
async function readStepBefore(after: MoveStep | undefined): Promise<MoveStep | undefined> {
	if (after === undefined || isNightStep(undefined, after) || runtime.isDryRun()) return undefined;
	const { readRecordedStep } = await import("./recorded-step.ts");
	return readRecordedStep();
}

/** Why an update may not take a step of a move; nothing where it may. */
export async function refuseNightStep(
	before: MoveStep | undefined,
	after: MoveStep | undefined,
): Promise<string | undefined> {
	if (after === undefined || !isNightStep(before, after)) return undefined;
	const { refuseOtherRun } = await import("./move-run.ts");
	return refuseOtherRun(after.phase);
}

/**
 * What a Command is told of its object.
 *
 * @param names of the Command, the present one first
 */
export function driftFor(kind: string, names: readonly string[], spec: unknown): Drift {
	const differences = look?.differences(kind, names, spec) ?? [];
	if (look === undefined || differences.length === 0) {
		return {
			environment: {},
			differences,
			ignoreChanges: [variable, timeVariable].map((name) => `environment.${name}`),
			isSettled: look?.isDeclaredAsBefore(kind, names, spec) ?? false,
		};
	}
	// The time, as the same drift may come again, and the state still has the last one.
	return {
		environment: { [variable]: JSON.stringify(differences), [timeVariable]: look.time },
		differences,
		ignoreChanges: [],
		isSettled: false,
	};
}

/**
 * The objects in the state of the stack, for which no credentials of Aptible are needed; the state is read once a run, and not where the look
 * is off. One that cannot be read is a warning, or the look has warned of it.
 */
export async function readRecordedObjects(): Promise<readonly RecordedCommand[]> {
	if (process.env[modeVariable] === "off") return [];
	if (look !== undefined) return look.recorded;
	const { readRecorded } = await import("./recorded.ts");
	try {
		return await readRecorded();
	} catch (error) {
		await log.warn(
			`what was recorded of removed objects is unknown: ${error instanceof Error ? error.message : error}`,
		);
		return [];
	}
}

/** Azure's resources in the state of the stack; undefined where that is not read, or cannot be. */
export async function readRecordedResources(): Promise<readonly RecordedResource[] | undefined> {
	if (process.env[modeVariable] === "off") return undefined;
	const { readRecordedAzure } = await import("./recorded.ts");
	return readRecordedAzure("resources in Azure", "a preview does without it").catch(() => undefined);
}

/** Whether the look has found a recorded object where it was; false also where there was no look. */
export function isThere(kind: string, names: readonly (string | undefined)[]): boolean {
	return look?.isThere(kind, names) ?? false;
}

/** What a recorded database that is gone leaves, and what becomes of it; undefined where it is there, or there was no look. */
export function lossOf(kind: string, names: readonly string[]): string | undefined {
	return look?.loss(kind, names);
}

/**
 * What there is of an object that was never recorded; undefined where there is none, or the stage file takes nothing over and there was no
 * look.
 *
 * @param adopt whether the stage file says to take it over
 */
export function adoptionOf(
	kind: string,
	names: readonly string[],
	spec: unknown,
	adopt: boolean,
): Adoption | undefined {
	if (look === undefined) return adopt ? { adopt, differences: undefined } : undefined;
	const differences = look.adoption(kind, names, spec);
	return differences && { adopt, differences };
}

/** What there is to say of an object beside its drift; nothing where there was no look. */
export function tell(kind: string, names: readonly string[], spec: unknown): Told {
	return look?.tell(kind, names, spec) ?? { warnings: [], notes: [] };
}
