/** Tags and lifecycle rules of the stage file beside those that others set, told apart by what the last run recorded. */
import type { Tags } from "../../config/azure/tags.ts";
import { type RecordedResource, readRecordedAzure, readRecordedOutputs } from "../../drift/recorded.ts";

/** What the state says before a run. */
export interface OwnNames {
	/** Azure's resources in it. */
	recorded: readonly RecordedResource[];
	/** Names of tags that the stage file had, as the last run recorded them. */
	tags: readonly string[];
	/** Names of lifecycle rules that it had. */
	rules: readonly string[];
}

/** Of a stage that names none, which needs no look. */
export const noNames: OwnNames = { recorded: [], tags: [], rules: [] };

/**
 * Reads them, before anything is registered.
 *
 * @param component type of the components that record them (`ObjectStorage`)
 */
export async function readOwnNames(component: string): Promise<OwnNames> {
	const [recorded, outputs] = await Promise.all([
		readRecordedAzure("tags and lifecycle rules", "those of others could be taken for the stage file's"),
		readRecordedOutputs(`medstack-to-aptible:index:${component}`),
	]);
	const namesOf = (key: string) => outputs.flatMap((one) => textsOf(one[key]));
	return { recorded, tags: namesOf("tags"), rules: namesOf("lifecycleRules") };
}

function textsOf(value: unknown): string[] {
	return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

/** What a resource with tags is. */
interface Tagged {
	/** As Pulumi names it, without its package. */
	type: string;
	name: string;
	/** Tags of one that is taken over in this run. */
	live?: Readonly<Record<string, string>> | undefined;
}

/**
 * Tags as a request has them: the file's, and those of others that the state knows, as Azure takes off what a request does not name. A
 * tag that Azure Policy adds to each request needs no place in it.
 *
 * @returns no argument where the file has no tags
 */
export function toTagArgs(
	tags: Tags | undefined,
	{ type, name, live }: Tagged,
	before: OwnNames,
): { tags?: Record<string, string> } {
	if (tags === undefined) return {};
	const recorded = before.recorded.find((one) => one.type === `azure-native:${type}` && one.name === name);
	const ours = new Set([...Object.keys(tags), ...before.tags].map((key) => key.toLowerCase()));
	const others = Object.entries(recorded?.tags ?? live ?? {}).filter(([key]) => !ours.has(key.toLowerCase()));
	return { tags: { ...Object.fromEntries(others), ...tags } };
}

/** Properties that are kept, without the one that the stage file sets. */
export function keepAllBut(kept: readonly string[], key: string, value: unknown): string[] {
	return value === undefined ? [...kept] : kept.filter((one) => one !== key);
}

/**
 * What a component records for the next run; nothing where the file names nothing. What is only imported is not the file's yet, so that
 * there the record stays what it was.
 */
export function toRecord(
	{ tags, rules }: { tags?: Tags | undefined; rules?: Readonly<Record<string, unknown>> | undefined },
	before: OwnNames,
	isImported: boolean,
): Record<string, string[]> {
	const own = (names: readonly string[], block: Readonly<Record<string, unknown>> | undefined) =>
		isImported ? [...names] : Object.keys(block ?? {});
	const [ownTags, ownRules] = [own(before.tags, tags), own(before.rules, rules)];
	return {
		...(ownTags.length === 0 ? {} : { tags: ownTags }),
		...(ownRules.length === 0 ? {} : { lifecycleRules: ownRules }),
	};
}
