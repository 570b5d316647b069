/** An import from Compose: `npm run import -- compose FILE...`. */
import { lookUp } from "../wire/own.ts";
import { type ComposeInput, loadCompose } from "./compose/load.ts";
import { readServices } from "./compose/services.ts";
import { type Source, say, sayDeep, sayOpen } from "./compose/source.ts";
import { topKeys } from "./key-outcomes.ts";
import { toHandle } from "./roles.ts";
import { type ImportedStage, makeStage, type StageOptions } from "./stage.ts";

/** What an import has made of its input. */
export interface Imported extends ImportedStage {
	/** Every key of the input. */
	keys: readonly Source[];
}

/** @param handle of the environment; that of the project where it is not given */
export function importCompose(
	input: ComposeInput,
	options: Omit<StageOptions, "handle"> & { handle: string | undefined },
): Imported {
	const project = loadCompose(input);
	const { services, inactive } = readServices(project);
	const handle = options.handle ?? toHandle(project.name);
	const stage = makeStage(services, { ...options, handle }, inactive);
	for (const [key, field] of project.others) {
		const rule = lookUp(topKeys, key);
		if (key === "name")
			say(
				field,
				"mapped",
				options.handle === undefined ? "handle of the environment" : "the environment has another handle",
			);
		else if (rule !== undefined) sayDeep(field, ...rule);
		else if (key.startsWith("x-"))
			say(field, "dropped", "an extension, which Compose ignores; what services take of it counts where it stands");
		else if (key !== "include")
			sayDeep(field, "decide", "is no key of Compose's that this import knows; look whether it is misspelt");
	}
	sayOpen(project.keys);
	for (const key of project.keys) {
		if (key.path === "services" && key.outcome === undefined) key.say("mapped", "apps and databases of the stage");
		if (key.outcome === undefined) key.say("decide", "nothing was made of it; look whether the app needs it");
	}
	return { ...stage, keys: project.keys };
}
