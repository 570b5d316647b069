import { readFileSync } from "node:fs";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import pg from "pg";
import { type Address, parseAddress } from "../address.ts";

/** How to reach one server; the password is in `url`, which is never printed. */
export interface Login {
	/** `postgresql://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=...`; `sslmode` is `disable` or `verify-full`, which is the default. */
	url: string;
	/** The certificate authority of the server's certificate, as PEM; default: the URL's `sslrootcert`, else the system's. */
	ca?: string;
}

/**
 * Settings of each session of ours, so that the same value is the same text on both sides, a policy is an error instead of a
 * filter, and no function is found by chance (facts/move.md §1.3, §2).
 */
const SESSION_SETTINGS: Readonly<Record<string, string>> = {
	application_name: "medstack-to-aptible mover",
	bytea_output: "hex",
	client_encoding: "UTF8",
	client_min_messages: "warning",
	DateStyle: "ISO, YMD",
	extra_float_digits: "1",
	idle_in_transaction_session_timeout: "0",
	IntervalStyle: "postgres",
	lock_timeout: "0",
	row_security: "off",
	search_path: "",
	statement_timeout: "0",
	TimeZone: "UTC",
};

/** What a session may have besides: another database of the same server, and settings of its own. */
export interface SessionOptions {
	database?: string;
	settings?: Readonly<Record<string, string>>;
	/** Whether it has the server's, the database's and its role's settings instead of the mover's. */
	isPlain?: boolean;
}

/** A session that is connected; whoever opens one ends it. Integers of 8 bytes and numerics come as text. */
export async function connect(login: Login, options: SessionOptions = {}): Promise<pg.Client> {
	const client = new pg.Client({ ...clientConfig(login, options), keepAlive: true, connectionTimeoutMillis: 30_000 });
	// An error between two queries is an event that would end the process; the next query fails with it.
	client.on("error", () => {});
	await client.connect();
	return client;
}

/** Uses a session and ends it, however that ends. */
export async function withSession<T>(
	login: Login,
	options: SessionOptions,
	use: (client: pg.Client) => Promise<T>,
): Promise<T> {
	const client = await connect(login, options);
	try {
		return await use(client);
	} finally {
		await client.end().catch(() => {});
	}
}

function clientConfig(login: Login, { database, settings, isPlain = false }: SessionOptions): pg.ClientConfig {
	const parts = partsOf(login);
	const { application_name = "" } = SESSION_SETTINGS;
	const options = Object.entries({ ...(isPlain ? { application_name } : SESSION_SETTINGS), ...settings })
		.map(([name, value]) => `-c ${name}=${value.replaceAll(/[\\ ]/g, "\\$&")}`)
		.join(" ");
	return {
		host: parts.host,
		port: parts.port,
		user: parts.user,
		password: parts.password,
		database: database ?? parts.database,
		options,
		ssl: parts.verified
			? {
					...(parts.ca === undefined ? {} : { ca: parts.ca }),
					rejectUnauthorized: true,
					checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
						checkServerIdentity(parts.host, certificate),
				}
			: false,
	};
}

/**
 * The variables that libpq's programs (`psql`, `pg_dump`, `pg_restore`) read a login from: a password is in no argument, which
 * every user of the machine may see.
 *
 * @param caFile where the certificate authority is; libpq takes a file alone
 */
export function libpqVariables(
	login: Login,
	{ database, settings }: SessionOptions = {},
	caFile?: string,
): Record<string, string> {
	const parts = partsOf(login);
	const options = Object.entries({ ...SESSION_SETTINGS, ...settings })
		.filter(([name]) => name !== "application_name" && name !== "client_encoding")
		.map(([name, value]) => `-c ${name}=${value.replaceAll(/[\\ ]/g, "\\$&")}`)
		.join(" ");
	const rootCertificate = caFile ?? parts.caFile;
	return {
		PGHOST: parts.host,
		PGPORT: String(parts.port),
		PGUSER: parts.user,
		PGPASSWORD: parts.password,
		PGDATABASE: database ?? parts.database,
		PGAPPNAME: SESSION_SETTINGS.application_name ?? "",
		PGCLIENTENCODING: "UTF8",
		PGCONNECT_TIMEOUT: "30",
		PGOPTIONS: options,
		PGSSLMODE: parts.verified ? "verify-full" : "disable",
		...(parts.verified && rootCertificate ? { PGSSLROOTCERT: rootCertificate } : {}),
		...(parts.verified && !rootCertificate ? { PGSSLROOTCERT: "system" } : {}),
	};
}

const FORM = { schemes: /^postgres(ql)?:$/, scheme: "postgresql", port: 5432 };

interface Parts extends Address {
	ca: string | undefined;
	caFile: string | undefined;
}

/** The login's address with its certificate authority; the database is the user's name where the address names none. */
function partsOf({ url, ca }: Login): Parts {
	const address = parseAddress(url, FORM);
	const caFile = address.searchParams.get("sslrootcert") ?? undefined;
	return {
		...address,
		database: address.database || address.user,
		ca: ca ?? (caFile === undefined || caFile === "system" ? undefined : readFileSync(caFile, "utf8")),
		caFile: caFile === "system" ? undefined : caFile,
	};
}
