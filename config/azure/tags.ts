/** Tags of what is made in Azure (facts/azure.md §9). */
import { z } from "zod";
import { message, text } from "../fields.ts";
import { type Mistake, type Place, wrongName } from "../mistakes.ts";

/** Names and values of tags, as Azure has them. */
export const Tags = z.record(
	z.string(),
	text("the value of a tag", "up to 256 characters").max(256, { error: "is longer than 256 characters" }),
	{ error: message("a block of tags", "one name and value to a line") },
);
export type Tags = z.infer<typeof Tags>;

/** What Azure asks of tags where they are. */
export interface TagBounds {
	readonly most: number;
	readonly longestName: number;
	readonly pattern: RegExp;
	readonly allowed: string;
}

/** Of a storage account, its group and its workspace. */
export const storageTags: TagBounds = {
	most: 50,
	longestName: 128,
	// biome-ignore lint/suspicious/noControlCharactersInRegex: Azure refuses them.
	pattern: /^(?=.*\S)[^<>%&\\?/\x00-\x1f\x7f]+$/,
	allowed: "up to 128 characters, none of < > % & \\ ? / and no control character",
};

/** Of a zone in Azure DNS. */
export const zoneTags: TagBounds = {
	most: 15,
	longestName: 128,
	pattern: /^[A-Za-z_][\w.-]*$/,
	allowed: "up to 128 letters, digits and . _ -, no digit first, as Azure DNS takes them",
};

/** Judges the names of tags; Azure sees no capitals in them. */
export function checkTags(
	at: Place,
	tags: Readonly<Record<string, unknown>> | undefined,
	{ most, longestName, pattern, allowed }: TagBounds,
): Mistake[] {
	const names = Object.keys(tags ?? {});
	const mistakes = names.flatMap((name, index): Mistake[] => {
		const place = [...at, name];
		if (/^(?:microsoft|azure|windows)/i.test(name)) {
			return [wrongName(place, "begins with a word that Azure keeps for itself: microsoft, azure, windows")];
		}
		if (name.length > longestName || !pattern.test(name)) {
			return [wrongName(place, `is not the name of a tag; allowed: ${allowed}`)];
		}
		const twin = names.slice(0, index).find((other) => other.toLowerCase() === name.toLowerCase());
		return twin === undefined ? [] : [wrongName(place, `is "${twin}" to Azure, which sees no capitals; remove one`)];
	});
	if (names.length <= most) return mistakes;
	return [...mistakes, { place: at, says: `has ${names.length} tags; allowed: at most ${most}`, about: "nothing" }];
}
