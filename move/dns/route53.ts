/**
 * Records in Amazon Route 53, by its own client. A change batch is made as a whole or not at all
 * (https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html).
 */
import { plainName, sameName } from "./exchange.ts";
import { onceEach } from "./once.ts";
import {
	DnsProviderError,
	loadClient,
	type ProviderOptions,
	type ProviderSet,
	requireSecret,
	type ZoneClient,
} from "./provider.ts";

/** The service has one endpoint for all regions, and its requests are signed for this one. */
const REGION = "us-east-1";

interface RecordSet {
	Name?: string;
	Type?: string;
	TTL?: number;
	ResourceRecords?: { Value?: string }[];
	AliasTarget?: object;
	SetIdentifier?: string;
}

interface HostedZone {
	Id?: string;
	Name?: string;
	Config?: { PrivateZone?: boolean };
}

/** What is used of the client (README of @aws-sdk/client-route-53; operations by the names of the API). */
interface Route53 {
	listHostedZonesByName(input: { DNSName: string }): Promise<{ HostedZones?: HostedZone[] }>;
	listResourceRecordSets(input: {
		HostedZoneId: string;
		StartRecordName: string;
	}): Promise<{ ResourceRecordSets?: RecordSet[] }>;
	changeResourceRecordSets(input: {
		HostedZoneId: string;
		ChangeBatch: { Changes: { Action: "CREATE" | "DELETE" | "UPSERT"; ResourceRecordSet: RecordSet }[] };
	}): Promise<unknown>;
}

interface Module {
	Route53: new (config: object) => Route53;
}

/** Credentials are AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of the environment alone; AWS_ENDPOINT_URL_ROUTE_53 names another address. */
export async function openRoute53(options: ProviderOptions): Promise<ZoneClient> {
	const { env } = options;
	const secret = (name: string) => requireSecret(options, name, "that of a login that may change records in Route 53");
	const credentials = { accessKeyId: secret("AWS_ACCESS_KEY_ID"), secretAccessKey: secret("AWS_SECRET_ACCESS_KEY") };
	const sessionToken = env.AWS_SESSION_TOKEN ? secret("AWS_SESSION_TOKEN") : undefined;
	const endpoint = env.AWS_ENDPOINT_URL_ROUTE_53;
	const { Route53 } = await loadClient<Module>("@aws-sdk/client-route-53", options);
	const client = new Route53({
		region: REGION,
		credentials: { ...credentials, ...(sessionToken === undefined ? {} : { sessionToken }) },
		...(endpoint ? { endpoint } : {}),
	});
	const idOf = onceEach((zone: string) => findZone(client, zone));
	return {
		list: async (zone, name) => {
			// In the order of their names, so that those of this one come first; no name has as many as a page takes, 300.
			const { ResourceRecordSets: sets = [] } = await client.listResourceRecordSets({
				HostedZoneId: await idOf(zone),
				StartRecordName: name,
			});
			return sets.filter((set) => sameName(set.Name ?? "", name)).map(readSet);
		},
		replace: async (zone, former, { name, type, value, ttlSeconds }) => {
			const gone = former.filter((set) => set.type !== type);
			const set = { Name: name, Type: type, TTL: ttlSeconds, ResourceRecords: [{ Value: value }] };
			await client.changeResourceRecordSets({
				HostedZoneId: await idOf(zone),
				ChangeBatch: {
					Changes: [
						...gone.map(({ own }) => ({ Action: "DELETE" as const, ResourceRecordSet: own as RecordSet })),
						{ Action: "UPSERT", ResourceRecordSet: set },
					],
				},
			});
		},
	};
}

async function findZone(client: Route53, zone: string): Promise<string> {
	const { HostedZones: zones = [] } = await client.listHostedZonesByName({ DNSName: zone });
	const found = zones.filter(({ Name = "", Config }) => sameName(Name, zone) && Config?.PrivateZone !== true);
	const [only, another] = found;
	if (only?.Id !== undefined && another === undefined) return only.Id;
	throw new DnsProviderError(
		another === undefined
			? `this login sees no public hosted zone ${zone} in Route 53; give it the account's credentials (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY), or correct via in the stage file`
			: `Route 53 has ${found.length} public hosted zones ${zone} (${found.map(({ Id }) => Id).join(", ")}), and which one answers is not known here; remove the one that the domain's registrar does not name`,
	);
}

function readSet(set: RecordSet): ProviderSet {
	const { Type: type = "", TTL: ttlSeconds = 0, ResourceRecords = [], AliasTarget, SetIdentifier } = set;
	const values = ResourceRecords.map(({ Value = "" }) => plainName(Value));
	const fixed =
		AliasTarget !== undefined
			? "is an alias, which has no TTL of its own; replace it by a plain record first"
			: SetIdentifier !== undefined
				? "has a routing policy, by which it is one of several; replace them by one plain record first"
				: undefined;
	return { type, values, ttlSeconds, own: set, ...(fixed === undefined ? {} : { fixed }) };
}
