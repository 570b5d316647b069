/** Takes secrets out of whatever is printed. */

const MASK = "[secret]";
/** Of a shorter one, every text would be full. */
const SHORTEST = 4;

/** The secrets of a process, in every form in which a text may have them. */
export class Mask {
	readonly #forms = new Set<string>();
	#pattern: RegExp | undefined;

	add(secret: string): void {
		for (const value of new Set([secret, ...secret.split(/\r?\n/)])) {
			if (value.length < SHORTEST || value.startsWith("-----")) continue;
			for (const form of formsOf(value)) if (form.length >= SHORTEST) this.#forms.add(form);
		}
		this.#pattern = undefined;
	}

	/** Adds a URL and the password in it. */
	addUrl(url: string): void {
		this.add(url);
		if (!URL.canParse(url)) return;
		const { password } = new URL(url);
		if (password === "") return;
		this.add(password);
		this.add(decoded(password));
	}

	/** A text with `[secret]` in place of each secret. */
	apply(text: string): string {
		if (this.#forms.size === 0) return text;
		// The longest first: of a URL its password alone would be left out.
		this.#pattern ??= new RegExp(
			[...this.#forms]
				.sort((one, other) => other.length - one.length)
				.map((form) => form.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"))
				.join("|"),
			"g",
		);
		return text.replaceAll(this.#pattern, MASK);
	}
}

function formsOf(value: string): string[] {
	const encoded = encodeURIComponent(value);
	const json = JSON.stringify(value).slice(1, -1);
	const base64 = base64Of(value);
	return [
		value,
		encoded,
		encoded.replaceAll("%20", "+"),
		encoded.replaceAll(/%[0-9A-F]{2}/g, (byte) => byte.toLowerCase()),
		json,
		JSON.stringify(json).slice(1, -1),
		...base64,
		...base64.map((form) => form.replaceAll("+", "-").replaceAll("/", "_")),
	];
}

/** The characters that a value alone decides where it stands anywhere in a text in base64: for each place of its first byte. */
function base64Of(value: string): string[] {
	const bytes = Buffer.from(value);
	if (bytes.length < 8) return [];
	return [0, 1, 2].map((before) => {
		const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
		return text.slice(Math.ceil((before * 4) / 3), Math.floor(((before + bytes.length) * 4) / 3));
	});
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}
