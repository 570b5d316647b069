/** What is known of one side from its log, by host; its memory does not grow with the log. */
import { BlockList, isIP } from "node:net";
import { Buckets } from "./buckets.ts";
import type { LoggedRequest, LogLine } from "./lines.ts";

/** Who has come to a host. */
export interface Client {
	client: string;
	count: number;
	/** Milliseconds since 1970, by the log's clock. */
	last: number;
	/** Of its last request. */
	agent: string;
}

interface HostFacts {
	/** Requests of people and programs: neither probes, nor health checks, nor accepted clients. */
	requests: number;
	/** Time of the last of them. */
	last: number | undefined;
	/** Those that were answered below 500, by time. */
	answered: Buckets;
	failed: Buckets;
	clients: Map<string, Client>;
	/** Requests of clients that had no room. */
	further: number;
	/** End of the log when clients were forgotten last, in milliseconds. */
	sweptAt: number;
	accepted: number;
	/** Probes of this very watch. */
	own: number;
}

export interface SideOptions {
	/** Domains that are watched; `*.acme.example` stands for each name right below. */
	domains: readonly string[];
	/** For how long before the log's end something has to be known, in milliseconds. */
	windowMs: number;
	/** Longest time without any line in which a log counts as whole, in milliseconds. */
	gapMs: number;
	accepts: (client: string) => boolean;
	/** What the probes of this very watch have in their user agent. */
	mark: string;
	/** The time of this machine, in milliseconds. */
	now: () => number;
}

/** How far a log's clock may be ahead of this machine's before a time in it is not believed. */
const AHEAD_MS = 5 * 60_000;
const MOST_CLIENTS = 5_000;
const MOST_INSTANCES = 1_000;
const LONGEST = 200;

export class Side {
	readonly #options: SideOptions;
	readonly #hosts: ReadonlyMap<string, HostFacts>;
	readonly #instances = new Map<string, { told: number; first: number; counted: number }>();
	readonly #seen: Buckets;
	/** Time of the last line that is believed. */
	coveredTo: number | undefined;
	/** When the last line was read, by this machine's clock. */
	readAt: number | undefined;
	readonly counts = {
		lines: 0,
		/** Lines that are no request of this side's form. */
		unknown: 0,
		probes: 0,
		health: 0,
		/** Requests for hosts that are not watched. */
		elsewhere: 0,
		zoneless: 0,
		/** Requests whose time is missing or later than now; they count as now. */
		timeless: 0,
		restarts: 0,
	};

