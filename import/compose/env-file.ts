/** Files of variables, `.env` and `env_file` (compose-spec 05-services.md, env_file format). */
import { InterpolationError, interpolate, type Variables } from "./interpolate.ts";

/** A variable of an env file; a value of undefined is taken from whoever runs Compose. */
export interface EnvLine {
	name: string;
	value: string | undefined;
	line: number;
	/** As it stands in the file, for what has no value yet. */
	written: string;
	unset: readonly string[];
	/** Values in it of variables whose names say that they are secrets. */
	secrets?: readonly string[];
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

/**
 * Reads a file of variables. Unquoted and double-quoted values may use the variables of the lines before, and those given.
 *
 * @param format `raw` takes each value as it stands
 * @returns lines, and those that are no variable, by their numbers
 */
export function parseEnvFile(
	text: string,
	variables: Variables,
	format: "compose" | "raw" = "compose",
): { lines: EnvLine[]; wrong: number[] } {
	const lines: EnvLine[] = [];
	const wrong: number[] = [];
	const known: Record<string, string> = { ...variables };
	const all = text.replace(/^\uFEFF/, "").split(/\r?\n/);
	for (let index = 0; index < all.length; index += 1) {
		const line = index + 1;
		const full = all[index] ?? "";
		if (/^\s*(#|$)/.test(full)) continue;
		const [, name, equals, rest = ""] = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*(=?)(.*)$/s.exec(full) ?? [];
		if (name === undefined || (equals === "" && rest.trim() !== "")) {
			wrong.push(line);
			continue;
		}
		if (equals === "") {
			lines.push({ name, value: known[name], line, written: "", unset: known[name] === undefined ? [name] : [] });
			continue;
		}
		let written = rest.trimStart();
		const quote = format === "raw" ? "" : (/^["']/.exec(written)?.[0] ?? "");
		const more = quote === "" ? 0 : countMore(written, quote, all, index + 1);
		if (more === undefined) {
			wrong.push(line);
			continue;
		}
		written = [written, ...all.slice(index + 1, index + 1 + more)].join("\n");
		index += more;
		const value = format === "raw" ? rest : unquoted(written, quote);
		const isLiteral = quote === "'" || format === "raw";
		try {
			const filled = isLiteral ? { text: value, unset: [], secrets: [] } : interpolate(value, known);
			known[name] = filled.text;
			lines.push({ name, value: filled.text, line, written: value, unset: filled.unset, secrets: filled.secrets });
		} catch (error) {
			if (!(error instanceof InterpolationError)) throw error;
			wrong.push(line);
		}
	}
	return { lines, wrong };
}

/** What Compose takes of a file of variables for `${...}`: later files count. */
export function variablesOf(texts: readonly string[], shell: Variables): Variables {
	let variables: Variables = { ...shell };
	for (const text of texts) {
		const { lines } = parseEnvFile(text, variables);
		const given = lines.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const]));
		// The shell's own count before every file.
		variables = { ...variables, ...Object.fromEntries(given), ...shell };
	}
	return variables;
}

/** How many more lines a quoted value goes on over; undefined where it does not end. */
function countMore(written: string, quote: string, all: readonly string[], next: number): number | undefined {
	if (hasEnd(written.slice(1), quote)) return 0;
	const at = all.slice(next).findIndex((line) => hasEnd(line, quote));
	return at < 0 ? undefined : at + 1;
}

function hasEnd(text: string, quote: string): boolean {
	for (let at = 0; at < text.length; at += 1) {
		if (text[at] === "\\") at += 1;
		else if (text[at] === quote) return true;
	}
	return false;
}

function unquoted(written: string, quote: string): string {
	if (quote === "") return written.startsWith("#") ? "" : written.replace(/(?<=\S)\s+#.*$/s, "").trimEnd();
	const inner = new RegExp(`^${quote}((?:\\\\.|[^\\\\${quote}])*)`, "s").exec(written)?.[1] ?? "";
	if (quote === "'") return inner.replaceAll("\\'", "'");
	return inner.replace(
		/\\(.)/gs,
		(whole, letter: string) => escapes[letter] ?? (/["\\$]/.test(letter) ? letter : whole),
	);
}
