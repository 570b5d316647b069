/** Clients that a person names: addresses and networks. */
import { BlockList, isIP } from "node:net";

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

/** Networks that a person may know all of; with a larger one accepted, silence would prove nothing. */
const SHORTEST_PREFIX = { 4: 16, 6: 32 } as const;

/** Whether a text names a client: an address, or a network with its prefix, of 16 bits at least and of 32 with IPv6. */
export function isClient(text: string): boolean {
	const [address = "", prefix, ...more] = text.split("/");
	const version = isIP(address) as 0 | 4 | 6;
	if (version === 0 || more.length > 0) return false;
	if (prefix === undefined) return true;
	const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : 0;
	return bits >= SHORTEST_PREFIX[version] && bits <= (version === 4 ? 32 : 128);
}
