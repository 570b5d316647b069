/** Keys of a stage file that stand under another namespace than ours: somebody else's, or ours misspelt. */
import { findNearestWord, measureEditDistance } from "./near-miss.ts";
import { blockNames } from "./stage.ts";

/** Everything that the program reads stands under it: the name of the project in `Pulumi.yaml`. */
export const namespace = "medstack-to-aptible";

/** No provider has a name that is as near to ours as this. */
const mostEdits = 3;

/** Judges all config of the stack as Pulumi hands it over; a message has the key and not its value. */
export function checkNamespaces(config: Readonly<Record<string, string>>): string[] {
	return Object.entries(config).flatMap(([key, text]) => {
		const name = key.split(":").at(-1) ?? "";
		const foreign = key.split(":")[0] ?? "";
		if (foreign === namespace) return [];
		if (measureEditDistance(foreign.toLowerCase(), namespace) <= mostEdits) {
			return [`${key}: is read by nobody; write ${namespace}:${name}`];
		}
		// A provider's own setting may be called like a block, and is a plain text; none of our blocks is.
		const near = /^[{[]/.test(text) ? findNearestWord(name, blockNames) : undefined;
		const meant = (near === "include") === text.startsWith("[") ? near : undefined;
		if (meant === undefined) return [];
		return [`${key}: is read by nobody, and what it holds would be deleted; write ${namespace}:${meant}`];
	});
}
