/** A resolver beside a client, which keeps what it was told for as long as the records say. */
import { addressesIn, askForAddresses, type DnsReply } from "../dns/client.ts";

/** What a name leads to, and until when it is kept, in milliseconds since 1970. */
interface Kept {
	addresses: readonly string[];
	until: number;
}

export interface ResolverOptions {
	/** Server that it asks: `127.0.0.1:5353`. */
	server: string;
	/** For how long an answer is kept at least, whatever its TTL, as clients do that hold on. @default 0 */
	leastSeconds?: number;
	/** The time, in milliseconds since 1970. @default Date.now */
	now?: () => number;
}

export class CachingResolver {
	readonly #options: ResolverOptions;
	readonly #kept = new Map<string, Kept>();
	/** How often the server was asked. */
	questions = 0;

	constructor(options: ResolverOptions) {
		this.#options = options;
	}

	/** IPv4 addresses of a name; none where it has none. @throws where nothing is kept and the server does not answer */
	async addressesOf(name: string): Promise<readonly string[]> {
		const { server, leastSeconds = 0, now = Date.now } = this.#options;
		const kept = this.#kept.get(name);
		if (kept !== undefined && kept.until > now()) return kept.addresses;
		this.questions += 1;
		const reply = await askForAddresses(server, name);
		const addresses = addressesIn(reply);
		const seconds = Math.max(secondsOf(reply, addresses.length > 0), leastSeconds);
		this.#kept.set(name, { addresses, until: now() + seconds * 1000 });
		return addresses;
	}
}

/** The shortest TTL of the chain; of what is not there, that of the zone (RFC 2308 §5). */
function secondsOf({ answers, authorities }: DnsReply, isThere: boolean): number {
	if (isThere) return Math.min(...answers.map(({ ttl }) => ttl));
	const start = authorities.find(({ type }) => type === "SOA");
	return start === undefined ? 0 : Math.min(start.ttl, Number(start.data[6]));
}
