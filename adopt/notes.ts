import { FoundSecrets } from "./secrets.ts";

/** What a stage file is made of, as plain values. */
export type Block = Record<string, unknown>;

/** What comes out of an adoption beside the blocks. */
export class Notes {
	readonly secrets = new FoundSecrets();
	readonly #lines: string[] = [];

	/** Says what of a live object a stage file cannot say, or does not. */
	add(label: string, says: string): void {
		this.#lines.push(`${label}: ${says}`);
	}

	/** In the order in which they were added. */
	lines(): readonly string[] {
		return this.#lines;
	}
}

/** A block without what is not there, or is what the stage file has by default. */
export function lean(block: Block, defaults: Block = {}): Block {
	return Object.fromEntries(
		Object.entries(block).filter(([key, value]) => {
			const isEmpty = value === undefined || value === null || (Array.isArray(value) && value.length === 0);
			return !isEmpty && value !== defaults[key];
		}),
	);
}
