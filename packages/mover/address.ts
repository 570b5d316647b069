/** The address of a database's server, as every type of database that has a user and a name of its own writes it. */

/** An address, taken apart. */
export interface Address {
	host: string;
	port: number;
	user: string;
	password: string;
	/** Empty where the address names none. */
	database: string;
	/** Whether the server's certificate is checked, its name included. */
	verified: boolean;
	searchParams: URLSearchParams;
}

/** What addresses of one type of database are like. */
export interface AddressForm {
	schemes: RegExp;
	/** Scheme for messages: `postgresql`. */
	scheme: string;
	/** Default port. */
	port: number;
}

/**
 * Takes an address apart. `sslmode` is `disable` or `verify-full`, which is the default.
 *
 * @throws on a URL of another type, or that asks for TLS without a check of who answers; never with the URL in it
 */
export function parseAddress(url: string, { schemes, scheme, port: defaultPort }: AddressForm): Address {
	if (!URL.canParse(url) || !schemes.test(new URL(url).protocol)) {
		throw new Error(`a database's address is no ${scheme}:// URL; write ${exampleOf(scheme)}`);
	}
	const { hostname, port, username, password, searchParams } = new URL(url);
	const mode = searchParams.get("sslmode") ?? "verify-full";
	if (mode !== "disable" && mode !== "verify-full") {
		throw new Error(`sslmode=${mode} does not check who answers; use verify-full, or disable inside a private network`);
	}
	return {
		host: hostname.replace(/^\[(.*)\]$/, "$1"),
		port: Number(port || defaultPort),
		user: decodeURIComponent(username),
		password: decodeURIComponent(password),
		database: databaseIn(url),
		verified: mode === "verify-full",
		searchParams,
	};
}

/** The database that an address names; empty where it names none. */
export function databaseIn(url: string): string {
	return decodeURIComponent(new URL(url).pathname.slice(1));
}

/** How an address is written. */
export const exampleOf = (scheme: string) => `${scheme}://USER:PASSWORD@HOST:PORT/DATABASE`;
