/** The parts of a database's connection URL. */
import { lookUp } from "../../wire/own.ts";
import type { DatabasePart } from "../../wire/references.ts";

/** `SCHEME://USER:PASSWORD@HOST:PORT/NAME?PARAMETERS`; the last @ before the parameters ends the password, as one may have been left plain in it. */
const form =
	/^([a-z][a-z\d+.-]*):\/\/(?:([^:@/?#]*)(?::([^?#]*))?@)?(\[[^\]]*\]|[^:/?#@]+)(?::(\d+))?(?:\/([^?#]*))?(?:[?#].*)?$/is;

/**
 * What JDBC drivers need to be told to speak TLS, which both types demand (facts/aptible.md §3.3). Neither checks the certificate so: its
 * authority is the environment's own, which no driver knows by itself.
 */
const jdbcDrivers: Readonly<Record<string, { scheme: string; tls: string }>> = {
	postgresql: { scheme: "postgresql", tls: "sslmode=require" },
	postgres: { scheme: "postgresql", tls: "sslmode=require" },
	mysql: { scheme: "mysql", tls: "sslMode=REQUIRED" },
};

/** A part of a connection URL as a program takes it, without percent-encoding; undefined where the URL has none. */
export function readUrlPart(url: string, part: DatabasePart): string | undefined {
	const [, scheme = "", user, password, host, port, name] = form.exec(url) ?? [];
	switch (part) {
		case "url":
			return url;
		case "host":
			return host;
		case "port":
			return port;
		case "user":
			return decode(user);
		case "password":
			return decode(password);
		case "name":
			return decode(name);
		case "jdbcUrl": {
			const driver = lookUp(jdbcDrivers, scheme.toLowerCase());
			if (driver === undefined || host === undefined) return undefined;
			// User and password go in variables of their own: pgjdbc takes none before the host.
			const authority = port === undefined ? host : `${host}:${port}`;
			return `jdbc:${driver.scheme}://${authority}/${name ?? ""}?${driver.tls}`;
		}
	}
}

function decode(text: string | undefined): string | undefined {
	if (text === undefined || text === "") return undefined;
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}
