import type { PropertyMap } from "../plugins/property-value.ts";
import { ArmError } from "./arm-error.ts";
import { mapIn } from "./arm-values.ts";
import type { ArmStore } from "./store.ts";

/**
 * What Azure Resource Manager and Azure Policy make of tags (Azure docs: tag resources, Azure Policy effects). Policies are two settings
 * of the store: `demanded_tags`, names without which a request is denied, and `added_tags`, JSON of what each request gets that has none
 * of the name (effects deny, and append or modify).
 */

/** Types that have tags, each with how many. */
const MOST_TAGS: Readonly<Record<string, number>> = {
	"azure-native:resources:ResourceGroup": 50,
	"azure-native:storage:StorageAccount": 50,
	"azure-native:operationalinsights:Workspace": 50,
	"azure-native:dns:Zone": 15,
};

/** Refuses tags that Azure refuses, or the lack of those that a policy demands. */
export function tagRules(token: string, id: string, inputs: PropertyMap, store: ArmStore): void {
	const most = MOST_TAGS[token];
	if (most === undefined) return;
	const tags = Object.entries(mapIn(inputs, "tags"));
	const names = tags.map(([name]) => name.toLowerCase());
	const demanded =
		store
			.setting("demanded_tags")
			?.split(" ")
			.filter((name) => name !== "") ?? [];
	const missing = demanded.filter((name) => !names.includes(name.toLowerCase()));
	if (missing.length > 0) {
		const message = `Resource '${id}' was disallowed by policy. Policy: 'Require the tag ${missing.join(", ")}'.`;
		throw new ArmError(403, "RequestDisallowedByPolicy", message);
	}
	if (tags.length > most)
		throw new ArmError(400, "TooManyTags", `The resource has ${tags.length} tags, and ${most} are allowed.`);
	if (new Set(names).size !== names.length) throw new ArmError(400, "DuplicateTagName", "Two tags have one name.");
	const isZone = token === "azure-native:dns:Zone";
	for (const [name, value] of tags) {
		if (name.trim() === "") throw new ArmError(400, "InvalidTagName", "The tag name is empty.");
		// biome-ignore lint/suspicious/noControlCharactersInRegex: Azure refuses them.
		if (/[\x00-\x1f\x7f]/.test(name)) {
			const message = `The tag names '${name}' have reserved characters '<,>,%,&,\\,?,/' or control characters.`;
			throw new ArmError(400, "InvalidTagNameCharacters", message);
		}
		const isName = name.length <= 128 && (isZone ? /^[a-z_][\w.-]*$/i : /^[^<>%&\\?/]+$/).test(name);
		if (isName && typeof value === "string" && value.length <= 256 && !/^(?:azure|microsoft|windows)/i.test(name))
			continue;
		throw new ArmError(400, "InvalidTag", `The tag '${name}' is not valid.`);
	}
}

/** What a resource has beside what was asked for, as a policy adds it to each request. */
export function addPolicyTags(token: string, inputs: PropertyMap, store: ArmStore): PropertyMap {
	const text = store.setting("added_tags");
	if (MOST_TAGS[token] === undefined || text === undefined || text === "") return {};
	return { tags: { ...JSON.parse(text), ...mapIn(inputs, "tags") } };
}
