/** What happens to blobs with time (facts/azure.md §2: versions would add up for ever). */
import { z } from "zod";
import { block, message, named, text, whole } from "../fields.ts";
import { keyDocs } from "../key-docs.ts";
import { type Mistake, type Place, wrongName, wrongValue } from "../mistakes.ts";
import { findNearestWord, suggest } from "../near-miss.ts";
import type { Redundancy } from "./storage-catalogue.ts";

/** Name of the rule for the whole account, which is the program's. */
export const ageRuleName = "age";

/** Rules of an account, and prefixes of a rule (Azure docs: lifecycle management). */
const mostRules = 100;
const mostPrefixes = 10;

const unchanged = () => whole("days without a change", 1, 36500).optional();

const tiers = {
	coolAfterDays: unchanged().register(keyDocs, {
		description: "days without a change after which a blob goes to the cool tier",
		inPlace: "yes",
		otherwise: "never",
	}),
	coldAfterDays: unchanged().register(keyDocs, {
		description: "days without a change after which a blob goes to the cold tier",
		inPlace: "yes",
		allowed: "1 to 36500, more than `coolAfterDays`",
		otherwise: "never",
	}),
};

/** A rule for the blobs whose names begin in one of a few ways. */
export const LifecycleRule = block("a lifecycle rule", {
	prefixes: z
		.array(text("a prefix", "CONTAINER/BEGINNING, such as documents/exports/"), {
			error: message("a list", "prefixes, such as [documents/exports/]"),
		})
		.register(keyDocs, {
			description:
				"how the blobs' names begin: a container of this block, a slash, and the beginning of the name in it",
			inPlace: "yes",
			allowed: `list of at most ${mostPrefixes}, such as \`documents/exports/\``,
		}),
	...tiers,
	archiveAfterDays: unchanged().register(keyDocs, {
		description: "days without a change after which a blob goes to the archive tier, from which it is read hours later",
		inPlace: "yes",
		allowed: "1 to 36500, more than `coldAfterDays`; not with a redundancy that has zones",
		otherwise: "never",
	}),
	deleteAfterDays: unchanged().register(keyDocs, {
		description: "days without a change after which a blob is deleted; soft delete keeps it from then on",
		inPlace: "yes",
		allowed: "1 to 36500, more than the days of the tiers",
		otherwise: "never",
	}),
	deleteVersionsAfterDays: whole("days that old versions are kept", 1, 36500).optional().register(keyDocs, {
		description: "days after which old versions and snapshots of these blobs are deleted",
		inPlace: "yes",
		allowed: "1 to 36500, more than `restoreDays`",
		otherwise: "as `lifecycle.deleteVersionsAfterDays`",
	}),
});
export type LifecycleRule = z.infer<typeof LifecycleRule>;

/** For all blobs, and by prefix. */
export const StorageLifecycle = block("the lifecycle of blobs", {
	deleteVersionsAfterDays: whole("days that old versions are kept", 1, 36500).default(365).register(keyDocs, {
		description: "days after which old versions and snapshots are deleted",
		inPlace: "yes",
		allowed: "1 to 36500, more than `restoreDays`",
	}),
	...tiers,
	rules: named("rules", LifecycleRule).optional().register(keyDocs, {
		description: "rules for blobs by the beginning of their names, each with a name of your choice",
	}),
});

interface Days {
	coolAfterDays?: number | undefined;
	coldAfterDays?: number | undefined;
	archiveAfterDays?: number | undefined;
	deleteAfterDays?: number | undefined;
	deleteVersionsAfterDays?: number | undefined;
}
interface RuleDraft extends Days {
	prefixes?: readonly (string | undefined)[] | undefined;
}

/** What is judged here of the storage of a stage. */
interface LifecycleDraft {
	restoreDays?: number | undefined;
	redundancy?: Redundancy | undefined;
	lifecycle?: (Days & { rules?: Readonly<Record<string, RuleDraft | undefined>> | undefined }) | undefined;
	containers?: Readonly<Record<string, { name?: string | undefined } | undefined>> | undefined;
}

const steps = ["coolAfterDays", "coldAfterDays", "archiveAfterDays", "deleteAfterDays"] as const;

