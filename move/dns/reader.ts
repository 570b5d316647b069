/** What the authoritative servers of a name's zone say of it, each one by itself: a resolver shows what one of them said some time ago. */
import { getServers } from "node:dns";
import { isIP } from "node:net";
import type { Answer } from "dns-packet";
import {
	ask,
	NoReply,
	plainName,
	type Question,
	type RecordType,
	type Reply,
	type Server,
	sameName,
	Unheard,
} from "./exchange.ts";
import { onceEach } from "./once.ts";

/** Records of one name and type. */
export interface RecordSet {
	/** The largest of them, should they differ. */
	ttlSeconds: number;
	/** In the order of their text. */
	values: readonly string[];
}

/** Sets of one name, by their types; a CNAME stands alone. */
export type RecordSets = Partial<Record<"A" | "AAAA" | "CNAME", RecordSet>>;

/** A record that says which authorities may issue certificates (RFC 8659). */
export interface CaaRecord {
	isCritical: boolean;
	tag: string;
	value: string;
}

const OTHER_TYPES = ["MX", "TXT"] as const;
export type OtherType = (typeof OTHER_TYPES)[number];

/** A server of a zone, at one of its addresses. */
interface ZoneServer {
	server: string;
	/** An address, or why there is none to ask. */
	at: { address: string } | Pick<ServerReading, "fault" | "isUnheard">;
}

/** What one server says of a name. */
export interface ServerReading {
	/** Its name and its address, such as `ns1.acme.example (198.51.100.1)`. */
	server: string;
	/** Why nothing is known from it: a predicate, such as `refuses the question (REFUSED)`. Absent where it answers. */
	fault?: string;
	/** Whether nothing at all came from it, so that this machine's network may be at fault. */
	isUnheard?: boolean;
	sets: Readonly<RecordSets>;
	caa: readonly CaaRecord[];
	/** Types of further records of the name, beside which no CNAME can stand. */
	others: readonly OtherType[];
	/** Of the zone. */
	serial: number;
	/** For how many seconds resolvers keep it in mind that a name or a type is not there (RFC 2308 §5). */
	negativeSeconds: number;
}

export interface NameReading {
	name: string;
	zone: string;
	/** In the order of their text; at least one. */
	servers: readonly ServerReading[];
}

export interface ReadOptions {
	/** Whether the zone's servers are asked for anew, of the zone above and of themselves, as resolvers keep them for days. @default false */
	isAnew?: boolean;
}

export interface DnsOptions {
	/** Asked for zones and addresses of servers alone. @default those of MEDSTACK_TO_APTIBLE_DNS, else the machine's own */
	resolvers?: readonly Server[];
	/** Port of the authoritative servers. @default MEDSTACK_TO_APTIBLE_DNS_PORT, else 53 */
	port?: number;
	/** For each datagram, of which a question takes two, and for a connection. @default 2000 */
	timeoutMs?: number;
}

/** Something that a zone cannot be found without failed. */
export class DnsError extends Error {
	override name = "DnsError";
}

const DNS_PORT = 53;
const silent = { sets: {}, caa: [], others: [], serial: 0, negativeSeconds: 0 } as const;

export class DnsReader {
	readonly #resolvers: readonly Server[];
	readonly #port: number;
	readonly #timeoutMs: number;
	readonly #zoneOf = onceEach((name: string) => this.#findZone(name));
	readonly #servers = new Map<string, Promise<ZoneServer[]>>();

	constructor({ resolvers = defaultResolvers(), port = defaultPort(), timeoutMs = 2_000 }: DnsOptions = {}) {
		this.#resolvers = resolvers;
		this.#port = port;
		this.#timeoutMs = timeoutMs;
	}

