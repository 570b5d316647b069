/**
 * Records at Cloudflare, by its own client. A batch is one transaction, deletions first; its records reach the servers one by one
 * (https://developers.cloudflare.com/dns/manage-dns-records/how-to/batch-record-changes/).
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

/** Of one request, of which the client makes up to three. */
const TIMEOUT_MS = 20_000;

interface CloudflareRecord {
	id: string;
	name: string;
	type: string;
	content?: string;
	ttl: number;
	proxied?: boolean;
}

interface NewRecord {
	name: string;
	type: string;
	content: string;
	ttl: number;
	proxied: boolean;
}

/** What is used of the client (api.md of cloudflare@7.3.0). */
interface Cloudflare {
	zones: { list(query: { name: string }): AsyncIterable<{ id: string; name: string; status?: string }> };
	dns: {
		records: {
			list(query: { zone_id: string; name: { exact: string } }): AsyncIterable<CloudflareRecord>;
			edit(id: string, record: NewRecord & { zone_id: string }): PromiseLike<unknown>;
			batch(changes: { zone_id: string; deletes: { id: string }[]; posts: NewRecord[] }): PromiseLike<unknown>;
		};
	};
}

interface Module {
	default: new (config: object) => Cloudflare;
}

/** Its credential is CLOUDFLARE_API_TOKEN of the environment alone; CLOUDFLARE_BASE_URL names another address. */
export async function openCloudflare(options: ProviderOptions): Promise<ZoneClient> {
	const apiToken = requireSecret(
		options,
		"CLOUDFLARE_API_TOKEN",
		"a token with the permissions Zone Read and DNS Write for the zone",
	);
	const baseURL = options.env.CLOUDFLARE_BASE_URL;
	const { default: Client } = await loadClient<Module>("cloudflare", options);
	// A key or an address of the environment that is named here is not read by the client.
	const client = new Client({
		apiToken,
		apiKey: null,
		apiEmail: null,
		userServiceKey: null,
		timeout: TIMEOUT_MS,
		logLevel: "off",
		...(baseURL ? { baseURL } : {}),
	});
	const idOf = onceEach((zone: string) => findZone(client, zone));
	return {
		list: async (zone, name) => {
			const records: CloudflareRecord[] = [];
			for await (const record of client.dns.records.list({ zone_id: await idOf(zone), name: { exact: name } })) {
				if (sameName(record.name, name)) records.push(record);
			}
			const types = [...new Set(records.map(({ type }) => type))];
			return types.map((type) =>
				readSet(
					type,
					records.filter((one) => one.type === type),
				),
			);
		},
		replace: async (zone, former, { name, type, value, ttlSeconds }) => {
			const zone_id = await idOf(zone);
			const record = { name, type, content: value, ttl: ttlSeconds, proxied: false };
			const [only, ...others] = former.flatMap(({ own }) => own as CloudflareRecord[]);
			if (only?.type === type && others.length === 0) {
				await client.dns.records.edit(only.id, { zone_id, ...record });
				return;
			}
			const deletes = [only, ...others].flatMap((one) => (one === undefined ? [] : [{ id: one.id }]));
			await client.dns.records.batch({ zone_id, deletes, posts: [record] });
		},
	};
}

async function findZone(client: Cloudflare, zone: string): Promise<string> {
	const found: { id: string; status: string }[] = [];
	for await (const { id, name, status = "of an unknown status" } of client.zones.list({ name: zone })) {
		if (sameName(name, zone)) found.push({ id, status });
	}
	const [only, ...others] = found.filter(({ status }) => status === "active");
	if (only !== undefined && others.length === 0) return only.id;
	const described = found.map(({ id, status }) => `${id} (${status})`).join(", ");
	throw new DnsProviderError(
		found.length === 0
			? `this token sees no zone ${zone} at Cloudflare; give it Zone Read and DNS Write for that zone (CLOUDFLARE_API_TOKEN), or correct via in the stage file`
			: `Cloudflare has ${only === undefined ? "no active zone" : "more than one active zone"} ${zone} for this token: ${described}; ` +
					`${only === undefined ? "name Cloudflare's servers at the domain's registrar, or correct via in the stage file" : "give the token that one alone which answers (CLOUDFLARE_API_TOKEN)"}`,
	);
}

function readSet(type: string, records: CloudflareRecord[]): ProviderSet {
	const values = records.map(({ content = "" }) => plainName(content)).sort();
	const ttlSeconds = Math.max(...records.map(({ ttl }) => ttl));
	const isProxied = records.some(({ proxied }) => proxied === true);
	const fixed =
		"is proxied by Cloudflare, so that DNS shows Cloudflare's addresses and not where it leads; set it to DNS only in the phase prepare, days before the night";
	return { type, values, ttlSeconds, own: records, ...(isProxied ? { fixed } : {}) };
}
