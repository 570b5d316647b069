/** Values of config that are a database's connection URL or a part of it, and the references that stand for them in a stage file. */
import { readUrlPart } from "../aptible/app/connection-url.ts";
import { writeReference } from "../config/database-references.ts";
import type { SnapshotDatabase } from "../drift/snapshot.ts";
import { lookUp } from "../wire/own.ts";
import { type DatabasePart, type DatabaseReference, databaseParts, partsByType } from "../wire/references.ts";

/** Credentials of a database with the parts of their URL. */
interface Login extends Pick<DatabaseReference, "database" | "credential"> {
	url: string;
	parts: ReadonlyMap<DatabasePart, string>;
}

/** Parts that tell a database by their value alone. */
const telling: readonly DatabasePart[] = ["password", "host", "jdbcUrl"];
/** The others are short and common, so that the variable's name has to say what it is. */
const named: Readonly<Partial<Record<DatabasePart, RegExp>>> = {
	port: /port/i,
	user: /user|login/i,
	name: /name|db|database/i,
};

/** What may follow a database's URL in the open: the number of a Redis database, and how to connect. */
const harmlessRest = /^(\/\d{1,3})?(\?(ssl|sslmode|pool|pool_size|connection_limit|timeout)=\w{1,12})?$/;

/** The databases of an environment, to find what config has of them. */
export class DatabaseValues {
	readonly #logins: readonly Login[];

	constructor(databases: readonly SnapshotDatabase[]) {
		const logins = new Map<string, Login>();
		const add = (listed: SnapshotDatabase["listed"], url: string | undefined, credential: string | undefined) => {
			if (!url || logins.has(url)) return;
			const parts = lookUp(partsByType, listed.type) ?? databaseParts.slice(1);
			const known = parts.flatMap((part) => {
				const value = readUrlPart(url, part);
				return value === undefined ? [] : [[part, value] as const];
			});
			logins.set(url, { database: listed.handle, credential, url, parts: new Map(known) });
		};
		for (const { listed } of databases) add(listed, listed.connectionUrl, undefined);
		for (const { listed } of databases) {
			for (const { type, connectionUrl } of listed.credentials) add(listed, connectionUrl, type);
		}
		this.#logins = [...logins.values()];
	}

	/** The text that stands for a connection URL, with what may follow it in the open; undefined for any other value. */
	findUrl(value: string): string | undefined {
		for (const login of this.#logins) {
			if (!value.startsWith(login.url)) continue;
			const rest = value.slice(login.url.length);
			if (harmlessRest.test(rest)) return `\${${writeReference({ ...login, part: "url" })}}${rest}`;
		}
		return undefined;
	}

	/** References for the values of an app's config that are parts of one URL, by the names of their variables. */
	findParts(config: ReadonlyMap<string, string>): Map<string, string> {
		const values = new Set(config.values());
		const count = (login: Login, parts: readonly DatabasePart[]) =>
			parts.filter((part) => values.has(login.parts.get(part) ?? "")).length;
		// Of two with the same host or password, the one of which the config has more; the default credentials come first.
		const used = this.#logins
			.filter((login) => count(login, telling) > 0)
			.sort((a, b) => count(b, databaseParts) - count(a, databaseParts));
		const found = new Map<string, string>();
		for (const [key, value] of config) {
			const isPart = (part: DatabasePart) => telling.includes(part) || named[part]?.test(key) === true;
			for (const { database, credential, parts } of used) {
				const part = [...parts.keys()].find((one) => parts.get(one) === value && isPart(one));
				if (part === undefined || found.has(key)) continue;
				found.set(key, writeReference({ database, credential, part }));
			}
		}
		return found;
	}
}
