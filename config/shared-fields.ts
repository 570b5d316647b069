/** Fields that several nouns of a stage file have. */
import { flag, pattern } from "./fields.ts";
import { keyDocs } from "./key-docs.ts";

/**
 * A handle as Aptible takes them: lower-case letters, digits, `.`, `_` and `-` (dashboard rule; facts/aptible.md §1). One
 * that begins with none of the first two, which Aptible would take, could be read as an option.
 */
export const handlePattern = /^[0-9a-z][0-9a-z._-]{0,63}$/;
/** The same in words. */
export const handleText = "1 to 64 lower-case letters, digits, dots, underscores and hyphens, a letter or digit first";

const octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
/** An IPv4 address. */
export const ipv4Pattern = new RegExp(`^${octet}(?:\\.${octet}){3}$`);
/** An IPv4 address, or a network in CIDR form. */
export const ipv4RangePattern = new RegExp(`^${octet}(?:\\.${octet}){3}(?:/(?:[0-9]|[12][0-9]|3[0-2]))?$`);

/** The handle that a renamed object had. */
export const renamedFrom = () =>
	pattern("a handle", handleText, handlePattern)
		.optional()
		.register(keyDocs, { description: "handle that it had before", inPlace: "yes", allowed: "a handle" });
/** Whether a live object is taken over. */
export const adopt = () =>
	flag("true takes over a live object that this program did not make")
		.default(false)
		.register(keyDocs, { description: "take over one that exists already", inPlace: "yes" });
/** Left out, it follows `environment.phi`: resolved once the whole stage is known. */
export const protect = () =>
	flag("true refuses to delete it").optional().register(keyDocs, {
		description: "refuse to delete it",
		inPlace: "yes",
		otherwise: "value of `environment.phi`",
	});
