/** Fields that log drains and metric drains have in common. */
import { references, TemplateError } from "../wire/template.ts";
import { pattern, template, text } from "./fields.ts";

const hostText = "the like of logs.example.com, without a scheme and a port";
const hostPattern =
	/^(?=.{1,253}$)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** Host name of a destination. */
export const host = () => pattern("a host name", hostText, hostPattern);

/** Handle of a database of the same stage. */
export const database = (type: string) => text(`a database of type ${type}`, "one of the names under databases");

/** One reference to a secret and nothing else, so that no key stands in the file. */
export function secretOnly(what: string, example: string) {
	const allowed = `\${secrets.${example}} or another secret, and nothing beside it`;
	return template(what, allowed).regex(/^\$\{\s*secrets\.[^${}]+\}$/, {
		error: `is not one reference to a secret; allowed: ${allowed}`,
	});
}

/** An address whose key or password is a secret. Services take logs at addresses that are keys themselves. */
export function secretUrl(example: string) {
	const allowed = `\${secrets.${example}}, or https://... with a secret in it`;
	return address("an https:// address with a secret in it", allowed).refine(hasReference, {
		error: `is not an https:// address with a secret in it; allowed: ${allowed}`,
	});
}

/** An address without a key of its own, which may be a secret all the same. */
export function address(what: string, allowed: string) {
	return template(what, allowed)
		.refine(isAddress, { error: `is not ${what}; allowed: ${allowed}`, abort: true })
		.refine((value) => !hasOpenCredential(value), {
			error: "holds a password or a key in the open; put it among the secrets and write ${secrets.NAME} in its place",
			abort: true,
		});
}

/** What is wrong with the references in a template is said where they are checked. */
function hasReference(value: string): boolean {
	try {
		return references(value).length > 0;
	} catch (error) {
		if (error instanceof TemplateError) return true;
		throw error;
	}
}

/** Whether it begins as an address does, or with a reference that may stand for one. */
function isAddress(value: string): boolean {
	return /^(https?:\/\/|\$\{)/i.test(value);
}

const reference = /\$\{[^}]*\}/g;
const keyName = /key|token|secret|pass|pwd|auth|sig/i;

/** Whether the text beside the references has a password before the host, or a query whose name says that it is a key. */
function hasOpenCredential(value: string): boolean {
	const open = value.replaceAll(reference, "");
	const password = /^https?:\/\/[^/?#@]*:([^/?#]*)@/i.exec(open)?.[1] ?? "";
	const queries = [...value.matchAll(/[?&]([^=&#]*)=([^&#]*)/g)];
	return (
		password !== "" ||
		queries.some(([, name = "", given = ""]) => keyName.test(name) && given.replaceAll(reference, "") !== "")
	);
}
