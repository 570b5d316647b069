/** References to databases: `${databases.NAME.url}`, its parts, and the same of other credentials than the default ones. */
import { lookUp } from "../wire/own.ts";
import {
	credentialTypes,
	type DatabasePart,
	type DatabaseReference,
	databaseParts,
	partsByType,
	readDatabaseReference,
} from "../wire/references.ts";
import type { Draft } from "./draft.ts";
import { findNearestWord, suggest, tellFormer } from "./near-miss.ts";

const parts: readonly string[] = databaseParts.filter((part) => part !== "url");

/** What other programs call a part. */
const otherNames: Readonly<Record<string, DatabasePart>> = {
	...{ hostname: "host", server: "host", address: "host" },
	...{ username: "user", login: "user", pass: "password", passwd: "password", pwd: "password" },
	...{ db: "name", dbname: "name", database: "name", databasename: "name", path: "name" },
	...{ jdbc: "jdbcUrl", uri: "url" },
};

/** The part that was meant. What holds a password is meant by nobody who wrote something else: only a slip of its own name offers it. */
function findPart(attribute: string): string | undefined {
	const open = parts.filter((part) => part !== "password");
	const secret = ["url", "password"].filter((part) => part[0] === attribute[0]?.toLowerCase());
	const other = lookUp(otherNames, attribute.toLowerCase());
	return other ?? findNearestWord(attribute, open) ?? findNearestWord(attribute, secret);
}

/** Reads one reference (`databases.main.host`), or says what is wrong with it. */
export function readDatabase(reference: string): ({ kind: "database" } & DatabaseReference) | string {
	const read = readDatabaseReference(reference);
	if (read !== undefined) return { kind: "database", ...read };
	const [, ...rest] = reference.split(".");
	const attribute = rest.at(-1) ?? "";
	const part = databaseParts.find((one) => one === attribute) ?? lookUp(otherNames, attribute.toLowerCase());
	if (rest.length < 2 && part !== undefined) return `names no database; write \${databases.NAME.${part}}`;
	if (rest.length < 2) {
		return `names no attribute of a database; write \${databases.${attribute || "NAME"}.url}, or one of its parts: ${parts.join(", ")}`;
	}
	const near = suggest(findPart(attribute));
	return `refers to ${JSON.stringify(attribute)} of a database; allowed: url, urls.TYPE, ${parts.join(", ")}${near}`;
}

/** Says what is wrong with a reference that reads well, or nothing if the stage has what it asks for. */
export function unknownDatabase(reference: DatabaseReference, draft: Draft): string | undefined {
	const { databases = {} } = draft;
	// Written, but not readable: whether the name is there cannot be said.
	if (draft.databases === undefined && "databases" in draft) return undefined;
	const names = Object.keys(databases);
	const { database: name, part } = reference;
	if (names.includes(name)) return wrongCredential(reference, draft) ?? missingPart(reference, draft);
	const declared = names.length === 0 ? "no databases are declared" : `declared: ${names.join(", ")}`;
	// The password of another database is not for a slip to hand out.
	const near = part === "password" ? "" : suggest(findNearestWord(name, names));
	const hint = tellFormer(name, databases) ?? tellCredential(reference, names, draft) ?? near;
	return `refers to a database that is not under databases; ${declared}${hint}`;
}

/** What stands between a database that is declared and a part may be meant for a type of its credentials. */
function tellCredential(
	{ database: name, part }: DatabaseReference,
	names: readonly string[],
	draft: Draft,
): string | undefined {
	const database = names.find((one) => name.startsWith(`${one}.`));
	const credential = database === undefined ? "" : name.slice(database.length + 1);
	if (database === undefined || credential.includes(".") || (part === "url" && !credential.includes("+"))) {
		return undefined;
	}
	const meant = { database, credential, part };
	return `; ${wrongCredential(meant, draft) ?? `for other credentials write \${${writeReference(meant)}}`}`;
}

/** Type of a database; empty where it is not known. */
function typeOf(database: string, { databases = {} }: Draft): string {
	return lookUp(databases, database)?.type ?? "";
}

/** Says what is wrong with the credentials that a reference names. */
function wrongCredential({ database, credential, part }: DatabaseReference, draft: Draft): string | undefined {
	const type = typeOf(database, draft);
	const types = lookUp(credentialTypes, type);
	if (types === undefined || credential === undefined || types.includes(credential)) return undefined;
	const near = suggest(findNearestWord(credential, types));
	const allowed = types.map((word) => (part === "url" ? `urls.${word}` : `${word}.${part}`)).join(", ");
	return `refers to credentials that no ${type} database has; allowed: ${allowed}${near}`;
}

/** Says which parts a database of its type has, where it lacks the one that is asked for. */
function missingPart({ database, part }: DatabaseReference, draft: Draft): string | undefined {
	const type = typeOf(database, draft);
	const has = lookUp(partsByType, type);
	if (has === undefined || part === "url" || has.includes(part)) return undefined;
	return `asks for what the connection URL of a ${type} database does not have; it has: ${has.join(", ")}`;
}

/** Says what is wrong with what stands before a reference. */
export function wrongBefore(text: string, reference: DatabaseReference, draft: Draft): string | undefined {
	if (!/jdbc:$/i.test(text)) return undefined;
	if (reference.part === "jdbcUrl") return "stands after jdbc:, with which it begins itself; remove that";
	if (reference.part !== "url" || typeOf(reference.database, draft) !== "postgresql") return undefined;
	const refer = (part: DatabasePart) => `\${${writeReference({ ...reference, part })}}`;
	return `stands after jdbc:, and pgjdbc takes no user in the URL; write ${refer("jdbcUrl")} for all of it, and give the app ${refer("user")} and ${refer("password")} in variables of their own`;
}

/** A reference as it would be typed. */
export function writeReference({ database, credential, part }: DatabaseReference): string {
	if (credential === undefined) return `databases.${database}.${part}`;
	if (part === "url") return `databases.${database}.urls.${credential}`;
	const plain = `databases.${database}.${credential}.${part}`;
	const isPlain = readDatabaseReference(plain)?.database === database;
	return isPlain ? plain : `databases.${database}.urls.${credential}.${part}`;
}
