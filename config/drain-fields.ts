/** Blocks of drains, made from the table of their kinds. */
import { z } from "zod";
import type { DrainField, DrainKinds, KindsSchema } from "../wire/drain-kinds.ts";
import { references, TemplateError } from "../wire/template.ts";
import {
	block,
	choice,
	fieldMarks,
	kindMessage,
	pattern,
	secretMarks,
	secretOnly,
	template,
	text,
	whole,
} from "./fields.ts";
import { keyDocs } from "./key-docs.ts";
import { adopt } from "./shared-fields.ts";

const hostText = "for example logs.example.com, without a scheme and a port";
const hostPattern =
	/^(?=.{1,253}$)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** Whether a live drain is taken over, which is known by its handle alone. */
export const adoptDrain = () =>
	adopt().register(keyDocs, {
		description: "take over a drain that exists already, whose handle is this name",
		inPlace: "yes",
	});

/** The block of a drain: of each kind its own fields, and the shared ones. */
export function drainBlock<const Kinds extends DrainKinds, Shared extends z.ZodRawShape>(
	what: string,
	kinds: Kinds,
	shared: Shared,
): KindsSchema<Kinds, Shared> {
	const blocks = Object.entries(kinds).map(([kind, { fields }]) => {
		const own = Object.entries(fields).map(([name, field]) => [name, fieldOf(field)]);
		return block(what, {
			kind: z.literal(kind).register(keyDocs, { description: "kind of destination", inPlace }),
			...Object.fromEntries(own),
			...shared,
		});
	});
	const error = kindMessage(what, Object.keys(kinds));
	return z.discriminatedUnion("kind", blocks as never, { error }) as unknown as KindsSchema<Kinds, Shared>;
}

/** Aptible cannot change where a drain sends. */
const inPlace = "no: new beside old";

const allowed: Readonly<Partial<Record<DrainField["form"], string>>> = {
	url: "`${secrets.NAME}`, or an `https://` address with one in it",
	secret: "`${secrets.NAME}`",
	user: "text; `${secrets.NAME}` may stand in it",
};

function fieldOf(field: DrainField): z.ZodType {
	const doc = { description: field.does, inPlace };
	const allowedText = allowed[field.form];
	return optionalField(field).register(keyDocs, allowedText === undefined ? doc : { ...doc, allowed: allowedText });
}

function optionalField(field: DrainField): z.ZodType {
	const schema = valueField(field);
	if (field.form === "choice") return field.written === undefined ? schema.optional() : schema.default(field.written);
	return field.isOptional === true ? schema.optional() : schema;
}

function valueField(field: DrainField): z.ZodType {
	switch (field.form) {
		case "url":
			return secretUrl(field.example);
		case "secret":
			return secretOnly(field.example);
		case "address":
			return address(field.means, field.allowed);
		case "user":
			return template(field.means, field.allowed);
		case "host":
			return pattern("a host name", hostText, hostPattern);
		case "port":
			return whole("port of the destination", 1, 65535);
		case "database":
			return text(`a database of type ${field.type}`, "one of the names under databases");
		case "choice":
			return choice(field.means, Object.keys(field.choices));
		case "text":
			return text(field.means, field.allowed).min(1, { error: `is empty; give ${field.means}` });
	}
}

/** An address whose key or password is a secret. Services take logs at addresses that are keys themselves. */
function secretUrl(example: string) {
	const allowed = `\${secrets.${example}}, or https://... with a secret in it`;
	return address("an https:// address with a secret in it", allowed).refine(hasReference, {
		error: `is not an https:// address with a secret in it; allowed: ${allowed}`,
	});
}

/** An address without a key of its own, which may be a secret all the same. */
function address(what: string, allowed: string) {
	return template(what, allowed)
		.regex(addressPattern, { error: `is not ${what}; allowed: ${allowed}`, abort: true })
		.refine((value) => !hasOpenCredential(value), {
			error: "holds a password or a key in the open; put it among the secrets and write ${secrets.NAME} in its place",
			abort: true,
		})
		.register(fieldMarks, secretMarks);
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

/** How an address begins, or a reference that may stand for one. */
const addressPattern = /^(https?:\/\/|\$\{)/i;

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
