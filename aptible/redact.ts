/** Replaces secret values in every text that leaves this process. */
export class Redactor {
	readonly #values = new Set<string>();

	/** Remembers a secret value. Very short ones are left out: masking them would make every text unreadable. */
	add(value: string): void {
		if (value.length < 4) return;
		this.#values.add(value);
		this.#values.add(encodeURIComponent(value));
	}

	/** Remembers a connection URL and the password in it. */
	addUrl(url: string): void {
		this.add(url);
		const password = /^[^:]+:\/\/[^:/@]*:([^@]+)@/.exec(url)?.[1];
		if (password !== undefined) this.add(password);
	}

	/** The text with every known secret value replaced by `[secret]`. */
	mask(text: string): string {
		// The longest first: a password inside a URL must not break the URL apart before it is found.
		const values = [...this.#values].sort((a, b) => b.length - a.length);
		return values.reduce((masked, value) => masked.replaceAll(value, "[secret]"), text);
	}
}
