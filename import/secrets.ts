/** Whether a value looks like a secret. Whatever may be one is: a value that is asked for once too often does no harm. */
import type { Service } from "./service.ts";

/** Names that say it themselves. */
const secretName =
	/pass(word|wd|phrase|code)?(?![a-z])|passw|pwd|(^|_)pw(_|$)|secret|token|bearer|erlang_?cookie|private|credential|salt|dsn|otp|api_?key|access_?key|[a-z]key$|(^|_)key$|_key_|_pin$|^pin$/i;
/** Names that may say it. */
const perhapsName = /auth|cert|hash|seed|cred|signature|license|encrypt|session|jwt/i;

const word = /^(true|false|yes|no|on|off|none|null|enabled?|disabled?)$/i;
const language = /^[a-z]{2}(_[A-Z]{2})?(\.utf-?8)?$/i;
const number = /^-?\d{1,6}(\.\d+)?[a-z]{0,2}$/i;
/** A path, an address without credentials, a host, a duration, a class: text that is none. */
const open =
	/^(\/[\w./-]*|\.{1,2}\/[\w./-]*|https?:\/\/[^@\s?]+|[a-z][\w.-]*\.(com|org|net|ca|io|example|local|internal)(:\d+)?|[a-z]+([_ -][a-z]+)*)$/i;

/** Texts that are secrets whatever they are called: keys in PEM, tokens of known services, JSON web tokens, headers. */
const secretText =
	/-----BEGIN|^(sk|pk|rk)_(live|test)_|^gh[pousr]_|^xox[abprs]-|^AKIA[0-9A-Z]{16}|^AIza[\w-]{30}|^SG\.[\w-]{10}|^eyJ[\w-]+\.|^\$2[aby]\$|(^|[:\s])([Bb]earer\s+\S{6,}|[Bb]asic\s+(?=\S*[\d=])[\w+/=]{8,})/;
/** A name with its value in a longer text, as options, URLs, JSON, YAML and connection strings have them. */
const namedPart = /(?<![\w.-])-{0,2}([A-Za-z_][\w.-]{0,80})["']?\s*([:=])\s*(?=["']?([^\s;&,"'}]{1,200}))/g;
/** Parts of which the name alone says nothing: of a connection string of Azure's. */
const secretPart = /(?:accountkey|accesskey|accesssignature|\bsig)\s*=\s*["']?[^\s;&$"']/i;
/** The same of programs whose options have no names. */
const secretOption =
	/\b(?:mysql|mariadb)[\w-]*\s(?:.*\s)?-p[^\s$"']|\bredis-cli\s(?:.*\s)?-a\s*[^\s$"']|\bcurl\s(?:.*\s)?(?:-u|--user)[\s=]*[^\s$:]+:[^\s$]/;
/** What a name leads to in place of a secret: another variable, or a file with it. */
const elsewhere = /^(?:[-$<{[(]|\.{0,2}\/.)|\.(?:pem|key|crt|cer|p12|jks|json|ya?ml|conf|txt)$/;
/** A URL, or what goes for one, with a password in it. */
const urlWithPassword = /(:\/\/|^|\s)[^/\s:@]*:[^/\s@]+@/;
/** Ends of names of what is about a secret and is none. */
const aboutSecret =
	/_?(ttl|expir\w*|seconds|minutes|hours|days|enabled|timeout|length|size|count|lifetime|url|uri|file|path|name|header|algorithm|type|issuer|audience)$/i;

export function looksSecret(name: string, value: string): boolean {
	if (isSecretText(value) || hasSecretWord(value.split(/\s+/))) return true;
	if (aboutSecret.test(name)) return false;
	if (secretName.test(name)) return !word.test(value);
	return perhapsName.test(name) && ![word, language, number, open].some((harmless) => harmless.test(value));
}

/** Whether a text has a secret in it, whatever it is called. */
export function isSecretText(text: string): boolean {
	return (
		[secretText, secretPart, urlWithPassword].some((secret) => secret.test(text)) ||
		hasSecretPart(text) ||
		isRandom(text)
	);
}

function hasSecretPart(text: string): boolean {
	return [...text.matchAll(namedPart)].some(([, name = "", sign, value = ""]) => {
		// A host with its port.
		return !(sign === ":" && /^\d+$/.test(value)) && isSecretPair(name, value);
	});
}

/** Whether the name of an option, a property or a parameter says that its value is a secret. */
function isSecretPair(option: string, value: string): boolean {
	const name = option.replaceAll(/[.-]/g, "_");
	return secretName.test(name) && !aboutSecret.test(name) && !elsewhere.test(value) && !word.test(value);
}

/**
 * Values of variables whose names say that they are secrets, by which they are found in others; a plain word, such as the `postgres` of an
 * example, says nothing there.
 */
export function secretValues(services: readonly Service[]): string[] {
	const values = services.flatMap(({ variables }) =>
		variables.flatMap(({ name, value = "" }) => (isSecretName(name) && !aboutSecret.test(name) ? [value] : [])),
	);
	return [...new Set(values)].filter((value) => value.length > 5 && !/^([a-z]+|\d+|[A-Z]+|\/.*)$/.test(value));
}

/** Whether a name alone says that its value, which is not known, is one. */
export function isSecretName(name: string): boolean {
	return secretName.test(name);
}

/** A word of 20 characters and more that no person would write: letters of both cases, or hexadecimal, with digits among them. */
function isRandom(value: string): boolean {
	return value.split(/[\s,;:/@=&?"'{}()[\]<>|]+/).some((part) => {
		if (part.length < 20 || !/^[A-Za-z0-9_+.~-]+$/.test(part)) return false;
		const digits = part.replace(/\D/g, "").length;
		if (/^[0-9a-f-]+$/i.test(part)) return digits >= 4;
		return digits >= 4 && /[a-z]/.test(part) && /[A-Z]/.test(part) && !/^\d+\.\d+/.test(part);
	});
}

/** Whether a command may have a secret in it, which would stand in a Procfile. */
export function hasSecretWord(words: readonly string[]): boolean {
	if (secretOption.test(words.join(" "))) return true;
	return words.some((one, index) => {
		if (isSecretText(one)) return true;
		const [, option] = /^--?([\w.-]+)$/.exec(one) ?? [];
		const value = words[index + 1] ?? "";
		return option !== undefined && value !== "" && isSecretPair(option, value);
	});
}
