import { createHmac } from "node:crypto";

/** What a service SAS says. */
export interface ServiceSas {
	/** `/blob/ACCOUNT/CONTAINER`. */
	canonicalizedResource: string;
	/** `c` for a container, `b` for a blob. */
	resource: string;
	permissions: string;
	/** ISO dates. */
	start?: string | undefined;
	expiry?: string | undefined;
	protocols?: string | undefined;
	ip?: string | undefined;
	identifier?: string | undefined;
}

/** The version in which ARM signs, whatever the data plane is at (facts/azure.md §1b). */
const VERSION = "2015-04-05";

/** A token, signed as ARM does it (Azure docs: create a service SAS, string to sign of 2015-04-05). */
export function signServiceSas(sas: ServiceSas, key: string): string {
	const start = sas.start === undefined ? "" : armDate(sas.start);
	const expiry = sas.expiry === undefined ? "" : armDate(sas.expiry);
	const { canonicalizedResource, resource, permissions, protocols = "", ip = "", identifier = "" } = sas;
	// The last five are headers of the answer, which no token here sets.
	const signed = [
		permissions,
		start,
		expiry,
		canonicalizedResource,
		identifier,
		ip,
		protocols,
		VERSION,
		"",
		"",
		"",
		"",
		"",
	];
	const signature = createHmac("sha256", Buffer.from(key, "base64")).update(signed.join("\n")).digest("base64");
	const fields = {
		sv: VERSION,
		sr: resource,
		si: identifier,
		sig: signature,
		st: start,
		se: expiry,
		sp: permissions,
		sip: ip,
		spr: protocols,
	};
	return Object.entries(fields)
		.filter(([, value]) => value !== "")
		.map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
		.join("&");
}

/** `2027-01-15T00:00:00Z` as .NET writes it: `2027-01-15T00:00:00.0000000Z`. */
function armDate(text: string): string {
	const date = new Date(text);
	if (Number.isNaN(date.getTime())) throw new Error(`"${text}" is not a date`);
	return date.toISOString().replace(/\.(\d{3})Z$/, ".$10000Z");
}
