/** Which web pages may use the files of an account from a browser: CORS rules of its blob service (facts/azure.md §2). */
import { z } from "zod";
import { block, choice, message, text, whole } from "../fields.ts";
import { keyDocs } from "../key-docs.ts";
import type { Mistake } from "../mistakes.ts";
import { suggest } from "../near-miss.ts";

/** Rules that a blob service has at most. */
const mostRules = 5;
/** Entries of each list of a rule. */
const mostEntries = 64;

const methods = ["DELETE", "GET", "HEAD", "MERGE", "OPTIONS", "PATCH", "POST", "PUT"] as const;
const originText = '"*", or an origin such as https://portal.acme.example, without a path';
const originPattern = /^(?:\*|https?:\/\/(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?)$/;

const origin = text("an origin", originText).refine((value) => originPattern.test(value), {
	error: ({ input }) => {
		const meant = /^(?:https?:\/\/[^/]+)/i.exec(String(input))?.[0].toLowerCase();
		const near = meant !== undefined && originPattern.test(meant) ? suggest(meant) : "";
		return `is not an origin; allowed: ${originText}${near}`;
	},
});
const list = <T extends z.ZodType>(entry: T, what: string) =>
	z
		.array(entry, { error: message("a list", what) })
		.max(mostEntries, { error: `has more than ${mostEntries} entries` });
const header = text("the name of a header", "such as x-ms-blob-type, x-ms-meta-* or *");

/** One rule; the first that fits a request counts, in the order of the file. */
export const CorsRule = block("a CORS rule", {
	origins: list(origin, "origins, such as [https://portal.acme.example]").register(keyDocs, {
		description: "pages that may use the files, by their origin",
		inPlace: "yes",
		allowed: "list of origins, `https://portal.acme.example`, or `*` for all; `phi` refuses `*` and `http://`",
	}),
	methods: list(choice("an HTTP method", methods), "HTTP methods, such as [GET, PUT]").register(keyDocs, {
		description: "methods that they may use",
		inPlace: "yes",
		allowed: `list of ${methods.map((name) => `\`${name}\``).join(", ")}`,
	}),
	headers: list(header, "names of headers").default(["*"]).register(keyDocs, {
		description: "headers that they may send; an upload sends `x-ms-blob-type`",
		inPlace: "yes",
		allowed: "list of names, `*` for all",
		otherwise: "`*`",
	}),
	exposedHeaders: list(header, "names of headers").default([]).register(keyDocs, {
		description: "headers of an answer that they may read",
		inPlace: "yes",
		allowed: "list of names, `*` for all",
	}),
	maxAgeSeconds: whole("seconds", 0, 2_147_483_647).default(3600).register(keyDocs, {
		description: "seconds for which a browser keeps the answer to its preflight",
		inPlace: "yes",
	}),
});
export type CorsRule = z.infer<typeof CorsRule>;

/** Judges the number of rules. */
export function checkCors(cors: Readonly<Record<string, unknown>> | undefined): Mistake[] {
	const count = Object.keys(cors ?? {}).length;
	if (count <= mostRules) return [];
	const says = `has ${count} rules; allowed: at most ${mostRules} in Azure, each with up to ${mostEntries} origins`;
	return [{ place: ["storage", "cors"], says, about: "nothing" }];
}
