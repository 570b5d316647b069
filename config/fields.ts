/**
 * The few kinds of field that a stage file is made of. Each says in its own words what it expects, because zod's
 * ("Invalid input: expected string, received number") name neither the fix nor what is allowed.
 *
 * A message is a predicate: `config/parse.ts` puts the place and the bad value in front of it.
 */
import { z } from "zod";
import { lookUp } from "../wire/own.ts";
import { composeWords } from "./compose-words.ts";
import { findNearestWord, suggest } from "./near-miss.ts";

/** How a message about a value begins that is not there. */
export const missing = "is missing";

/** What zod hands to an error function, as far as it is used here. */
interface Issue {
	readonly code?: string;
	readonly input?: unknown;
	readonly keys?: readonly string[];
}

/** Message for a value that is wrong (`wrong`), absent, or a YAML key with nothing after it. */
export function message(what: string, allowed: string, wrong = `is not ${what}; allowed: ${allowed}`) {
	return ({ input }: Issue): string => {
		if (input === undefined) return `${missing}; give ${what}: ${allowed}`;
		if (input === null) return `has no value; give ${what}: ${allowed}; or remove the line`;
		return wrong;
	};
}

const numberLoss = "YAML makes 23 of 0027, 31 of 0x1F and 1.1 of 1.10, and rounds long numbers";

/** As `message`, for text: YAML makes a number of `16` and a boolean of `true` unless they are quoted. */
export function textMessage(what: string, allowed: string) {
	return (issue: Issue): string => {
		const { input } = issue;
		if (typeof input !== "number" && typeof input !== "boolean") return message(what, allowed)(issue);
		const why = typeof input === "number" ? ` (${numberLoss})` : "";
		return `is a ${typeof input}, not text; write in quotes what is meant${why}`;
	};
}

/** Message for a key that a block does not have. */
export function unknownKey(key: string, known: readonly string[]): string {
	const instead = lookUp(composeWords, key);
	if (instead !== undefined) return `is a key of Compose's, and not known here: ${instead}`;
	return `is not known here; allowed: ${known.join(", ")}${suggest(findNearestWord(key, known))}`;
}

/** Text without references. Messages read "is not `what`; allowed: `allowed`". */
export function text(what: string, allowed: string) {
	return z.string({ error: textMessage(what, allowed) }).refine((value) => !value.includes("${"), {
		error: "holds a reference, and none may stand here; write the value itself",
		abort: true,
	});
}

/** Text without references that matches a pattern. */
export function pattern(what: string, allowed: string, regex: RegExp) {
	return text(what, allowed).regex(regex, { error: `is not ${what}; allowed: ${allowed}` });
}

/** Text in which references may stand. */
export function template(what: string, allowed: string) {
	return z
		.string({ error: textMessage(what, allowed) })
		.min(1, { error: `is empty; give ${what}: ${allowed}` })
		.register(fieldMarks, { isTemplate: true });
}

/** What the schema says of a field beside its form (`config/templates.ts`). */
export interface FieldMarks {
	/** References may stand in it. */
	isTemplate?: true;
	/** It is meant for a secret, so that no message may show what stands there, which may be one by mistake. */
	isSecret?: true;
}

/** Filled by `.register`, which unlike `.meta()` makes no second schema; what is made from a marked schema has its marks. */
export const fieldMarks = z.registry<FieldMarks>();

/** The marks of a template that stands for a secret. */
export const secretMarks = { isTemplate: true, isSecret: true } satisfies FieldMarks;

/** One reference to a secret and nothing else, so that no key stands in the file. */
export function secretOnly(example: string) {
	const allowed = `\${secrets.${example}} or another secret, and nothing beside it`;
	return template("a reference to a secret", allowed)
		.regex(/^\$\{\s*secrets\.[^${}]+\}$/, { error: `is not one reference to a secret; allowed: ${allowed}` })
		.register(fieldMarks, secretMarks);
}

/** One of a few words; `nearest` finds the one that was meant. */
export function choice<const T extends readonly string[]>(what: string, words: T, nearest = findNearestWord) {
	return z.enum(words, { error: choiceMessage(what, words, nearest) });
}

function choiceMessage(what: string, words: readonly string[], nearest = findNearestWord) {
	const allowed = words.map((word) => JSON.stringify(word)).join(", ");
	return ({ input }: Issue): string => {
		const near = typeof input === "string" ? nearest(input, words) : undefined;
		return message(what, allowed)({ input }) + suggest(near);
	};
}

/** A whole number within bounds; `what` says of what, with its unit. */
export function whole(what: string, minimum: number, maximum?: number) {
	const range = maximum === undefined ? `of ${minimum} or more` : `from ${minimum} to ${maximum}`;
	const error = ({ input }: Issue): string => {
		const quoted = typeof input === "string" && /^[0-9]+$/.test(input);
		const wrong = `is not a whole number ${range} (${what})${quoted ? "; remove the quotes" : ""}`;
		return message(`a whole number ${range}`, what, wrong)({ input });
	};
	const number = z.int({ error }).min(minimum, { error });
	return maximum === undefined ? number : number.max(maximum, { error });
}

/** A number within bounds, whole or not; `what` says of what. */
export function decimal(what: string, minimum: number, maximum: number) {
	const range = `from ${minimum} to ${maximum}`;
	const error = ({ input }: Issue): string => {
		const quoted = typeof input === "string" && /^[0-9]*\.?[0-9]+$/.test(input);
		const wrong = `is not a number ${range} (${what})${quoted ? "; remove the quotes" : ""}`;
		return message(`a number ${range}`, what, wrong)({ input });
	};
	return z.number({ error }).min(minimum, { error }).max(maximum, { error });
}

/** YAML 1.1 words for true and false, which Pulumi's YAML reads as text. */
const booleanWords: Readonly<Record<string, boolean>> = {
	true: true,
	yes: true,
	on: true,
	false: false,
	no: false,
	off: false,
};

/** True or false; `what` says what is true then. */
export function flag(what: string) {
	return z.boolean({
		error: ({ input }) => {
			const meant = typeof input === "string" ? lookUp(booleanWords, input.toLowerCase()) : undefined;
			const wrong = `is not true or false (${what})`;
			return message("true or false", what, wrong)({ input }) + (meant === undefined ? "" : `; did you mean ${meant}?`);
		},
	});
}

/** A block with a fixed set of keys. */
export function block<S extends z.ZodRawShape>(what: string, shape: S) {
	const known = Object.keys(shape);
	const wrong = message(what, `a block with ${known.join(", ")}`);
	return z.strictObject(shape, {
		// One line for each key: config/parse.ts deals them out again.
		error: (issue: Issue) =>
			issue.code === "unrecognized_keys"
				? (issue.keys ?? []).map((key) => unknownKey(key, known)).join("\n")
				: wrong(issue),
	});
}

/** Message for a block whose further keys depend on its `kind`, for `z.discriminatedUnion("kind", ...)`. */
export function kindMessage(what: string, kinds: readonly string[]) {
	return (issue: Issue): string => {
		// Only a block with a wrong kind, or with none, comes here as a union.
		if (issue.code !== "invalid_union" || Array.isArray(issue.input))
			return message(what, "a block with kind and what goes with it")(issue);
		return choiceMessage(`a kind of ${what.replace(/^an? /, "")}`, kinds)({ input: Object(issue.input).kind });
	};
}

/** A block whose keys are names that the stage chooses. The names themselves are judged in `config/names.ts`. */
export function named<T extends z.ZodType>(what: string, value: T) {
	return z.record(z.string(), value, { error: message(`a block of ${what}`, "one name to a line") });
}
