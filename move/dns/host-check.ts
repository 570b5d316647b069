/** What the host of a domain's zone says before anything is changed: DNS shows neither its refusals nor whose a record is. */
import type { StageDomain } from "../plan/domains.ts";
import { describeSets, mergeServers } from "./differences.ts";
import { readOurs } from "./point-notes.ts";
import type { RefusePointingOptions } from "./point-options.ts";
import { isAnswered, isFromWildcard, pointingTo } from "./pointing.ts";
import { DnsProviderError, describeForeign, type WantedRecord } from "./provider.ts";
import type { RecordSets } from "./reader.ts";
import type { ReadDomain } from "./young-ttl.ts";

/** Why a domain's DNS host would not do what is asked of it, a line each with the fix; none of what the stack does. */
export async function askHost(options: RefusePointingOptions, { subject, facts }: ReadDomain): Promise<string[]> {
	const { to, moved, providerOf, isPreparing = false } = options;
	const via = subject.moved?.via;
	// An apex is refused whoever hosts it.
	if (via === undefined || via === "azure" || typeof facts === "string" || subject.domain === facts.reading.zone) {
		return [];
	}
	const { sets, reading } = facts;
	try {
		const { stable, own } = pointingTo(to, subject, isPreparing);
		const provider = await providerOf(via);
		if (!provider.isWriting) return (await Promise.all(stable.map((one) => findForeign(options, one)))).flat();
		for (const wanted of stable) {
			const terms = { mayReplace: isPreparing, known: readOurs(moved, wanted.name) };
			await provider.check(reading.zone, wanted, terms);
		}
		const types = await provider.check(reading.zone, own, { mayReplace: isPreparing });
		return types.includes("CNAME") && sets.CNAME === undefined ? describeFlat(subject, sets) : [];
	} catch (error) {
		return [describeRefusal(subject.domain, error)];
	}
}

/** What a DNS host, or what stands before it, says. */
export function describeRefusal(name: string, error: unknown): string {
	const { message } = error as Error;
	if (error instanceof DnsProviderError) return message;
	return message.startsWith(`${name}:`) ? message : `${name}: its DNS host says: ${message}`;
}

/** Where a person changes the record, DNS alone says what it is. */
async function findForeign({ dns, moved }: RefusePointingOptions, wanted: WantedRecord): Promise<string[]> {
	const sets = mergeServers(await dns.read(wanted.name));
	const values = Object.values(sets).flatMap((set) => set.values);
	const known = [wanted.value, ...readOurs(moved, wanted.name)];
	if (isAnswered(sets, wanted, []) || values.every((value) => known.includes(value))) return [];
	return (await isFromWildcard(dns, wanted.name, sets)) ? [] : [describeForeign(wanted.name, describeSets(sets))];
}

function describeFlat({ domain }: StageDomain, sets: RecordSets): string[] {
	if (Object.keys(sets).length === 0) return [];
	return [
		`${domain} is a CNAME at its DNS host, which answers with the addresses behind it (${describeSets(sets)}), so that nobody sees where it leads; turn CNAME flattening off for it there, days before the night`,
	];
}
