/** References of a template that name something on Aptible: a database or an endpoint, and what of it they stand for. */

/** What of a connection URL a reference may stand for. */
export const databaseParts = ["url", "host", "port", "user", "password", "name", "jdbcUrl"] as const;
export type DatabasePart = (typeof databaseParts)[number];

const common = ["host", "port", "user", "password"] as const satisfies readonly DatabasePart[];

/**
 * Parts of the connection URL of each type of database (facts/aptible.md §3.3). `name` is the database, of RabbitMQ the virtual host; a JDBC
 * driver is every user's own for the types that have one.
 */
export const partsByType: Readonly<Record<string, readonly DatabasePart[]>> = {
	postgresql: [...common, "name", "jdbcUrl"],
	mysql: [...common, "name", "jdbcUrl"],
	redis: common,
	mongodb: [...common, "name"],
	elasticsearch: common,
	influxdb: common,
	rabbitmq: [...common, "name"],
	sftp: common,
};

/**
 * Credentials that a database has, by its type, the default one first, where the documentation names all of them (Aptible
 * docs: Redis, RabbitMQ; facts/aptible.md §3.3). Of the other types what there is shows only on Aptible.
 */
export const credentialTypes: Readonly<Record<string, readonly string[]>> = {
	redis: ["redis", "redis+ssl"],
	rabbitmq: ["amqps", "management", "prometheus"],
};

/** Types of credentials that need no `urls.` before them: elsewhere the last word before a part belongs to the handle. */
const credentialWords = new Set([...Object.keys(partsByType), ...Object.values(credentialTypes).flat()]);

/** A database that a template refers to, which of its credentials (the default ones, unless a type is named), and what of them. */
export interface DatabaseReference {
	database: string;
	credential: string | undefined;
	part: DatabasePart;
}

/**
 * Reads `databases.main.url`, `databases.cache.urls.redis+ssl`, `databases.main.host`, `databases.cache.redis+ssl.host` and
 * `databases.main.urls.TYPE.host` for a type that is unknown here; anything else is none. A handle may have dots of its own, so that
 * what follows the last ones counts.
 */
export function readDatabaseReference(reference: string): DatabaseReference | undefined {
	const [kind, ...words] = reference.split(".");
	const last = words.pop() ?? "";
	if (kind !== "databases" || words.length === 0) return undefined;
	if (words.at(-1) === "urls" && words.length > 1 && last !== "url" && last !== "") {
		return { database: words.slice(0, -1).join("."), credential: last, part: "url" };
	}
	const part = databaseParts.find((one) => one === last);
	if (part === undefined) return undefined;
	const credential = words.at(-1) ?? "";
	if (part !== "url" && words.length > 2 && words.at(-2) === "urls" && credential !== "") {
		return { database: words.slice(0, -2).join("."), credential, part };
	}
	// No handle has a plus.
	const isCredential = credentialWords.has(credential) || credential.includes("+");
	if (part !== "url" && words.length > 1 && isCredential) {
		return { database: words.slice(0, -1).join("."), credential, part };
	}
	return { database: words.join("."), credential: undefined, part };
}

/** What of an endpoint a reference may stand for: the address to open, or the host name in it. */
export const addressParts = ["url", "host"] as const;

/** An endpoint of an app that a template refers to, and what of its address. */
export interface EndpointReference {
	app: string;
	endpoint: string;
	part: (typeof addressParts)[number];
}

/** Reads `apps.gateway.endpoints.internal.url` or `.host`; anything else is none. */
export function readEndpointReference(reference: string): EndpointReference | undefined {
	const [, app, endpoint, attribute] = /^apps\.(.+)\.endpoints\.([^.]+)\.([^.]+)$/.exec(reference) ?? [];
	const part = addressParts.find((one) => one === attribute);
	return app === undefined || endpoint === undefined || part === undefined ? undefined : { app, endpoint, part };
}

/** The reference to the host name of an endpoint. */
export function hostReference({ app, endpoint }: Pick<EndpointReference, "app" | "endpoint">): string {
	return `apps.${app}.endpoints.${endpoint}.host`;
}
