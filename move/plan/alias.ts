/** How a domain that is an address becomes a CNAME before the night, so that the night changes one value. */
import { NIGHT_TTL_SECONDS, oldName } from "../../config/stable-names.ts";
import type { RecordSets } from "../dns/reader.ts";
import type { DomainFacts, StageDomain } from "./domains.ts";

/** The addresses of a name as records: `A 203.0.113.9`. */
export function listAddresses({ A, AAAA }: RecordSets): string[] {
	return [...(A?.values ?? []).map((value) => `A ${value}`), ...(AAAA?.values ?? []).map((value) => `AAAA ${value}`)];
}

/** For how long resolvers keep in mind that a record is not there. */
export function negativeSecondsOf({ reading }: DomainFacts): number {
	return Math.max(...reading.servers.map(({ negativeSeconds }) => negativeSeconds));
}

/** What makes a CNAME of it, in order; nothing where it is no address, cannot be a CNAME, or was not read. */
export function describeAlias({ domain, record, moved }: StageDomain, facts: DomainFacts | string): string[] {
	if (typeof facts === "string" || domain === facts.reading.zone) return [];
	const own = listAddresses(facts.sets);
	if (facts.sets.CNAME !== undefined || own.length === 0) return [];
	const old = oldName(domain);
	const gap = `at a quiet hour: \`pulumi up\` deletes the address and then makes the CNAME (facts/azure.md §5), so that the name is gone for seconds, which resolvers keep for ${negativeSecondsOf(facts)} s`;
	if (moved?.via === "azure")
		return [`run \`pulumi up --stack STACK\` with phase: prepare, days before the night, ${gap}`];
	if (moved?.via === "route53" || moved?.via === "cloudflare") {
		return [
			"run npm run move -- point --to old --stack STACK in the phase prepare, days before the night: both records are made in one change",
		];
	}
	const cname = `the CNAME \`${old}\` with TTL ${NIGHT_TTL_SECONDS} s, days before the night`;
	return [
		`make \`${old}\` with ${own.join(", ")} and TTL ${NIGHT_TTL_SECONDS} s`,
		record === undefined
			? `in one change of the zone, replace the records of ${domain} by ${cname}`
			: `make ${record} ${cname} and ${gap}; one with \`import: true\` loses that line first, in a \`pulumi up\` of its own`,
	];
}
