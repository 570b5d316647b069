/** Variables in which a Command hands over a secret: of storage only what opens it, for names and addresses are none. */
export function isSecretVariable(name: string): boolean {
	return /^SECRETS_/.test(name) || /^STORAGE_.*_(sasToken|connectionString|accountKey)$/.test(name);
}

const shortest = 4;
/** Of a line of a secret, which may be any text. */
const shortestLine = 8;

/** What people keep among their secrets and what is none; to mask it would make every text unreadable. */
const words = new Set(
	`true false none null undefined default enabled disabled production staging development testing test prod debug info warn warning
	error trace localhost admin root user username aptible deploy postgres postgresql mysql redis mongodb rabbitmq`.split(
		/\s+/,
	),
);

const secretKey = /pass|pwd|secret|token|key|credential|auth|private|salt|dsn|signature|cert/i;

/** Replaces secret values in every text that leaves this process. */
export class Redactor {
	readonly #forms = new Set<string>();
	#pattern: RegExp | undefined;

	/** Remembers a secret value in every form in which a text may have it. */
	add(value: string): void {
		const whole = value.trim();
		if (isTooPlain(whole)) return;
		for (const form of formsOf(whole)) this.#forms.add(form);
		const lines = whole.split("\n").map((line) => line.trim());
		for (const line of lines.length > 1 ? lines : []) {
			if (line.length < shortestLine || line.startsWith("-----") || isTooPlain(line)) continue;
			for (const form of formsOf(line)) this.#forms.add(form);
		}
		this.#pattern = undefined;
	}

	/** Remembers a value that may be a URL, and the password or signature in it. */
	addUrl(url: string): void {
		this.add(url);
		for (const part of partsOf(url)) {
			this.add(part);
			this.add(decode(part));
		}
	}

	/** Remembers a value that was read on Aptible, unless its name and its looks say that it is no secret. */
	addFound(key: string, value: string): void {
		if (secretKey.test(key) || partsOf(value).length > 0 || looksSecret(value)) this.addUrl(value);
	}

	/** The text with every known secret value replaced by `[secret]`. */
	mask(text: string): string {
		if (this.#forms.size === 0) return text;
		// The longest first: a password inside a URL must not break the URL apart before it is found.
		this.#pattern ??= new RegExp(
			[...this.#forms]
				.sort((a, b) => b.length - a.length)
				.map(patternOf)
				.join("|"),
			"g",
		);
		return text.replace(this.#pattern, "[secret]");
	}
}

function isTooPlain(value: string): boolean {
	return value.length < shortest || words.has(value.toLowerCase()) || (value.length < 8 && /^[\d.:]+$/.test(value));
}

/** Letters alone are matched as a word: `deploy` is not in `deploying`. */
function patternOf(form: string): string {
	const escaped = form.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
	return /^[A-Za-z]+$/.test(form) && form.length < 12 ? `(?<![A-Za-z0-9])${escaped}(?![A-Za-z0-9])` : escaped;
}

function formsOf(value: string): string[] {
	const json = JSON.stringify(value).slice(1, -1);
	const base64 = base64Of(value);
	const encoded = encodeURIComponent(value);
	return [
		value,
		encoded,
		encoded.replaceAll("%20", "+"),
		json,
		JSON.stringify(json).slice(1, -1),
		...base64,
		...base64.map((form) => form.replaceAll("+", "-").replaceAll("/", "_")),
	].filter((form) => form.length >= shortest);
}

/** What the value looks like inside of any text in base64: the characters that it alone decides, for each place of its first byte. */
function base64Of(value: string): string[] {
	const bytes = Buffer.from(value);
	if (bytes.length < shortestLine) return [];
	return [0, 1, 2].map((before) => {
		const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
		return text.slice(Math.ceil((before * 4) / 3), Math.floor(((before + bytes.length) * 4) / 3));
	});
}

/** Password of a URL and signature of a token, as they stand in it. */
function partsOf(url: string): string[] {
	const userinfo = /^[a-z][\w+.-]*:\/\/[^:/@\s]*:(\S+)$/i.exec(url.trim())?.[1];
	const authority = userinfo?.split(/[?#]/)[0] ?? "";
	const passwords = [authority.indexOf("@"), authority.lastIndexOf("@")].map((end) =>
		authority.slice(0, Math.max(end, 0)),
	);
	const signature = /(?:^|[?&;])sig=([^&;\s]+)/i.exec(url)?.[1] ?? "";
	return [...passwords, signature].filter((part) => part !== "");
}

function decode(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

/** Long enough, and neither words, a number, nor an address without anything like a token in it. */
function looksSecret(value: string): boolean {
	if (value.length < 8 || /^[\d.,:+\s-]+$/.test(value)) return false;
	const isAddress = /^[a-z][\w+.-]*:\/\//i.test(value);
	if (isAddress && !/[?#]/.test(value))
		return value
			.split("/")
			.slice(3)
			.some((segment) => segment.length >= 16);
	return !/^[a-z]+(?:[-_./: ,;@][a-z]+)*$/i.test(value);
}
