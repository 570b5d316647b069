/** Who changes the records of a domain, by `via` of the stage file. */
import type { DnsWay } from "../../config/move.ts";
import { nameWithin } from "../../config/stable-names.ts";
import { openCloudflare } from "./cloudflare.ts";
import { type DnsProvider, type ProviderOptions, type Put, type WantedRecord, writeThrough } from "./provider.ts";
import { openRoute53 } from "./route53.ts";

/** @throws DnsProviderError where its client or its credentials are missing */
export async function openProvider(via: DnsWay, options: ProviderOptions): Promise<DnsProvider> {
	switch (via) {
		case "azure":
			return { ...passive, put: async (_, { name }) => leaveToStack(name, options.tell) };
		case "manual":
			return { ...passive, put: async (zone, wanted) => putByHand(zone, wanted, options.tell) };
		case "route53":
			return writeThrough(await openRoute53(options));
		case "cloudflare":
			return writeThrough(await openCloudflare(options));
	}
}

const passive = { isWriting: false, check: async () => [] } as const;

function leaveToStack(name: string, tell: (line: string) => void): Put {
	tell(`${name} is a record of the stack; where \`pulumi up --stack STACK\` has not been run in this phase, do it now`);
	return "elsewhere";
}

function putByHand(zone: string, { name, type, value, ttlSeconds }: WantedRecord, tell: (line: string) => void): Put {
	const label = nameWithin(name, zone);
	tell(
		`at the DNS host of ${zone}: the record ${label} of type ${type} gets the value ${value}${type === "CNAME" ? "." : ""} and the TTL ${ttlSeconds} (in a zone file: ${name}. ${ttlSeconds} IN ${type} ${value}${type === "CNAME" ? "." : ""})`,
	);
	return "elsewhere";
}
