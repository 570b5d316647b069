/** Whether a value looks like a secret. Whatever may be one is: a value that is asked for once too often does no harm. */

/** Names that say it themselves. */
const secretName =
	/pass(word|wd|phrase|code)?(?![a-z])|passw|pwd|secret|token|private|credential|salt|dsn|otp|api_?key|access_?key|[a-z]key$|(^|_)key$|_key_|_pin$|^pin$/i;
/** Names that may say it. */
const perhapsName = /auth|cert|hash|seed|cred|signature|license|encrypt|session|jwt/i;

const word = /^(true|false|yes|no|on|off|none|null|enabled?|disabled?|[a-z]{2}(_[A-Z]{2})?(\.utf-?8)?)$/i;
const number = /^-?\d{1,6}(\.\d+)?[a-z]{0,2}$/i;
/** A path, an address without credentials, a host, a duration, a class: text that is none. */
const open =
	/^(\/[\w./-]*|\.{1,2}\/[\w./-]*|https?:\/\/[^@\s?]+|[a-z][\w.-]*\.(com|org|net|ca|io|example|local|internal)(:\d+)?|[a-z]+([_ -][a-z]+)*)$/i;

/** Texts that are secrets whatever they are called: keys in PEM, tokens of known services, JSON web tokens. */
const secretText =
	/-----BEGIN|^(sk|pk|rk)_(live|test)_|^gh[pousr]_|^xox[abprs]-|^AKIA[0-9A-Z]{16}|^AIza[\w-]{30}|^SG\.[\w-]{10}|^eyJ[\w-]+\.|^\$2[aby]\$/;
/** A part of a longer text that gives a secret. */
const secretPart =
	/(?:accountkey|accesskey|accesssignature|password|passwd|pwd|pass|secret|token|api_?key|\bsig)\s*=\s*["']?[^\s;&$"']/i;
/** A URL, or what goes for one, with a password in it. */
const urlWithPassword = /(:\/\/|^|\s)[^/\s:@]*:[^/\s@]+@/;
/** Ends of names of what is about a secret and is none. */
const aboutSecret =
	/_?(ttl|expir\w*|seconds|minutes|hours|days|enabled|timeout|length|size|count|lifetime|url|uri|file|path|name|header|algorithm|type|issuer|audience)$/i;

export function looksSecret(name: string, value: string): boolean {
	if (isSecretText(value)) return true;
	if (aboutSecret.test(name)) return false;
	if (secretName.test(name)) return !word.test(value);
	return perhapsName.test(name) && !word.test(value) && !number.test(value) && !open.test(value);
}

/** Whether a text has a secret in it, whatever it is called. */
export function isSecretText(text: string): boolean {
	return secretText.test(text) || secretPart.test(text) || urlWithPassword.test(text) || isRandom(text);
}

/** Whether a name alone says that its value, which is not known, is one. */
export function isSecretName(name: string): boolean {
	return secretName.test(name);
}

/** A word of 20 characters and more that no person would write: letters of both cases, or hexadecimal, with digits among them. */
function isRandom(value: string): boolean {
	return value.split(/[\s,;:/@=&?]+/).some((part) => {
		if (part.length < 20 || !/^[A-Za-z0-9_+.~-]+$/.test(part)) return false;
		const digits = part.replace(/\D/g, "").length;
		if (/^[0-9a-f-]+$/i.test(part)) return digits >= 4;
		return digits >= 4 && /[a-z]/.test(part) && /[A-Z]/.test(part) && !/^\d+\.\d+/.test(part);
	});
}

/** Whether a command may have a secret in it, which would stand in a Procfile. */
export function hasSecretWord(words: readonly string[]): boolean {
	return words.some((one, index) => {
		if (isSecretText(one)) return true;
		const [, option = "", value] = /^--?([\w-]+)(?:=(.*))?$/s.exec(one) ?? [];
		const given = value ?? words[index + 1] ?? "";
		return /pass|secret|token|api-?key/i.test(option) && given !== "" && !/^[-$/]/.test(given) && !word.test(given);
	});
}