	/**
	 * Reads a name from all authoritative servers of its zone, side by side.
	 *
	 * @throws DnsError where the zone or its servers cannot be found; a server that fails is in the answer, with its fault
	 */
	async read(name: string, { isAnew = false }: ReadOptions = {}): Promise<NameReading> {
		const plain = plainName(name);
		const zone = await this.#zoneOf(plain);
		if (isAnew) this.#servers.set(zone, this.#findServersAnew(zone));
		const servers = await this.#serversOf(zone);
		const readings = await Promise.all(
			servers.map(async ({ server, at }): Promise<ServerReading> => {
				if (!("address" in at)) return { ...silent, server, ...at };
				const label = `${server} (${at.address})`;
				try {
					return { server: label, ...(await this.#readFrom({ address: at.address, port: this.#port }, zone, plain)) };
				} catch (error) {
					if (!(error instanceof NoReply)) throw error;
					const isUnheard = error instanceof Unheard;
					return { ...silent, server: label, fault: error.message, ...(isUnheard ? { isUnheard } : {}) };
				}
			}),
		);
		return { name: plain, zone, servers: readings.sort((one, other) => (one.server < other.server ? -1 : 1)) };
	}

	/** IPv4 addresses of a name, as a resolver has them; none where there are none. @throws DnsError where none answers */
	async addressesOf(name: string): Promise<string[]> {
		const { answers } = await this.#resolve({ name, type: "A", isRecursive: true });
		return answers.flatMap((answer) => (answer.type === "A" ? [answer.data] : [])).sort();
	}

	async #ipv6AddressesOf(name: string): Promise<string[]> {
		const { answers } = await this.#resolve({ name, type: "AAAA", isRecursive: true });
		return answers.flatMap((answer) => (answer.type === "AAAA" ? [answer.data] : [])).sort();
	}

	/** The zone is asked for first: who does not know it answers nothing else. */
	async #readFrom(server: Server, zone: string, name: string): Promise<Omit<ServerReading, "server" | "fault">> {
		const soa = await this.#askFor(server, zone, "SOA");
		const start = soa.answers.find((answer) => answer.type === "SOA" && sameName(answer.name, zone));
		if (!soa.isAuthoritative || start?.type !== "SOA") {
			throw new NoReply(`is no authority for ${zone} (lame delegation)`);
		}
		const { serial = 0, minimum = 0 } = start.data;
		const [a, aaaa, caa, ...others] = await Promise.all(
			(["A", "AAAA", "CAA", ...OTHER_TYPES] as const).map((type) => this.#askFor(server, name, type)),
		);
		const own = (reply: Reply | undefined) => (reply?.answers ?? []).filter((answer) => sameName(answer.name, name));
		const records = { A: setOf(own(a), "A"), CNAME: setOf(own(a), "CNAME"), AAAA: setOf(own(aaaa), "AAAA") };
		return {
			sets: Object.fromEntries(Object.entries(records).filter(([, set]) => set !== undefined)),
			caa: own(caa).flatMap((answer): CaaRecord[] => {
				if (answer.type !== "CAA") return [];
				const { flags = 0, tag, value } = answer.data;
				return [{ isCritical: (flags & 0x80) !== 0, tag, value }];
			}),
			others: OTHER_TYPES.filter((type, at) => own(others[at]).some((answer) => answer.type === type)),
			serial,
			negativeSeconds: Math.min(minimum, start.ttl ?? minimum),
		};
	}

	async #askFor(server: Server, name: string, type: RecordType): Promise<Reply> {
		const reply = await ask(server, { name, type, isRecursive: false }, this.#timeoutMs);
		if (reply.code === "NOERROR" || reply.code === "NXDOMAIN") return reply;
		throw new NoReply(
			`${reply.code === "REFUSED" ? "refuses the question" : "fails"} (${reply.code} for ${type} of ${name})`,
		);
	}

	/** The zone that a name is in: the first name above it, or itself, that has a SOA record. No list of public suffixes is needed. */
	async #findZone(name: string): Promise<string> {
		const labels = name.split(".");
		for (let first = 0; first < labels.length - 1; first += 1) {
			const zone = labels.slice(first).join(".");
			const { answers } = await this.#resolve({ name: zone, type: "SOA", isRecursive: true });
			if (answers.some((answer) => answer.type === "SOA" && sameName(answer.name, zone))) return zone;
		}
		throw new DnsError(
			`no zone of ${name} is found: neither it nor a name above it has a SOA record; register the domain, or correct the name in the stage file`,
		);
	}

