/** From what a stage file says to a `Stage`, or to the full list of its mistakes. Pure: no Pulumi, no file, no clock. */

import { resolveDns } from "./azure/dns.ts";
import { resolveStorage } from "./azure/storage.ts";
import { checkCertificates } from "./certificate-rules.ts";
import { judgeSchema } from "./draft.ts";
import { fillAddresses } from "./endpoint-references.ts";
import { mapValues } from "./map-values.ts";
import { type Mistake, type Place, valueAt } from "./mistakes.ts";
import { applyMove } from "./move-phases.ts";
import { checkReferences } from "./references.ts";
import { checkRules } from "./rules.ts";
import { type Stage, StageFile } from "./stage.ts";
import { isSecretPlace, isSecretReference } from "./templates.ts";
import { checkFilledTexts, checkOptionValues, checkTexts } from "./text-rules.ts";
import { mergeVariables } from "./variables.ts";

/** The mistakes of a stage file, one line each: file, place, bad value, what is allowed, what to do. */
export class StageError extends Error {
	override name = "StageError";
	readonly problems: readonly string[];

	constructor(problems: readonly string[]) {
		const count = problems.length === 1 ? "1 mistake" : `${problems.length} mistakes`;
		super([`the stage file has ${count}:`, ...problems].join("\n"));
		this.problems = problems;
	}
}

/** Where a raw stage comes from. */
export interface StageContext {
	/** Name of the file, for messages: `Pulumi.staging.yaml`. */
	file: string;
	/**
	 * The other file in which a place stands.
	 *
	 * @default - everything stands in the one file
	 */
	fileOf?: (place: Place) => string | undefined;
	/**
	 * Top-level keys (`secrets`) that hold an encrypted value. Nothing encrypted is ever printed.
	 *
	 * @default - whether secrets are encrypted is not checked
	 */
	secretKeys?: ReadonlySet<string>;
	/**
	 * The time at which certificates have to be valid.
	 *
	 * @default - certificates are not looked into
	 */
	now?: Date;
	/**
	 * What is wrong in the file beside the stage: keys that are no part of it.
	 *
	 * @default nothing
	 */
	beside?: readonly string[];
}

/** `["apps", "a.b", "ipFilter", 0]` as it would be typed: `apps["a.b"].ipFilter[0]`. */
function renderPlace(place: Place): string {
	return place
		.map((key, index) => {
			if (typeof key === "number") return `[${key}]`;
			if (!/^[\w-]+$/.test(key)) return `[${JSON.stringify(key)}]`;
			return index === 0 ? key : `.${key}`;
		})
		.join("");
}

const longestShown = 60;

function renderValue(value: unknown): string {
	if (Array.isArray(value)) return "this list";
	if (typeof value === "object") return "this block";
	const text = JSON.stringify(value);
	return text.length > longestShown ? `${text.slice(0, longestShown)}..."` : text;
}

function renderSubject({ place, about }: Mistake, raw: unknown): string {
	if (about === "nothing") return "";
	if (about === "name") return `${JSON.stringify(place.at(-1))} `;
	const value = valueAt(raw, place);
	// A reference is no secret, but what stands in its place may be one.
	const isHidden = isSecretPlace(place) && !isSecretReference(value);
	return isHidden ? "its value " : `${renderValue(value)} `;
}

function renderMistake(mistake: Mistake, raw: unknown): string {
	return `${renderPlace(mistake.place) || "the stage"}: ${renderSubject(mistake, raw)}${mistake.says}`;
}

const encryptedElsewhere =
	"holds an encrypted value, which would be in the open from here on; set it with pulumi config set --secret --path 'medstack-to-aptible:secrets.NAME' and write ${secrets.NAME} in its place";

/** Secrets that stand in the file as plain text. */
function checkEncryption(raw: unknown, secretKeys: ReadonlySet<string> | undefined): Mistake[] {
	const secrets = valueAt(raw, ["secrets"]);
	if (secretKeys === undefined || secretKeys.has("secrets") || typeof secrets !== "object" || secrets === null)
		return [];
	return Object.keys(secrets).map((name) => ({
		place: ["secrets", name],
		says: `is in plain text; remove it from the file and run: pulumi config set --secret --path 'medstack-to-aptible:secrets.${name}'`,
		about: "nothing",
	}));
}

/**
 * Reads a stage: everything under `medstack-to-aptible:` in the file, values decrypted.
 *
 * @throws StageError that lists every mistake in it.
 */
export function parseStage(raw: unknown, context: StageContext): Stage {
	const parsed = StageFile.safeParse(raw);
	const encrypted = new Set([...(context.secretKeys ?? [])].filter((key) => key !== "secrets"));
	const texts = checkTexts(raw, encrypted);
	const { mistakes, draft } = judgeSchema(raw, parsed.error?.issues ?? [], encrypted, texts);
	for (const key of encrypted) mistakes.push({ place: [key], says: encryptedElsewhere, about: "nothing" });
	mistakes.push(
		...checkRules(draft),
		...checkReferences(draft),
		...checkFilledTexts(draft),
		...checkOptionValues(draft),
	);
	mistakes.push(...checkEncryption(raw, context.secretKeys));
	if (context.now !== undefined) mistakes.push(...checkCertificates(draft, context.now));
	const { file, fileOf, beside = [] } = context;
	if (!parsed.success || beside.length + mistakes.length > 0) {
		throw new StageError([
			...beside.map((problem) => `${file}: ${problem}`),
			...mistakes.map((mistake) => `${fileOf?.(mistake.place) ?? file}: ${renderMistake(mistake, raw)}`),
		]);
	}
	const { environment, databases, shared, logDrains, metricDrains, storage, dns, move } = parsed.data;
	const guard = <T extends { protect?: boolean | undefined }>(one: T) => ({
		...one,
		protect: one.protect ?? environment.phi,
	});
	const guardAll = <T extends { protect?: boolean | undefined }>(named: Record<string, T>) =>
		Object.fromEntries(Object.entries(named).map(([name, one]) => [name, guard(one)]));
	const apps = mapValues(parsed.data.apps, ({ configFrom, ...app }) => ({
		...app,
		config: mergeVariables({ config: app.config, configFrom }, shared),
	}));
	return applyMove({
		environment: guard(environment),
		databases: mapValues(guardAll(databases), (database) => ({
			...database,
			finalBackup: database.finalBackup ?? (environment.phi && database.replicaOf === undefined),
			endpoints: guardAll(database.endpoints),
		})),
		apps: fillAddresses(mapValues(guardAll(apps), (app) => ({ ...app, endpoints: guardAll(app.endpoints) }))),
		logDrains,
		metricDrains,
		...(storage === undefined ? {} : { storage: resolveStorage(storage, environment.phi) }),
		...(dns === undefined ? {} : { dns: resolveDns(dns) }),
		...(move === undefined ? {} : { move }),
	});
}
