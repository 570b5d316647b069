/** Zones with several authoritative servers, which may disagree or fail, and a resolver that knows them. */
import { type DnsAnswer, type DnsRecord, parseRecord } from "./message.ts";
import { type AskedQuestion, type DnsServer, startDnsServer } from "./server.ts";

/**
 * What is wrong with a server: `dead` answers nothing, `refused` refuses every question, `lame` knows nothing of the zone, `truncated` says over UDP
 * that the answer is too long, `truncated-dead` does so and answers nothing over TCP.
 */
export type DnsFault = "dead" | "refused" | "lame" | "truncated" | "truncated-dead";

export interface AuthoritySetup {
	/** Lines such as `portal.acme.example 300 A 203.0.113.9`; the zone's SOA record among them. */
	records: readonly string[];
	fault?: DnsFault;
}

/** By its name, such as `acme.example`, the zone's servers by theirs; one of `nowhere` has a name without an address, and for that of one that is `unresolved` the resolver fails. */
export type ZonesSetup = Readonly<Record<string, Readonly<Record<string, AuthoritySetup | "nowhere" | "unresolved">>>>;

export interface DnsWorld {
	/** Address of the resolver, as `MEDSTACK_TO_APTIBLE_DNS` takes it. */
	resolver: string;
	/** Of every server. */
	port: number;
	/** What a server was asked; `resolver` is one too. */
	asked(server: string): readonly AskedQuestion[];
	/** Gives a server other records, or another fault. */
	change(server: string, setup: AuthoritySetup): void;
	close(): Promise<void>;
}

/** How many are tried. */
const PORTS = 5;
const NO_ERROR = 0;
const SERVER_FAILURE = 2;
const NAME_ERROR = 3;
const REFUSED = 5;

/**
 * Starts every server at an address of its own on the loopback network (127.0.0.2 and on), the resolver at 127.0.0.1. Linux has these
 * addresses; on macOS they are made first: `sudo ifconfig lo0 alias 127.0.0.2`.
 */
export async function startDnsWorld(zones: ZonesSetup): Promise<DnsWorld> {
	const setups = new Map<string, AuthoritySetup>();
	const zoneOf = new Map<string, string>();
	const addresses = new Map<string, string>();
	const unresolved = new Set<string>();
	for (const [zone, servers] of Object.entries(zones)) {
		for (const [name, setup] of Object.entries(servers)) {
			zoneOf.set(name, zone);
			if (setup === "unresolved") unresolved.add(name);
			if (typeof setup === "string") continue;
			setups.set(name, setup);
			addresses.set(name, `127.0.0.${2 + addresses.size}`);
		}
	}
	/** What a resolver finds: of each zone what its first server without a fault has, else its first one. */
	const findRecords = (): DnsRecord[] =>
		Object.keys(zones).flatMap((zone) => {
			const names = [...zoneOf].flatMap(([name, one]) => (one === zone ? [name] : []));
			const own = names.flatMap((name) => setups.get(name) ?? []);
			return [
				...((own.find(({ fault }) => fault === undefined) ?? own[0])?.records ?? []),
				...names.map((name) => `${zone} 3600 NS ${name}`),
				...names.flatMap((name) => (addresses.has(name) ? [`${name} 3600 A ${addresses.get(name)}`] : [])),
			].map(parseRecord);
		});
	const started = new Map<string, DnsServer>();
	const close = async () => {
		await Promise.all([...started.values()].map((server) => server.close()));
		started.clear();
	};
	const start = async () => {
		const resolver = await startDnsServer("127.0.0.1", 0, (question) => {
			const found = findAnswer(question, findRecords(), Object.keys(zones));
			return { ...found, ...(unresolved.has(question.name) ? { code: SERVER_FAILURE } : {}), isAuthoritative: false };
		});
		started.set("resolver", resolver);
		for (const [name, address] of addresses) {
			const answer = (question: AskedQuestion) => answerAs(setups.get(name), question, zoneOf.get(name) ?? "");
			started.set(name, await startDnsServer(address, resolver.port, answer));
		}
		return resolver.port;
	};
	const port = await startAnew(start, close);
	return {
		resolver: `127.0.0.1:${port}`,
		port,
		asked: (server) => started.get(server)?.asked ?? [],
		change: (server, setup) => void setups.set(server, setup),
		close,
	};
}

/** Somebody else may have the port over TCP, or at one of the addresses: then another one. */
async function startAnew<T>(start: () => Promise<T>, close: () => Promise<void>): Promise<T> {
	for (let left = PORTS; ; left -= 1) {
		try {
			return await start();
		} catch (error) {
			await close();
			if (left === 1 || (error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
		}
	}
}

function answerAs(setup: AuthoritySetup | undefined, question: AskedQuestion, zone: string): DnsAnswer | undefined {
	const nothing = { answers: [], authorities: [] };
	const fault = setup?.fault;
	if (setup === undefined || fault === "dead" || (fault === "truncated-dead" && question.isTcp)) return undefined;
	if (fault === "refused") return { ...nothing, code: REFUSED, isAuthoritative: false };
	if (fault === "lame") return { ...nothing, code: NO_ERROR, isAuthoritative: false };
	if (fault !== undefined && !question.isTcp) {
		return { ...nothing, code: NO_ERROR, isAuthoritative: true, isTruncated: true };
	}
	return { ...findAnswer(question, setup.records.map(parseRecord), [zone]), isAuthoritative: true };
}

/** As servers answer (RFC 1034 §4.3.2): a CNAME with what it leads to as far as it is known; else the SOA record of the zone. */
function findAnswer(
	{ name, type }: AskedQuestion,
	records: readonly DnsRecord[],
	zones: readonly string[],
): Omit<DnsAnswer, "isAuthoritative"> {
	const answers: DnsRecord[] = [];
	let current = name;
	for (let hop = 0; hop < 8; hop += 1) {
		const own = recordsOf(records, current);
		const found = own.filter((record) => record.type === type);
		const alias = own.find((record) => record.type === "CNAME");
		answers.push(...(found.length > 0 ? found : alias === undefined ? [] : [alias]));
		if (found.length > 0 || alias === undefined) break;
		current = (alias.data[0] ?? "").toLowerCase();
	}
	const isThere = recordsOf(records, name).length > 0 || records.some((record) => record.name.endsWith(`.${name}`));
	const zone = zones.filter((one) => name === one || name.endsWith(`.${one}`)).sort((a, b) => b.length - a.length)[0];
	const start = records.filter((record) => record.type === "SOA" && record.name === zone);
	return { code: isThere ? NO_ERROR : NAME_ERROR, answers, authorities: answers.length > 0 ? [] : start };
}

/** Its own records, or where nothing of that name is there those of the wildcard beside it (RFC 4592), one level deep. */
function recordsOf(records: readonly DnsRecord[], name: string): DnsRecord[] {
	const own = records.filter((record) => record.name === name);
	if (own.length > 0 || records.some((record) => record.name.endsWith(`.${name}`))) return own;
	const wildcard = `*.${name.split(".").slice(1).join(".")}`;
	return records.flatMap((record) => (record.name === wildcard ? [{ ...record, name }] : []));
}