	#serversOf(zone: string): Promise<ZoneServer[]> {
		const found = this.#servers.get(zone) ?? this.#findServers(zone);
		this.#servers.set(zone, found);
		return found;
	}

	async #findServers(zone: string): Promise<ZoneServer[]> {
		const { answers } = await this.#resolve({ name: zone, type: "NS", isRecursive: true });
		const names = serversIn(answers, zone);
		if (names.length === 0) throw new DnsError(`zone ${zone} has no NS records; add those of its servers`);
		return this.#findAddresses(names);
	}

	/** As the zone above delegates it, and as its servers name each other: resolvers follow either. */
	async #findServersAnew(zone: string): Promise<ZoneServer[]> {
		const delegated = await this.#askNs(await this.#findServersAbove(zone), zone);
		if (delegated.length === 0) return this.#findServers(zone);
		const servers = await this.#findAddresses(delegated);
		const own = await this.#askNs(servers, zone);
		const others = own.filter((name) => !delegated.includes(name));
		return [...servers, ...(await this.#findAddresses(others))];
	}

	async #findServersAbove(zone: string): Promise<ZoneServer[]> {
		const labels = zone.split(".");
		for (let first = 1; first < labels.length; first += 1) {
			const above = labels.slice(first).join(".");
			try {
				return await this.#serversOf(above);
			} catch (error) {
				if (!(error instanceof DnsError)) throw error;
			}
		}
		return [];
	}

	/** What the first one that answers says of a zone's servers, as its delegation or by itself. */
	async #askNs(servers: readonly ZoneServer[], zone: string): Promise<string[]> {
		for (const { at } of servers) {
			if (!("address" in at)) continue;
			const server = { address: at.address, port: this.#port };
			try {
				const { answers, authorities } = await this.#askFor(server, zone, "NS");
				const names = serversIn([...answers, ...authorities], zone);
				if (names.length > 0) return names;
			} catch (error) {
				if (!(error instanceof NoReply)) throw error;
			}
		}
		return [];
	}

	/** Every address of every server, as a name may stand for several machines; IPv6 where there is no other. */
	async #findAddresses(names: readonly string[]): Promise<ZoneServer[]> {
		const found = await Promise.all(
			names.map(async (server): Promise<ZoneServer[]> => {
				try {
					const ipv4 = await this.addressesOf(server);
					const addresses = ipv4.length > 0 ? ipv4 : await this.#ipv6AddressesOf(server);
					if (addresses.length > 0) return addresses.map((address) => ({ server, at: { address } }));
					return [{ server, at: { fault: "has no address" } }];
				} catch (error) {
					if (!(error instanceof DnsError)) throw error;
					return [{ server, at: { fault: "has an address that no resolver tells", isUnheard: true } }];
				}
			}),
		);
		return found.flat();
	}

	/** Asks one resolver after the other. */
	async #resolve(question: Question): Promise<Reply> {
		const faults: string[] = [];
		for (const resolver of this.#resolvers) {
			try {
				const reply = await ask(resolver, question, this.#timeoutMs);
				if (reply.code === "NOERROR" || reply.code === "NXDOMAIN") return reply;
				faults.push(`${resolver.address} fails (${reply.code})`);
			} catch (error) {
				if (!(error instanceof NoReply)) throw error;
				faults.push(`${resolver.address} ${error.message}`);
			}
		}
		throw new DnsError(
			`no resolver answers for ${question.type} of ${question.name}: ${faults.join("; ") || "there is none"}; name another one, as in MEDSTACK_TO_APTIBLE_DNS=1.1.1.1`,
		);
	}
}

/** Names of a zone's servers, each one once. */
function serversIn(answers: readonly Answer[], zone: string): string[] {
	const own = answers.flatMap((answer) =>
		answer.type === "NS" && sameName(answer.name, zone) ? [plainName(answer.data)] : [],
	);
	return [...new Set(own)];
}

function setOf(answers: readonly Answer[], type: "A" | "AAAA" | "CNAME"): RecordSet | undefined {
	const records = answers.flatMap((answer) => (answer.type === type ? [answer] : []));
	if (records.length === 0) return undefined;
	const values = records.map(({ data }) => plainName(String(data))).sort();
	return { ttlSeconds: Math.max(...records.map(({ ttl = 0 }) => ttl)), values };
}

function defaultResolvers(): Server[] {
	const named = process.env.MEDSTACK_TO_APTIBLE_DNS?.split(",").filter((text) => text.trim() !== "") ?? [];
	return (named.length > 0 ? named : getServers()).map(readServer);
}

function defaultPort(): number {
	const text = process.env.MEDSTACK_TO_APTIBLE_DNS_PORT;
	if (text === undefined || text === "") return DNS_PORT;
	return readPort(text, "MEDSTACK_TO_APTIBLE_DNS_PORT");
}

/** Reads `1.1.1.1`, `127.0.0.1:5353`, `2606:4700::1111` or `[::1]:5353`. @throws DnsError that says what is allowed */
export function readServer(text: string): Server {
	const plain = text.trim();
	if (isIP(plain) !== 0) return { address: plain, port: DNS_PORT };
	const [, bracketed, bare, port = ""] = /^(?:\[(.+)\]|([^:]+)):(\w+)$/.exec(plain) ?? [];
	const address = bracketed ?? bare ?? "";
	if (isIP(address) !== 0) return { address, port: readPort(port, plain) };
	throw new DnsError(
		`"${plain}" is no address of a DNS server; allowed: an address, with or without a port, such as 1.1.1.1 or 127.0.0.1:5353; set MEDSTACK_TO_APTIBLE_DNS, or unset it`,
	);
}

function readPort(text: string, where: string): number {
	const port = Number(text);
	if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
	throw new DnsError(`${where}: "${text}" is no port; allowed: 1 to 65535`);
}
