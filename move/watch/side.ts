/** What is known of one side from its log, by host; its memory does not grow with the log. */
import { Buckets } from "./buckets.ts";
import { type LoggedRequest, type LogLine, markIn } from "./lines.ts";
import { type Gaps, Numbers } from "./numbers.ts";

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
	/** Those that were answered with 2xx and 3xx, with 4xx, and with anything else, by time. */
	answered: Buckets;
	refused: Buckets;
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
	/** The marks of this watch and of former ones: on the old side nobody else is a probe. */
	marks: ReadonlySet<string>;
	/** The time of this machine, in milliseconds. */
	now: () => number;
}

/** How far a log's clock may be ahead of this machine's before a time in it is not believed. */
const AHEAD_MS = 5 * 60_000;
const MOST_CLIENTS = 5_000;
const LONGEST = 200;

export class Side {
	readonly #options: SideOptions;
	readonly #hosts: ReadonlyMap<string, HostFacts>;
	readonly #numbers = new Numbers();
	readonly #seen: Buckets;
	/** Time of the last line that is believed. */
	coveredTo: number | undefined;
	/** When the last line was read, by this machine's clock. */
	readAt: number | undefined;
	/** When the page service said last that it has dropped connections. */
	droppedAt: number | undefined;
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
					refused: buckets(),
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
		if (line.line !== undefined) this.#numbers.take(line.line, at);
		if (line.kind === "event") {
			if (line.dropped > 0) this.droppedAt = Math.max(this.droppedAt ?? at, at);
		} else if (line.kind === "health") this.counts.health += 1;
		else if (line.kind === "probe" && this.#isOwn(line)) this.#takeProbe(line);
		else this.#takeRequest(line, at, isBelieved);
	}

	/** On the new side a probe that is none counts as nobody too, which proves less and not more. */
	#isOwn({ agent, line }: LoggedRequest): boolean {
		return line === undefined || this.#options.marks.has(markIn(agent) ?? "");
	}

	#takeProbe({ host, agent }: LoggedRequest): void {
		this.counts.probes += 1;
		const probed = this.#hosts.get(host);
		if (probed !== undefined && markIn(agent) === this.#options.mark) probed.own += 1;
	}

	#takeRequest(line: LoggedRequest, at: number, isBelieved: boolean): void {
		const host = this.#hosts.get(line.host) ?? this.#hosts.get(line.host.replace(/^[^.]*/, "*"));
		if (host === undefined) {
			this.counts.elsewhere += 1;
			return;
		}
		if (!isBelieved) this.counts.timeless += 1;
		const { accepts } = this.#options;
		// The client may have written its first address itself; the proxy's it has not.
		if (accepts(line.client) && (line.via === undefined || accepts(line.via))) {
			host.accepted += 1;
			return;
		}
		host.requests += 1;
		host.last = Math.max(host.last ?? at, at);
		const { status = 200 } = line;
		const answer = status >= 200 && status < 400 ? "answered" : status >= 400 && status < 500 ? "refused" : "failed";
		host[answer].add(at);
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

	/** What of the page service's lines is not there. @param start of the time that has to be whole, in milliseconds */
	findGaps(start: number): Gaps {
		return this.#numbers.findGaps(start, (this.coveredTo ?? start) - this.#options.gapMs);
	}

	/** Whether it has a line of an instance of the page service. */
	hasInstance(instance: string): boolean {
		return this.#numbers.has(instance);
	}

	/** Requests of a domain, in all. */
	of(domain: string): Pick<HostFacts, "requests" | "last" | "further" | "accepted" | "own"> {
		return this.#host(domain);
	}

	/** Requests between two times, by how they were answered: with 2xx and 3xx, with 4xx, with anything else. */
	answers(domain: string, from: number, to: number): Record<"answered" | "refused" | "failed", number> {
		const { answered, refused, failed } = this.#host(domain);
		return {
			answered: answered.countBetween(from, to),
			refused: refused.countBetween(from, to),
			failed: failed.countBetween(from, to),
		};
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
