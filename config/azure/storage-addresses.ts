/** Addresses as the firewall of a storage account takes them (facts/azure.md §2; Azure docs: storage network security). */
import { isIPv4 } from "node:net";

/** Rules that an account has at most. */
export const mostIpRules = 400;

/** Networks that are not reachable from outside, which Azure refuses: RFC 1918, and what else cannot be a public source. */
const privateNetworks = [
	"10.0.0.0/8",
	"172.16.0.0/12",
	"192.168.0.0/16",
	"100.64.0.0/10",
	"127.0.0.0/8",
	"169.254.0.0/16",
];

/** An address as a number, and the number of fixed bits behind it. */
interface Range {
	start: number;
	length: number;
}

function readRange(text: string): Range | undefined {
	const [address = "", length = "32", ...rest] = text.split("/");
	if (!isIPv4(address) || rest.length > 0 || !/^(?:[0-9]|[12][0-9]|3[0-2])$/.test(length)) return undefined;
	const start = address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
	return { start, length: Number(length) };
}

function renderAddress(start: number): string {
	return [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256).join(".");
}

function contains(network: Range, { start, length }: Range): boolean {
	const size = 2 ** (32 - network.length);
	return length >= network.length && Math.floor(start / size) === Math.floor(network.start / size);
}

/** The private network that an address or range lies in. */
export function privateNetworkOf(text: string): string | undefined {
	const range = readRange(text);
	return privateNetworks.find((network) => {
		const read = readRange(network);
		return range !== undefined && read !== undefined && contains(read, range);
	});
}

/** Bits that a range fixes: 32 for one address. */
export function prefixLength(text: string): number {
	return readRange(text)?.length ?? 32;
}

/** How many public addresses are in at least one of the ranges. */
export function countPublicAddresses(ranges: readonly string[]): number {
	let end = 0;
	let count = 0;
	for (const text of sortRules(ranges)) {
		const range = readRange(text);
		if (range === undefined || privateNetworkOf(text) !== undefined) continue;
		const size = 2 ** (32 - range.length);
		const start = range.start - (range.start % size);
		count += Math.max(0, start + size - Math.max(start, end));
		end = Math.max(end, start + size);
	}
	return count;
}

/** Whether a rule (an address, or a network in CIDR form) lets an address in. */
export function admits(rule: string, address: string): boolean {
	const network = readRange(rule);
	const one = readRange(address);
	return network !== undefined && one !== undefined && contains(network, one);
}

/**
 * An address or range in the form of the firewall: no host bits, and no `/32` or `/31`, which Azure refuses, but the one
 * address or the two.
 */
export function rulesOf(text: string): string[] {
	const range = readRange(text);
	if (range === undefined) throw new Error(`"${text}" is not an IPv4 address or range`);
	const start = range.start - (range.start % 2 ** (32 - range.length));
	if (range.length === 32) return [renderAddress(start)];
	if (range.length === 31) return [renderAddress(start), renderAddress(start + 1)];
	return [`${renderAddress(start)}/${range.length}`];
}

/** Rules without duplicates, by number, so that no other order makes a change of them. */
export function sortRules(rules: readonly string[]): string[] {
	const keyOf = (rule: string) => readRange(rule) ?? { start: 0, length: 0 };
	return [...new Set(rules)].sort((a, b) => keyOf(a).start - keyOf(b).start || keyOf(a).length - keyOf(b).length);
}
