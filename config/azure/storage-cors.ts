/** Which web pages may use the files of an account from a browser: CORS rules of its blob service (facts/azure.md §2). */
import { z } from "zod";
import { block, choice, message, pattern, text, whole } from "../fields.ts";
import { keyDocs } from "../key-docs.ts";
import type { Mistake, Place } from "../mistakes.ts";
import { suggest } from "../near-miss.ts";

/** Rules that a blob service has at most. */
const mostRules = 5;
/** Origins, and whole names of headers, of a rule; beginnings of names (`x-ms-meta-*`) in a list; characters of each (Azure docs: Set Blob Service Properties). */
const mostEntries = 64;
const mostBeginnings = 2;
const longestEntry = 256;
/** Characters of all rules together (Azure docs: CORS). */
const longestRules = 2048;

const methods = ["DELETE", "GET", "HEAD", "MERGE", "OPTIONS", "PATCH", "POST", "PUT"] as const;
const originText = '"*", or an origin such as https://portal.acme.example, without a path';
const originPattern = /^(?:\*|https?:\/\/(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?)$/;

const isOrigin = (text: string) =>
	text.length <= longestEntry && originPattern.test(text) && (text === "*" || URL.canParse(text.replace("//*.", "//")));

const origin = text("an origin", originText).refine(isOrigin, {
	error: ({ input }) => {
		const meant = /^(?:https?:\/\/[^/]+)/i.exec(String(input))?.[0].toLowerCase();
		const near = meant !== undefined && meant !== input && isOrigin(meant) ? suggest(meant) : "";
		return `is not an origin; allowed: ${originText}${near}`;
	},
});
const list = <T extends z.ZodType>(entry: T, what: string) => z.array(entry, { error: message("a list", what) });
const filled = <T extends z.ZodType>(entry: T, what: string) =>
	list(entry, what).min(1, { error: "is empty; name one, or remove the rule" });
const headerText = "such as x-ms-blob-type, x-ms-meta-* or *";
const header = pattern(
	"the name of a header",
	headerText,
	new RegExp(`^(?=.{1,${longestEntry}}$)(?:\\*|[\\w!#$%&'+.^\`|~-]+\\*?)$`),
);

/** One rule; the first that fits a request counts, in the order of their names. */
export const CorsRule = block("a CORS rule", {
	origins: filled(origin, "origins, such as [https://portal.acme.example]").register(keyDocs, {
		description: "pages that may use the files, by their origin",
		inPlace: "yes",
		allowed: "list of origins, `https://portal.acme.example`, or `*` for all; `phi` refuses `*` and `http://`",
	}),
	methods: filled(choice("an HTTP method", methods), "HTTP methods, such as [GET, PUT]").register(keyDocs, {
		description: "methods that they may use",
		inPlace: "yes",
		allowed: `list of ${methods.map((name) => `\`${name}\``).join(", ")}`,
	}),
	headers: list(header, "names of headers").default(["*"]).register(keyDocs, {
		description: "headers that they may send; an upload sends `x-ms-blob-type`",
		inPlace: "yes",
		allowed: "list of names, of which 2 may be beginnings (`x-ms-meta-*`), `*` for all",
		otherwise: "`*`",
	}),
	exposedHeaders: list(header, "names of headers").default([]).register(keyDocs, {
		description: "headers of an answer that they may read",
		inPlace: "yes",
		allowed: "list of names, of which 2 may be beginnings, `*` for all",
	}),
	maxAgeSeconds: whole("seconds", 0, 2_147_483_647).default(3600).register(keyDocs, {
		description: "seconds for which a browser keeps the answer to its preflight",
		inPlace: "yes",
	}),
});
export type CorsRule = z.infer<typeof CorsRule>;

/** A rule of a stage file, as far as it is free of mistakes. */
interface RuleDraft {
	origins?: Texts;
	methods?: Texts;
	headers?: Texts;
	exposedHeaders?: Texts;
	maxAgeSeconds?: number | undefined;
}
type Texts = readonly (string | undefined)[] | undefined;

/** Judges how much the rules say, each for itself and all together. */
export function checkCors(cors: Readonly<Record<string, RuleDraft | undefined>> | undefined): Mistake[] {
	const at = ["storage", "cors"];
	const rules = Object.entries(cors ?? {});
	const mistakes = rules.flatMap(([name, rule]) => (rule === undefined ? [] : checkRule([...at, name], rule)));
	if (rules.length > mostRules) {
		const says = `has ${rules.length} rules; allowed: at most ${mostRules} in Azure, each with up to ${mostEntries} origins`;
		mistakes.push({ place: at, says, about: "nothing" });
	}
	const size = rules.reduce((sum, [, rule]) => sum + sizeOf(rule), 0);
	if (mistakes.length > 0 || size <= longestRules) return mistakes;
	const says = `has ${size} characters in all its rules; allowed: at most ${longestRules} in Azure; name fewer origins and headers`;
	return [{ place: at, says, about: "nothing" }];
}

function checkRule(at: Place, { origins, headers, exposedHeaders }: RuleDraft): Mistake[] {
	const tooMany = (key: string, count: number, what: string, most: number): Mistake[] =>
		count <= most
			? []
			: [
					{
						place: [...at, key],
						says: `has ${count} ${what}; allowed: at most ${most} in Azure; name ${what.startsWith("b") ? "the headers" : "fewer"}, or * for all`,
						about: "nothing",
					},
				];
	return [
		...tooMany("origins", origins?.length ?? 0, "origins", mostEntries),
		...Object.entries({ headers, exposedHeaders }).flatMap(([key, list = []]) => {
			const beginnings = list.filter((one) => one !== "*" && one?.endsWith("*") === true).length;
			return [
				...tooMany(key, beginnings, "beginnings of names", mostBeginnings),
				...tooMany(key, list.length - beginnings, "whole names", mostEntries),
			];
		}),
	];
}

/** Characters of a rule, as Azure counts them: without the names of its parts. */
function sizeOf({ origins, methods, headers = ["*"], exposedHeaders, maxAgeSeconds = 3600 }: RuleDraft = {}): number {
	return [origins, methods, headers, exposedHeaders, maxAgeSeconds].join("").length;
}
