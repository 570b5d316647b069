import { Resolver } from "node:dns/promises";

const queryTimeoutMs = 2_000;
const queries = 2;
/** A chain of aliases longer than this is a loop. */
const longestChain = 8;

/** A resolver that gives up after some seconds: `MEDSTACK_TO_APTIBLE_DNS` names servers (`1.1.1.1,127.0.0.1:5353`) to ask instead of the machine's own. */
function openResolver(): Resolver {
	const resolver = new Resolver({ timeout: queryTimeoutMs, tries: queries });
	const servers = process.env.MEDSTACK_TO_APTIBLE_DNS;
	if (servers) resolver.setServers(servers.split(",").map((server) => server.trim()));
	return resolver;
}

/** Whether a name leads to another by CNAME records; false where nobody answers, too. */
export async function leadsTo(name: string, target: string): Promise<boolean> {
	const resolver = openResolver();
	let current = name;
	for (let hop = 0; hop < longestChain; hop += 1) {
		const [next] = await resolver.resolveCname(current).catch(() => []);
		if (next === undefined) return false;
		if (sameName(next, target)) return true;
		current = next;
	}
	return false;
}

/** IPv4 addresses of a name; none where nobody answers. */
export function addressesOf(name: string): Promise<string[]> {
	return openResolver()
		.resolve4(name)
		.catch(() => []);
}

function sameName(a: string, b: string): boolean {
	const plain = (name: string) => name.toLowerCase().replace(/\.$/, "");
	return plain(a) === plain(b);
}
