/** Names for the secrets that a stage file refers to. */

/** A secret that a stage file refers to. */
export interface FoundSecret {
	value: string;
	/** Where it was found first, for people: `app "portal", config SESSION_KEY`. */
	place: string;
}

/** Secrets by name. The same value has one name, wherever it is found. */
export class FoundSecrets {
	readonly #byName = new Map<string, FoundSecret>();
	readonly #names = new Map<string, string>();
	/** The number that was tried last for a name that is taken. */
	readonly #turns = new Map<string, number>();

	/** The reference to write in the place of a value. */
	refer(name: string, value: string, place: string): string {
		const known = this.#names.get(value);
		if (known !== undefined) return `\${secrets.${known}}`;
		const free = this.#freeName(secretName(name));
		this.#byName.set(free, { value, place });
		this.#names.set(value, free);
		return `\${secrets.${free}}`;
	}

	/** In the order in which they were found. */
	entries(): [string, FoundSecret][] {
		return [...this.#byName];
	}

	#freeName(name: string): string {
		for (let turn = this.#turns.get(name) ?? 1; ; turn += 1) {
			const candidate = turn === 1 ? name : `${name}${turn}`;
			this.#turns.set(name, turn);
			if (!this.#byName.has(candidate)) return candidate;
		}
	}
}

/** `portal SESSION_KEY` as `portalSessionKey`: letters and digits, a lower-case letter first (`config/names.ts`). */
function secretName(name: string): string {
	const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
	const camel = words
		.map((word) => (/^[A-Z0-9]+$/.test(word) ? word.toLowerCase() : word))
		.map((word, index) => (index === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1)))
		.join("");
	const lower = camel.charAt(0).toLowerCase() + camel.slice(1);
	return /^[a-z]/.test(lower) ? lower : `secret${lower}`;
}
