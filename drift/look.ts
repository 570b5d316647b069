/** The look at Aptible that `drift.ts` is about: what the stack has recorded, what there is, and how the two differ. */
import { writeFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { checkVersion } from "../aptible/cli/version.ts";
import { Context } from "../aptible/context.ts";
import type { LoadedStage } from "../config/load.ts";
import type { AppSpec } from "../wire/app.ts";
import type { Difference } from "../wire/difference.ts";
import type { EndpointSpec } from "../wire/endpoint.ts";
import { EnvironmentFacts } from "../wire/environment.ts";
import { readDatabaseReference } from "../wire/references.ts";
import { references } from "../wire/template.ts";
import { differencesOf, driftOf } from "./compare.ts";
import { hostsOf } from "./endpoint-hosts.ts";
import { findIdleEndpoints } from "./idle-endpoints.ts";
import { findLosses } from "./losses.ts";
import { warnOfOtherStacks } from "./other-stacks.ts";
import { type RecordedCommand, readRecorded } from "./recorded.ts";
import { tellRecovery } from "./recovery.ts";
import { readSnapshot, type Snapshot } from "./snapshot.ts";
import { plainValues, type Values } from "./snapshot-values.ts";
import { findUnknownStack } from "./stack.ts";
import { type Told, tellApp } from "./tell-app.ts";
import { explainDrift, readTouched, type Touched } from "./touched.ts";
import { type Undeclared, undeclaredIn } from "./undeclared.ts";
import { unseenIn } from "./unseen.ts";

/** A file that the findings are written to, for `npm run drift` and `npm run comment`. */
const reportVariable = "MEDSTACK_TO_APTIBLE_DRIFT_REPORT";
/** Requests at a time of the one process that takes the look. */
const requestsAtATime = 8;
/** What a look may take however little there is to be read, and for each app that is read in full. */
const leastMs = 60_000;
const perAppMs = 1_000;
/** A preview is not to stand still for a minute because Aptible cannot be reached. */
const patienceMs = 10_000;

/** What was found, as `npm run drift` reads it. */
export interface DriftReport {
	drifted: { kind: string; name: string; differences: readonly Difference[] }[];
	/** Sentences about recorded databases that are gone: what is left of each, and what becomes of it. */
	gone: string[];
	/** Sentences about live objects that the stage does not declare. */
	undeclared: string[];
	/** Those of them about endpoints of what it does declare. */
	undeclaredEndpoints: string[];
	/** What could not be compared, as this token may not see it. */
	unknown: string[];
	/** Sentences about the point-in-time recovery of databases: what there is, and no drift. */
	recovery: string[];
}

/** What there is on Aptible, read at once, beside what the stack has recorded. */
interface Seen {
	recorded: readonly RecordedCommand[];
	snapshot: Snapshot;
	values: Values;
	/** Of the databases that are gone, by their handles and the names of their Commands, what is left of each and what becomes of it. */
	losses: ReadonlyMap<string, string>;
	touched: Touched;
	/** Apps of CI that this run deploys. */
	releases: ReadonlySet<string>;
}

/** A look that has been taken. */
export class Look {
	/** When it was taken. */
	readonly time = new Date().toISOString().replace(/\.\d+/, "");
	readonly #seen: Seen;
	readonly #report: DriftReport;

	constructor(seen: Seen, { endpoints, others }: Undeclared, unknown: string[]) {
		this.#seen = seen;
		const gone = [...new Set(seen.losses.values())];
		const undeclared = [...others, ...endpoints];
		const recovery = tellRecovery(seen.snapshot.databases);
		this.#report = { drifted: [], gone, undeclared, undeclaredEndpoints: endpoints, unknown, recovery };
		writeReport(this.#report);
	}

	/** What the stack has recorded. */
	get recorded(): readonly RecordedCommand[] {
		return this.#seen.recorded;
	}

	/**
	 * How the object of a recorded Command differs from what its last run left.
	 *
	 * @param names of the Command, the present one first
	 */
	differences(kind: string, names: readonly string[], spec: unknown): readonly Difference[] {
		const before = this.#recorded(kind, names);
		if (before === undefined) return [];
		const drift = driftOf(this.#seen.snapshot, kind, spec, before, this.#seen.values);
		const differences = [...explainDrift(this.#seen, before, drift, spec), ...this.#ofLost(kind, spec)];
		if (differences.length > 0) {
			this.#report.drifted.push({ kind, name: names[0] ?? "", differences });
			writeReport(this.#report);
		}
		return differences;
	}

	/** What taking over an object changes about it that is there and was never recorded; undefined where there is none. */
	adoption(kind: string, names: readonly string[], spec: unknown): readonly Difference[] | undefined {
		if (
			["claims", "leftovers", "permissions", "database-restart"].includes(kind) ||
			this.#recorded(kind, names) !== undefined
		)
			return undefined;
		return differencesOf(this.#seen.snapshot, kind, spec, undefined, this.#seen.values);
	}

	/** Whether an object is declared as it was at the last update. */
	isDeclaredAsBefore(kind: string, names: readonly string[], spec: unknown): boolean {
		const recorded = this.#recorded(kind, names);
		return recorded !== undefined && JSON.stringify(recorded.spec) === JSON.stringify(spec);
	}

	/** What there is to say of an object beside its differences. */
	tell(kind: string, names: readonly string[], spec: unknown): Told | undefined {
		if (kind !== "app") return undefined;
		return tellApp(this.#seen, spec, this.#recorded(kind, names), pulumi.getStack());
	}

	/** What comes in the place of a database that is gone has another URL, which its apps need. */
	#ofLost(kind: string, spec: unknown): Difference[] {
		const isLost = (reference: string) => this.#seen.losses.has(readDatabaseReference(reference)?.database ?? "");
		const config = kind === "app" ? Object.entries((spec as AppSpec).config) : [];
		return config
			.filter(([, template]) => references(template).some(isLost))
			.map(([key]) => ({
				field: `config.${key}`,
				declared: "as in the stage file",
				live: "of a database that is gone",
			}));
	}

	/** Whether a recorded object is where it was. */
	isThere(kind: string, names: readonly (string | undefined)[]): boolean {
		return this.#recorded(kind, names) !== undefined && this.loss(kind, names) === undefined;
	}

	/** What is left of a recorded database that is gone. */
	loss(kind: string, names: readonly (string | undefined)[]): string | undefined {
		const command = kind === "database" ? this.#recorded(kind, names) : undefined;
		return command && this.#seen.losses.get(command.name);
	}

	#recorded(kind: string, names: readonly (string | undefined)[]): RecordedCommand | undefined {
		return this.#seen.recorded.find((command) => command.kind === kind && names.includes(command.name));
	}
}

/**
 * Takes the look, if there are credentials for it and anything to look at, and warns of live objects that the stage does not declare.
 * It may take a minute, and a second more for each app that is declared: an app is two requests and one for each of its endpoints that
 * has settings, of which eight are under way at a time. Aptible that does not answer is a warning, never a failed preview, unless the look is required. As this is where a run first needs
 * the `aptible` CLI, its version is checked here, once.
 *
 * @throws RunError where the CLI is too old for what the update would call, and where the update would be refused by what there is
 */
export async function takeLook(
	{ stage, secrets, releases }: LoadedStage,
	isRequired: boolean,
): Promise<Look | undefined> {
	const longestMs = leastMs + perAppMs * Object.keys(stage.apps).length;
	const signal = AbortSignal.timeout(longestMs);
	const context = new Context({ signal, patienceMs, requestsAtATime });
	const progress: Progress = { doing: "reading the state of the stack" };
	if (!isRequired && !(await context.api.hasToken())) return undefined;
	// Beside each other: where the CLI's version is not known yet, it is a process of about 0.8 s.
	const [version, seen, stack] = await Promise.allSettled([
		checkVersion(context.cli),
		plainValues(secrets, context).then((values) => see(context, { stage, releases }, values, progress)),
		findUnknownStack(context, stage),
	]);
	context.api.stopReading();
	if (version.status === "rejected") throw new pulumi.RunError(messageOf(version.reason));
	if (version.value !== undefined) await pulumi.log.warn(version.value);
	if (seen.status === "rejected") {
		const reason = signal.aborted
			? `the look was given up after ${longestMs / 1000} s, while ${progress.doing}${slowest(context)}`
			: context.redactor.mask(messageOf(seen.reason));
		const text = `whether Aptible is still as this stack left it is unknown: ${reason}`;
		if (isRequired) throw new pulumi.RunError(text);
		await pulumi.log.warn(text);
		return undefined;
	}
	// `npm run drift`: what a change of the file comes up against is the preview's to say, and no answer to whether there is drift.
	const isReport = isRequired && process.env[reportVariable] !== undefined;
	const refused = isReport ? [] : findIdleEndpoints(stage, seen.value?.recorded ?? [], seen.value?.snapshot);
	if (!isReport) {
		if (stack.status === "fulfilled") refused.push(...(stack.value === undefined ? [] : [stack.value]));
		// A run that finds no stack ends when the environment is made.
		else
			await pulumi.log.warn(
				`whether Aptible has the stack "${stage.environment.stack}" is unknown: ${context.redactor.mask(messageOf(stack.reason))}`,
			);
	}
	if (refused.length > 0) throw new pulumi.RunError(refused.join("\n"));
	if (seen.value === undefined) {
		writeReport({ drifted: [], gone: [], undeclared: [], undeclaredEndpoints: [], unknown: [], recovery: [] });
		return undefined;
	}
	const unknown = unseenIn(seen.value.snapshot, seen.value.recorded);
	if (unknown.length > 0 && isRequired && !isReport) throw new pulumi.RunError(unknown.join("\n"));
	const undeclared = undeclaredIn(seen.value.snapshot, stage, seen.value.recorded);
	for (const text of [...undeclared.others, ...undeclared.endpoints, ...unknown]) await pulumi.log.warn(text);
	return new Look(seen.value, undeclared, unknown);
}

function writeReport(report: DriftReport): void {
	const file = process.env[reportVariable];
	if (file !== undefined) writeFileSync(file, JSON.stringify(report));
}

function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

/** What a look is at, for the warning where it takes too long. */
interface Progress {
	doing: string;
}

/** Where the time goes that requests take. */
function slowest({ api }: Context): string {
	const { request, ms } = api.slowest ?? {};
	return request === undefined || ms === undefined
		? ""
		: `; its slowest request took ${(ms / 1000).toFixed(1)} s: ${request}`;
}

async function see(
	context: Context,
	{ stage, releases }: Pick<LoadedStage, "stage" | "releases">,
	values: Values,
	progress: Progress,
): Promise<Seen | undefined> {
	const recorded = await readRecorded();
	progress.doing = "reading the lists of its environment on Aptible";
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
			onProgress: (read, of) => {
				progress.doing = `reading apps on Aptible (${read} of ${of} were read)`;
			},
			scope: {
				permissions: recorded.some(({ kind }) => kind === "permissions"),
				app: ({ id, handle: live }) => ids.has(id) || Object.hasOwn(stage.apps, live),
				databaseEndpoints: ({ id, handle: live }) => ids.has(id) || Object.hasOwn(stage.databases, live),
				endpointDetails: (id) => facts === undefined || withDetails.has(id),
			},
		},
	);
	if (snapshot !== undefined) {
		progress.doing = "reading the states of other stacks";
		if (facts === undefined) await warnOfOtherStacks(snapshot.environment);
		const hosts = hostsOf(snapshot, stage, recorded);
		const known: Values = (reference) => hosts(reference) ?? values(reference);
		return {
			recorded,
			snapshot,
			values: known,
			losses: await findLosses(context, stage, recorded, snapshot),
			touched: await readTouched(context, recorded, snapshot, known),
			releases,
		};
	}
	if (facts === undefined) return undefined;
	throw new Error(
		`environment "${handle}" is not among those that this token sees. Log in as a user who sees it (\`aptible login\`), or, if it ` +
			"was deleted by hand, take its resources out of the state: `pulumi state delete URN`.",
	);
}

/** Whether port and certificate are among what is declared of an endpoint. */
function needsDetails(spec: unknown): boolean {
	const { kind, certificate, certificateFingerprint } = spec as Partial<EndpointSpec>;
	return kind === "grpc" || certificate !== undefined || certificateFingerprint !== undefined;
}
