import { FoundSecrets } from "../stage-file/secrets.ts";

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