/** Judges the lifecycle of a stage's blobs. */
export function checkLifecycle(storage: LifecycleDraft): Mistake[] {
	const { lifecycle, restoreDays = 7 } = storage;
	const at: Place = ["storage", "lifecycle"];
	const rules = Object.entries(lifecycle?.rules ?? {});
	const mistakes = [
		...checkVersions([...at, "deleteVersionsAfterDays"], lifecycle?.deleteVersionsAfterDays ?? 365, restoreDays),
		...checkOrder(at, lifecycle ?? {}),
		...rules.flatMap(([name, rule]) =>
			rule === undefined ? [] : checkRule([...at, "rules", name], name, rule, storage, restoreDays),
		),
	];
	if (rules.length < mostRules) return mistakes;
	const says = `has ${rules.length} rules; allowed: at most ${mostRules - 1}, beside the one that is always there`;
	return [...mistakes, { place: [...at, "rules"], says, about: "nothing" }];
}

function checkVersions(place: Place, days: number | undefined, restoreDays: number): Mistake[] {
	if (days === undefined || days > restoreDays) return [];
	const says = `deletes versions that a restore of ${restoreDays} days needs; allowed: ${restoreDays + 1} or more`;
	return [wrongValue(place, says)];
}

/** Each step comes later than the ones before. */
function checkOrder(at: Place, days: Days): Mistake[] {
	const given = steps.flatMap((step) => {
		const after = days[step];
		return after === undefined ? [] : [{ step, after }];
	});
	return given.flatMap(({ step, after }, index): Mistake[] => {
		const before = given[index - 1];
		if (before === undefined || after > before.after) return [];
		const says = `is not after ${before.step}, which is ${before.after}; allowed: ${before.after + 1} or more`;
		return [wrongValue([...at, step], says)];
	});
}

function checkRule(
	at: Place,
	name: string,
	rule: RuleDraft,
	{ redundancy, containers }: LifecycleDraft,
	restoreDays: number,
): Mistake[] {
	const mistakes: Mistake[] = [];
	if (name === ageRuleName) {
		mistakes.push(wrongName(at, "is the name of the rule for the whole account; give this one another"));
	} else if (!/^[A-Za-z0-9-]{1,256}$/.test(name)) {
		mistakes.push(wrongName(at, "is not the name of a rule; allowed: up to 256 letters, digits and hyphens"));
	}
	if ([...steps, "deleteVersionsAfterDays" as const].every((step) => !(step in rule))) {
		mistakes.push({ place: at, says: "does nothing; give deleteAfterDays or another of its days", about: "name" });
	}
	if (rule.archiveAfterDays !== undefined && redundancy?.includes("ZRS") === true) {
		const says = `is not possible with redundancy: ${redundancy}, as Azure archives nothing that is spread over zones; remove the line`;
		mistakes.push(wrongValue([...at, "archiveAfterDays"], says));
	}
	return [
		...mistakes,
		...checkOrder(at, rule),
		...checkVersions([...at, "deleteVersionsAfterDays"], rule.deleteVersionsAfterDays, restoreDays),
		...checkPrefixes([...at, "prefixes"], rule.prefixes, containers),
	];
}

/** A prefix that begins with no container would fit nothing, and nobody would hear of it. */
function checkPrefixes(
	at: Place,
	prefixes: RuleDraft["prefixes"],
	containers: LifecycleDraft["containers"],
): Mistake[] {
	if (prefixes === undefined) return [];
	if (prefixes.length === 0 || prefixes.length > mostPrefixes) {
		return [{ place: at, says: `has ${prefixes.length} prefixes; allowed: 1 to ${mostPrefixes}`, about: "nothing" }];
	}
	const names = Object.values(containers ?? {}).flatMap((container) =>
		container?.name === undefined ? [] : [container.name],
	);
	return prefixes.flatMap((prefix, index): Mistake[] => {
		const [container = ""] = (prefix ?? "").split("/");
		if (prefix === undefined) return [];
		if (prefix === container && names.includes(container)) {
			const says = `fits every container whose name begins so, such as ${container}-2; end the container's name with a slash`;
			return [wrongValue([...at, index], says + suggest(`${container}/`))];
		}
		if (prefixes.indexOf(prefix) < index) return [wrongValue([...at, index], "stands twice; remove one")];
		if (names.includes(container)) return [];
		const near = findNearestWord(container, names);
		const meant = near === undefined ? "" : suggest(near + prefix.slice(container.length));
		const says = `does not begin with a container of this stage; allowed: ${names.join(", ")}, a slash, and how the names begin${meant}`;
		return [wrongValue([...at, index], says)];
	});
}
