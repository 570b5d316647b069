/** What docs/configuration/ and editors say of each key of a stage file. */
import { z } from "zod";

/** What is said of a key beside what its schema shows by itself: type, bounds, words, default. */
export interface KeyDoc {
	/** What it is, in a few words; Markdown without links, as editors show it too. */
	readonly description: string;
	/** What a change of it does to an object that exists. Only a block has none: its keys say it. */
	readonly inPlace?: string;
	/**
	 * What may be written.
	 *
	 * @default - what the schema says, or the loader's message where the key is missing
	 */
	readonly allowed?: string;
	/**
	 * What applies where the key is left out.
	 *
	 * @default - the schema's default, else none
	 */
	readonly otherwise?: string;
}

/**
 * Filled by `.register(keyDocs, ...)` on the schema of each key, which adds an entry to a WeakMap and returns that schema. Zod's
 * `.meta()` makes a second schema of each, and a preview would pay for it. For a JSON schema with these descriptions:
 * `z.toJSONSchema(StageFile, { metadata: keyDocs, io: "input" })`.
 */
export const keyDocs = z.registry<KeyDoc>();