	constructor(options: SideOptions) {
		this.#options = options;
		const { gapMs, windowMs, domains } = options;
		const buckets = () => new Buckets(Math.max(1, gapMs / 3), 2 * windowMs);
		this.#seen = buckets();
		this.#hosts = new Map(
			domains.map((domain) => [
				domain,
				{
					requests: 0,
					last: undefined,
					answered: buckets(),
					failed: buckets(),
					clients: new Map(),
					further: 0,
					sweptAt: Number.NEGATIVE_INFINITY,
					accepted: 0,
					own: 0,
				},
			]),
		);
	}

	/** Takes a line in; undefined stands for one that is none of this side's. */
	take(line: LogLine | undefined): void {
		this.counts.lines += 1;
		if (line === undefined) {
			this.counts.unknown += 1;
			return;
		}
		if (line.isZoneless) this.counts.zoneless += 1;
		const now = this.#options.now();
		this.readAt = now;
		const isBelieved = line.at !== undefined && line.at <= now + AHEAD_MS;
		const at = isBelieved ? (line.at ?? now) : now;
		if (isBelieved) {
			this.coveredTo = Math.max(this.coveredTo ?? at, at);
			this.#seen.add(at);
		}
		this.#count(line);
		if (line.kind === "event") return;
		if (line.kind === "probe") this.#takeProbe(line);
		else if (line.kind === "health") this.counts.health += 1;
		else this.#takeRequest(line, at, isBelieved);
	}

	/** Counts what an instance of the page service has logged, beside what it says that it has answered. */
	#count(line: LogLine): void {
		const { instance } = line;
		if (instance === undefined) return;
		const own = this.#instances.get(instance);
		if (line.kind === "event") {
			if (own === undefined && this.#instances.size >= MOST_INSTANCES) return;
			// What came before its first event may not be in this log; lines may be in any order.
			if (own === undefined) {
				this.#instances.set(instance, { told: line.hits, first: line.hits, counted: 0 });
				return;
			}
			own.told = Math.max(own.told, line.hits);
			own.first = Math.min(own.first, line.hits);
		} else if (own !== undefined) own.counted += 1;
	}

	#takeProbe({ host, agent }: LoggedRequest): void {
		this.counts.probes += 1;
		const probed = this.#hosts.get(host);
		if (probed !== undefined && agent.includes(this.#options.mark)) probed.own += 1;
	}

	#takeRequest(line: LoggedRequest, at: number, isBelieved: boolean): void {
		const host = this.#hosts.get(line.host) ?? this.#hosts.get(line.host.replace(/^[^.]*/, "*"));
		if (host === undefined) {
			this.counts.elsewhere += 1;
			return;
		}
		if (!isBelieved) this.counts.timeless += 1;
		if (this.#options.accepts(line.client)) {
			host.accepted += 1;
			return;
		}
		host.requests += 1;
		host.last = Math.max(host.last ?? at, at);
		((line.status ?? 200) < 500 ? host.answered : host.failed).add(at);
		const former = host.clients.get(line.client);
		if (former === undefined) {
			if (!this.#hasRoom(host)) {
				host.further += 1;
				return;
			}
			const client = line.client.slice(0, LONGEST);
			host.clients.set(client, { client, count: 1, last: at, agent: line.agent.slice(0, LONGEST) });
			return;
		}
		former.count += 1;
		if (at < former.last) return;
		former.last = at;
		former.agent = line.agent.slice(0, LONGEST);
	}

	/** Makes room by forgetting who has not come for long, once in a while: each time looks at all of them. */
	#hasRoom(host: HostFacts): boolean {
		const { clients } = host;
		const { windowMs } = this.#options;
		const end = this.coveredTo ?? 0;
		if (clients.size < MOST_CLIENTS) return true;
		if (end < host.sweptAt + windowMs / 10) return false;
		host.sweptAt = end;
		for (const [name, { last }] of clients) if (last < end - windowMs) clients.delete(name);
		return clients.size < MOST_CLIENTS;
	}

	/** From when on the log is whole up to its end, in milliseconds; undefined where it has no line. */
	get wholeSince(): number | undefined {
		const since = this.#seen.unbrokenSince(this.#options.gapMs);
		return since === undefined ? undefined : Math.min(since, this.coveredTo ?? since);
	}

	/** Requests that instances of the page service say they have answered, and no line tells of. */
	get missing(): number {
		let sum = 0;
		for (const { told, first, counted } of this.#instances.values()) sum += Math.max(0, told - first - counted);
		return sum;
	}

	/** Requests of a domain, in all. */
	of(domain: string): Pick<HostFacts, "requests" | "last" | "further" | "accepted" | "own"> {
		return this.#host(domain);
	}

	/** Requests between two times that were answered below 500, and others. */
	answers(domain: string, from: number, to: number): { answered: number; failed: number } {
		const { answered, failed } = this.#host(domain);
		return { answered: answered.countBetween(from, to), failed: failed.countBetween(from, to) };
	}

	/** Who has come to a domain since a time, the last one first. */
	clientsSince(domain: string, since: number): Client[] {
		const { clients } = this.#host(domain);
		return [...clients.values()].filter(({ last }) => last >= since).sort((one, other) => other.last - one.last);
	}

	#host(domain: string): HostFacts {
		const host = this.#hosts.get(domain);
		if (host === undefined) throw new Error(`${domain} is not watched`);
		return host;
	}
}

/** Whether clients are among those that a person has accepted. @param accepted addresses and networks such as 198.51.100.0/24 */
export function acceptance(accepted: readonly string[]): (client: string) => boolean {
	const list = new BlockList();
	for (const one of accepted) {
		const [address = "", prefix] = one.split("/");
		const family = isIP(address) === 6 ? "ipv6" : "ipv4";
		if (prefix === undefined) list.addAddress(address, family);
		else list.addSubnet(address, Number(prefix), family);
	}
	if (accepted.length === 0) return () => false;
	return (client) => {
		const version = isIP(client);
		return version !== 0 && list.check(client, version === 6 ? "ipv6" : "ipv4");
	};
}

/** Whether a text names a client: an address, or a network with its prefix. */
export function isClient(text: string): boolean {
	const [address = "", prefix, ...more] = text.split("/");
	const version = isIP(address);
	if (version === 0 || more.length > 0) return false;
	return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
}
