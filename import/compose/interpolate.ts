/** Variables in a Compose file: `$NAME`, `${NAME}`, `${NAME:-default}` and the like (compose-spec 12-interpolation.md). */

import { lookUp } from "../../wire/own.ts";
import { isSecretName } from "../secrets.ts";

/** The variables that a file may use. */
export type Variables = Readonly<Record<string, string>>;

/** A text with its variables filled in. */
export interface Interpolated {
	text: string;
	/** Variables without a value and without a default, in whose place is nothing. */
	unset: string[];
	/** What a file says of variables that it demands, `${NAME:?says}`, and that have no value. */
	demands: string[];
	/** Values in it of variables whose names say that they are secrets. */
	secrets: string[];
}

/** A text whose variables cannot be read. */
export class InterpolationError extends Error {
	override name = "InterpolationError";
}

const name = /^[_a-zA-Z][_a-zA-Z0-9]*/;
/** Variables in the defaults of variables; more of them are nobody's file. */
const mostNested = 100;

/**
 * Fills in the variables of a text.
 *
 * @throws InterpolationError where a `${` does not end, or holds what Compose does not know
 */
export function interpolate(text: string, variables: Variables): Interpolated {
	const unset: string[] = [];
	const demands: string[] = [];
	const secrets: string[] = [];
	let filled = "";
	let at = 0;
	while (at < text.length) {
		const dollar = text.indexOf("$", at);
		if (dollar < 0) break;
		filled += text.slice(at, dollar);
		const rest = text.slice(dollar + 1);
		const plain = name.exec(rest)?.[0];
		if (rest.startsWith("$")) {
			filled += "$";
			at = dollar + 2;
		} else if (plain !== undefined) {
			const value = lookUp(variables, plain);
			if (value === undefined) unset.push(plain);
			secrets.push(...secretIn(plain, value));
			filled += value ?? "";
			at = dollar + 1 + plain.length;
		} else if (rest.startsWith("{")) {
			const end = closing(text, dollar + 2);
			const inner = braced(text.slice(dollar + 2, end), variables);
			unset.push(...inner.unset);
			demands.push(...inner.demands);
			secrets.push(...inner.secrets);
			filled += inner.text;
			at = end + 1;
		} else {
			filled += "$";
			at = dollar + 1;
		}
	}
	return { text: filled + text.slice(at), unset, demands, secrets };
}

function secretIn(variable: string, value: string | undefined): string[] {
	return value !== undefined && value !== "" && isSecretName(variable) ? [value] : [];
}

/** The place of the `}` that ends a `${`, over those inside it. */
function closing(text: string, from: number): number {
	let depth = 1;
	for (let at = from; at < text.length; at += 1) {
		if (text.startsWith("${", at)) depth += 1;
		if (depth > mostNested) {
			throw new InterpolationError(`has variables in each other's defaults, more than ${mostNested} deep`);
		}
		if (text[at] === "}") depth -= 1;
		if (depth === 0) return at;
	}
	throw new InterpolationError('has a "${" that does not end; write $$ for a dollar sign');
}

function braced(inner: string, variables: Variables): Interpolated {
	const variable = name.exec(inner)?.[0];
	const operator = variable === undefined ? undefined : /^(:?[-?+]|$)/.exec(inner.slice(variable.length))?.[0];
	if (variable === undefined || operator === undefined) {
		throw new InterpolationError('has a "${" with something else than a variable in it; write $$ for a dollar sign');
	}
	const other = inner.slice(variable.length + operator.length);
	const value = lookUp(variables, variable);
	const isThere = value !== undefined && (value !== "" || !operator.startsWith(":"));
	const nothing = { text: "", unset: [], demands: [], secrets: [] };
	const filled = () => interpolate(other, variables);
	if (operator.endsWith("+")) return isThere ? filled() : nothing;
	if (isThere) return { ...nothing, text: value, secrets: secretIn(variable, value) };
	if (operator.endsWith("-")) {
		const { secrets, ...given } = filled();
		return { ...given, secrets: [...secrets, ...secretIn(variable, given.text)] };
	}
	// Another variable's value, which may be a secret, is not filled into what goes into the report.
	const says = operator.endsWith("?") ? [other || `${variable} is not set`] : [];
	return { ...nothing, unset: [variable], demands: says };
}
