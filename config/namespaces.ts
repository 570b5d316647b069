/** Keys of a stage file that stand under another namespace than ours: somebody else's, or ours misspelt. */
import { editDistance, nearestWord } from "./near-miss.ts";
import { blockNames } from "./stage.ts";

/** Everything that the program reads stands under it: the name of the project in `Pulumi.yaml`. */
export const namespace = "medstack-to-aptible";

/** No provider has a name that is as near to ours as this. */
const mostEdits = 3;

/** Settings of providers that are called like a block of ours (Azure's: the cloud that it is; always a text). */
const providersKeys = ["azure-native:environment", "azure:environment", "azuread:environment"];

/** Judges all config of the stack as Pulumi hands it over; a message has the key and not its value. */
export function checkNamespaces(config: Readonly<Record<string, string>>): string[] {
	return Object.entries(config).flatMap(([key, text]) => {
		const name = key.split(":").at(-1) ?? "";
		const foreign = key.split(":")[0] ?? "";
		if (foreign === namespace) return [];
		if (editDistance(foreign.toLowerCase(), namespace) <= mostEdits) {
			return [`${key}: is read by nobody; write ${namespace}:${name}`];
		}
		const isBlock = text.startsWith("{");
		if (!isBlock && providersKeys.includes(key)) return [];
		const meant = isBlock ? nearestWord(name, blockNames) : blockNames.find((block) => block === name);
		if (meant === undefined) return [];
		return [`${key}: is read by nobody, and what it holds would be deleted; write ${namespace}:${meant}`];
	});
}
