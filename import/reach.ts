/** How a value reaches what it names. */
import { type DatabasePart, databaseReference } from "./references.ts";
import type { DatabaseRole, Role } from "./roles.ts";
import type { Service } from "./service.ts";

/** What becomes of a value; one without text is not in the stage file. */
export interface Translated {
	outcome: "mapped" | "decide";
	says: string;
	text?: string;
}

/** Reaches a service of an app: the reference, or why there is none. */
export type Reach = (
	target: Service,
	port: number | undefined,
	isHttp: boolean,
) => { url: string; host: string; kind: "https" | "tls" | "tcp" } | string;

/** What values are translated with. */
export interface Naming {
	names: ReadonlyMap<string, Role>;
	reach: Reach;
	/** Whether the stage holds health information, for which Redis has to be encrypted (facts/aptible.md §3.3). */
	phi: boolean;
	/** Secrets of the whole input, which no other text may have in it. */
	secrets: readonly string[];
}

/** What becomes of a value that names a service that is left out. */
export function leftOut({ name }: Service): Translated {
	return { outcome: "decide", says: `it names ${name}, which is left out; give the variable another value, or none` };
}

/** The host of a service of an app, with the port by which it is reached where one is asked for. */
export function appHost(target: Service, port: number | undefined, reach: Reach): Translated {
	const reached = reach(target, port, false);
	if (typeof reached === "string") return { outcome: "decide", says: reached };
	if (reached.kind === "tcp") {
		const text = port === undefined ? reached.host : `${reached.host}:${port}`;
		return { outcome: "mapped", says: `host of ${target.name}, by its tcp endpoint`, text };
	}
	const says = `host of ${target.name}; there it speaks TLS on port 443, which the app has to be told`;
	return { outcome: "decide", says, text: port === undefined ? reached.host : `${reached.host}:443` };
}

/** Credentials other than the default ones that a stage with health information needs (facts/aptible.md §3.3). */
export function encryptedCredential({ managed }: DatabaseRole, phi: boolean): string | undefined {
	return phi && managed.type === "redis" ? "redis+ssl" : undefined;
}

/** A part of a database's connection, as the stage asks for it. */
export function connectionPart(role: DatabaseRole, part: DatabasePart, phi: boolean): string {
	return databaseReference(role.handle, part, encryptedCredential(role, phi));
}
