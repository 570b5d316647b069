/** Values of records as a zone file writes them, and as Azure takes them (RFC 1035, 2782, 3596, 8659; facts/azure.md §5). */
import { isIPv4, isIPv6 } from "node:net";

/** A host name; unlike a zone it may have underscores, and a final dot, which says that the name is whole. */
export const hostPattern =
	/^(?=.{4,254}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])\.?$/;

/** What a certificate authority heeds in a CAA record (IANA: CAA restriction tags); another tag would be heeded by nobody. */
const caaTags = ["issue", "issuewild", "issuemail", "iodef", "contactemail", "contactphone"];

/** Characters of a CAA record's value at most (Azure PowerShell: CaaRecordMaxLength). */
const longestCaa = 1024;

type Fields = Readonly<Record<string, string | number>>;

/** A type of record whose values are written in one line each. */
interface ValueType {
	/** What a value is, with an example: `a mail server; allowed: ...`. */
	readonly form: string;
	/** The value in Azure's words; undefined where it is not of this form. */
	read(text: string): Fields | undefined;
}

const isHost = (text: string | undefined): text is string => text !== undefined && hostPattern.test(text.toLowerCase());
const bare = (host: string) => host.toLowerCase().replace(/\.$/, "");

function readNumber(text: string | undefined, most: number): number | undefined {
	return text !== undefined && /^\d{1,5}$/.test(text) && Number(text) <= most ? Number(text) : undefined;
}

/** By type. `TXT` is free text, and `CNAME` has no values. */
export const valueTypes = {
	A: {
		form: "an IPv4 address; allowed: for example 203.0.113.10",
		read: (text) => (isIPv4(text) ? { ipv4Address: text } : undefined),
	},
	AAAA: {
		form: "an IPv6 address; allowed: for example 2001:db8::10",
		// The one form that Azure answers (RFC 5952), so that a refresh finds no other.
		read: (text) => (isIPv6(text) && URL.canParse(`http://[${text}]`) ? { ipv6Address: shorten(text) } : undefined),
	},
	MX: {
		form: "a preference and a mail server; allowed: for example 10 mail.acme.example",
		read: (text) => {
			const [preference, exchange, ...rest] = text.trim().split(/\s+/);
			const number = readNumber(preference, 65_535);
			if (number === undefined || !isHost(exchange) || rest.length > 0) return undefined;
			return { preference: number, exchange: bare(exchange) };
		},
	},
	NS: {
		form: "a name server; allowed: for example ns1.acme.example",
		read: (text) => (isHost(text) ? { nsdname: bare(text) } : undefined),
	},
	SRV: {
		form: "a priority, a weight, a port and a host; allowed: for example 10 5 5060 sip.acme.example",
		read: (text) => {
			const [first, second, third, target, ...rest] = text.trim().split(/\s+/);
			const [priority, weight, port] = [first, second, third].map((number) => readNumber(number, 65_535));
			if (priority === undefined || weight === undefined || port === undefined) return undefined;
			return isHost(target) && rest.length === 0 ? { priority, weight, port, target: bare(target) } : undefined;
		},
	},
	CAA: {
		form: `flags, a tag (${caaTags.join(", ")}) and a value of at most ${longestCaa} characters; allowed: for example 0 issue "letsencrypt.org"`,
		read: (text) => {
			const [, first, tag = "", quoted, plain] = /^\s*(\d+)\s+([a-z]+)\s+(?:"([^"]*)"|([^\s"]+))\s*$/.exec(text) ?? [];
			const flags = readNumber(first, 255);
			const value = quoted ?? plain;
			if (flags === undefined || value === undefined || value.length > longestCaa) return undefined;
			return caaTags.includes(tag) ? { flags, tag, value } : undefined;
		},
	},
} as const satisfies Record<string, ValueType>;
export type ValueRecordType = keyof typeof valueTypes;

export const isValueType = (type: string): type is ValueRecordType => Object.hasOwn(valueTypes, type);

function shorten(address: string): string {
	return new URL(`http://[${address}]`).hostname.slice(1, -1);
}
