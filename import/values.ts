/** Values of variables in which a database or another service is named, as references. */

import { literal } from "../wire/template.ts";
import { type Credential, databaseSchemes, hasPart } from "./databases.ts";
import { embedded } from "./embedded.ts";
import {
	appHost,
	connectionPart,
	encryptedCredential,
	leftOut,
	type Naming,
	type Reach,
	type Translated,
} from "./reach.ts";
import type { DatabasePart } from "./references.ts";
import type { DatabaseRole } from "./roles.ts";
import type { Service, Variable } from "./service.ts";

/** A URL with one host. */
interface Url {
	/** `jdbc:postgresql` too. */
	scheme: string;
	user: string | undefined;
	host: string;
	port: string | undefined;
	/** With its slash. */
	path: string;
	/** With its question mark. */
	query: string;
}

const urlPattern =
	/^([a-z][a-z0-9+.-]*(?::[a-z][a-z0-9+.-]*)?):\/\/(?:([^:@/?]*)(?::[^@/]*)?@)?([\w.-]+)(?::(\d+))?(\/[^?#]*)?(\?[^#]*)?$/i;

function readUrl(value: string | undefined): Url | undefined {
	const [, scheme, user, host, port, path = "", query = ""] = urlPattern.exec(value ?? "") ?? [];
	return scheme === undefined || host === undefined ? undefined : { scheme, user, host, port, path, query };
}

/** Names of variables that hold an address and nothing else. */
const hostName = /(host(name)?|server|addr(ess)?|endpoint|broker|node|url|uri)s?$/i;

const roles: readonly (readonly [names: RegExp, part: DatabasePart | "root"])[] = [
	[/_?root_?(pass(word|wd)?|pwd)$/i, "root"],
	[/_?root_?user(name)?$/i, "root"],
	[/_?port$/i, "port"],
	[/_?(user(_?name)?|login)$/i, "user"],
	[/_?(pass(word|wd)?|pwd)$/i, "password"],
	[/_?(db_?name|database_?name)$/i, "name"],
	[/_?(database|schema|vhost|name)$/i, "name"],
	[/_?db$/i, "name"],
];

/**
 * What of a connection a variable may hold, by its name, each with the rest of the name, which it shares with the others of the
 * connection: `DB_NAME` is the name of `DB`, or a name of its own.
 */
function readRoles(name: string): { part: DatabasePart | "root"; stem: string }[] {
	const plain = name.replace(/_FILE$/, "");
	const fitting = roles.filter(([pattern]) => pattern.test(plain));
	return fitting.map(([pattern, part]) => ({ part, stem: plain.replace(pattern, "") }));
}

function hostStem(name: string): string {
	return name.replace(
		/_?(jdbc_?url|host(name)?|servers?|addr(ess)?|endpoint|url|uri|dsn|conn(ection)?(_?string)?)$/i,
		"",
	);
}

/** The databases that a service names, by the stems of the variables that name them. */
export class Connections {
	readonly byStem = new Map<string, DatabaseRole>();
	/** Those that it is given the host of alone, with the variable. */
	readonly hosts: { role: DatabaseRole; variable: Variable }[] = [];
	readonly phi: boolean;
	readonly #waitsFor: readonly DatabaseRole[];

	constructor(service: Service, { names, phi }: Naming) {
		this.phi = phi;
		for (const variable of service.variables) {
			const role = databaseIn(variable.name, variable.value, names);
			if (role === undefined) continue;
			this.byStem.set(hostStem(variable.name), role);
			if (!/:\/\//.test(variable.value ?? "")) this.hosts.push({ role, variable });
		}
		const named = [...service.dependsOn.map(({ name }) => name), ...service.links.map((link) => link.service)];
		this.#waitsFor = named.map((name) => names.get(name)).filter((role) => role?.kind === "database");
	}

	/** The database whose credential a variable is, and which. */
	find({ name, value }: Variable): { role: DatabaseRole; part: DatabasePart | "root" } | undefined {
		const read = readRoles(name);
		for (const { part, stem } of read) {
			const role = this.byStem.get(stem);
			if (role === undefined || !hasPart(role.managed.type, part)) continue;
			const isRoot = part === "root" || (part === "user" && value === "root");
			return { role, part: isRoot ? "root" : part };
		}
		const part = read[0]?.part;
		if (part === undefined || part === "port" || value === undefined || value === "") return undefined;
		if (part === "password" && this.#known().every(({ credentials }) => credentials.password !== value)) {
			const role = this.withPassword(value);
			return role && { role, part: "root" };
		}
		const credential = part as Credential;
		const same = this.#known().filter(
			({ credentials, managed }) => hasPart(managed.type, part) && credentials[credential] === value,
		);
		return same.length === 1 && same[0] !== undefined ? { role: same[0], part } : undefined;
	}

	/** The one database whose password, or root's, is this value. */
	withPassword(value: string): DatabaseRole | undefined {
		const same = this.#known().filter(({ credentials }) => [credentials.password, credentials.root].includes(value));
		return same.length === 1 ? same[0] : undefined;
	}

	/** Those that it names, and those that it waits for. */
	#known(): DatabaseRole[] {
		return [...new Set([...this.byStem.values(), ...this.#waitsFor])];
	}
}

/** The database that a value names as an address. */
function databaseIn(name: string, value: string | undefined, names: Naming["names"]): DatabaseRole | undefined {
	const host = readUrl(value)?.host;
	const [, plain, port] = /^([\w.-]+)(?::(\d+))?$/.exec(value ?? "") ?? [];
	const isAddress = port !== undefined || hostName.test(name);
	const role = names.get(host ?? (isAddress ? plain : undefined) ?? "");
	return role?.kind === "database" ? role : undefined;
}

const rootSays =
	"it is root's, and Aptible gives the app a user of its own, which is taken; what asks for root (making databases and users) has to be done by hand";

/** A variable that is a part of a database's connection; undefined where it is none. */
export function translateCredential(variable: Variable, connections: Connections): Translated | undefined {
	const found = connections.find(variable);
	if (found === undefined) return undefined;
	const { role, part } = found;
	if (part === "root") {
		const isUser = /user(name)?$/i.test(variable.name);
		return {
			outcome: "decide",
			says: rootSays,
			text: connectionPart(role, isUser ? "user" : "password", connections.phi),
		};
	}
	const other = otherThan(role, part, variable.value);
	const says = `${part} of database ${role.handle}`;
	return {
		outcome: other === undefined ? "mapped" : "decide",
		says: other === undefined ? says : `${says}; ${other}`,
		text: connectionPart(role, part, connections.phi),
	};
}

/** What a person has to know where a user or a database is named that is not the one that the file makes. */
function otherThan({ credentials }: DatabaseRole, part: DatabasePart, value: string | undefined): string | undefined {
	const own = part === "user" ? credentials.user : part === "name" ? credentials.name : undefined;
	if (part === "user" && value === "root" && own !== "root") return rootSays;
	if (own === undefined || value === undefined || value === "" || value === own) return undefined;
	return part === "user"
		? "the file connects as another user than the database's own, and Aptible's reference has its one user: make the other by hand where its rights count"
		: "the file names another database than the one that it makes, and Aptible's reference has its one database: make the other by hand, and write its name";
}

/** A value with the services that it names replaced; undefined where it names none. */
export function translateAddress({ name, value = "" }: Variable, naming: Naming): Translated | undefined {
	const url = readUrl(value);
	const role = naming.names.get(url?.host ?? "");
	if (url !== undefined && role !== undefined) {
		if (role.kind === "database") return databaseUrl(url, role, naming.phi);
		if (role.kind === "app") return appUrl(url, role.service, naming.reach);
		return leftOut(role.service);
	}
	const own = url && ownAddress(url, naming);
	if (own !== undefined) return own;
	const plain = hostName.test(name) ? naming.names.get(value) : undefined;
	if (plain?.kind === "database") {
		const text = connectionPart(plain, "host", naming.phi);
		const says = `host of database ${plain.handle}`;
		if (encryptedCredential(plain, naming.phi) === undefined) return { outcome: "mapped", says, text };
		return { outcome: "decide", says: `${says}, which phi: true has encrypted: the app has to speak TLS to it`, text };
	}
	if (plain?.kind === "app") return appHost(plain.service, undefined, naming.reach);
	if (plain !== undefined) return leftOut(plain.service);
	return embedded(value, naming);
}

/** `http://localhost:8080/x`, where a service of the file publishes the port: what people call from outside. */
function ownAddress(url: Url, { names, reach }: Naming): Translated | undefined {
	const { scheme, host, port = scheme === "https" ? "443" : "80" } = url;
	if (!/^(localhost|127\.0\.0\.1)$/.test(host) || !/^(https?|wss?)$/i.test(scheme)) return undefined;
	const published = [...new Set(names.values())].flatMap((role) =>
		role.kind === "app"
			? role.service.ports.flatMap(({ ports }) =>
					ports.filter((one) => one.published === port).map(({ target }) => ({ service: role.service, target })),
				)
			: [],
	);
	const [found] = published;
	if (found === undefined || published.length > 1) return undefined;
	const translated = appUrl({ ...url, port: String(found.target) }, found.service, reach);
	if (translated.text === undefined) return translated;
	return {
		...translated,
		outcome: "decide",
		says: `it names localhost, where ${found.service.name} publishes port ${port}: its endpoint is meant, until that has a domain of its own`,
	};
}

/** What does not go on behind a URL of Aptible's: it says itself how it is encrypted, and who connects. */
const ownParameter = /ssl|tls|cert|user|pass|pwd|auth/i;

const encryptedUrl =
	", encrypted, as phi: true asks for: rediss:// in place of redis://; Celery refuses that without ?ssl_cert_reqs=CERT_REQUIRED behind it, other clients take it as it is (docs/configuration/README.md#parts-of-a-databases-url)";

function databaseUrl({ scheme, user: asked, path, query }: Url, role: DatabaseRole, phi: boolean): Translated {
	const { handle, managed } = role;
	const { type } = managed;
	const named = path.replace(/^\//, "");
	const others = [otherThan(role, "user", asked), otherThan(role, "name", named)].filter((one) => one !== undefined);
	const mapped = (says: string, text: string): Translated =>
		others.length === 0
			? { outcome: "mapped", says, text }
			: { outcome: "decide", says: [says, ...others].join("; "), text };
	const kept = query
		.slice(1)
		.split("&")
		.filter((one) => one !== "" && !ownParameter.test(one));
	const lost = query
		.slice(1)
		.split("&")
		.filter((one) => ownParameter.test(one))
		.map((one) => one.split("=")[0]);
	const without = lost.length === 0 ? "" : `, without its ${lost.join(", ")}: Aptible's has its own`;
	if (scheme.startsWith("jdbc:")) {
		const names = query
			.slice(1)
			.split("&")
			.map((one) => one.split("=")[0])
			.filter((one) => one !== "");
		const says = `JDBC URL of database ${handle}`;
		const text = connectionPart(role, "jdbcUrl", phi);
		if (names.length === 0) return mapped(says, text);
		return {
			outcome: "decide",
			says: `${says}, without its parameters (${names.join(", ")}); add those that still count`,
			text,
		};
	}
	const schemes = databaseSchemes[type] ?? [];
	const rest = type === "redis" && /^\/\d+$/.test(path) ? path : "";
	const tail = type === "mongodb" || kept.length === 0 ? "" : literal(`?${kept.join("&")}`);
	if (schemes.includes(scheme.toLowerCase())) {
		const isIndex = type === "elasticsearch" || type === "influxdb";
		const behind = (isIndex ? path.replace(/\/$/, "") : rest) + tail;
		const text = connectionPart(role, "url", phi);
		const says = `URL of database ${handle}${without}`;
		if (encryptedCredential(role, phi) === undefined || scheme.toLowerCase() === "rediss")
			return mapped(says, text + behind);
		return { outcome: "decide", says: [says + encryptedUrl, ...others].join("; "), text: text + behind };
	}
	const part = (one: DatabasePart) => connectionPart(role, one, phi);
	const user = asked === undefined ? "" : `${part("user")}:${part("password")}@`;
	const name =
		path.length > 1 && hasPart(type, "name") ? `/${part("name")}` : literal(hasPart(type, "name") ? "" : path);
	const text = `${scheme}://${user}${part("host")}:${part("port")}${name}${tail}`;
	return mapped(`URL of database ${handle} from its parts${without}`, text);
}

function appUrl({ scheme, user, port: portText, path, query }: Url, target: Service, reach: Reach): Translated {
	const isHttp = /^(https?|wss?)$/i.test(scheme);
	const port = portText === undefined ? (isHttp ? (/s$/i.test(scheme) ? 443 : 80) : undefined) : Number(portText);
	const reached = reach(target, port, isHttp);
	if (typeof reached === "string") return { outcome: "decide", says: reached };
	if (user !== undefined) {
		return {
			outcome: "decide",
			says: `it has a user for ${target.name} in it; write ${reached.url} with the user as a secret`,
		};
	}
	const behind = literal(`${path}${query}`);
	if (isHttp && reached.kind === "https") {
		const text = /^ws/i.test(scheme) ? `wss://${reached.host}` : reached.url;
		return { outcome: "mapped", says: `address of ${target.name}, which speaks TLS there`, text: `${text}${behind}` };
	}
	return {
		outcome: reached.kind === "tcp" ? "mapped" : "decide",
		says: `address of ${target.name}, by its ${reached.kind} endpoint`,
		text: `${scheme}://${reached.host}${reached.kind === "tcp" && port !== undefined ? `:${port}` : ":443"}${behind}`,
	};
}
