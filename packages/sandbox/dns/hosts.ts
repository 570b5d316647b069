/** Stand-ins for the APIs of Route 53 (REST with XML, 2013-04-01) and Cloudflare (REST with JSON, v4), over one zone each. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface HostedRecord {
	name: string;
	type: string;
	ttl: number;
	value: string;
	/** At Cloudflare, behind its proxy; at Route 53, an alias. */
	isFixed?: boolean;
}

export interface DnsHost {
	/** Address of the API. */
	url: string;
	/** Statuses of its zones of the one name, by their ids; Cloudflare alone has any. */
	statuses: Record<string, string>;
	records: HostedRecord[];
	/** Requests that change something, as `PATCH /zones/z1/dns_records/r2`, with their bodies. */
	changes: { request: string; body: string }[];
	close(): Promise<void>;
}

type Answering = (
	host: DnsHost,
	request: { method: string; url: URL; body: string },
) => { status?: number; body: string };

/** The credential that a request must have, and what is said to one without it. */
interface Access {
	credential: RegExp;
	refusal: { status: number; body: string };
}

async function startHost(
	records: HostedRecord[],
	{ credential, refusal }: Access,
	answer: Answering,
): Promise<DnsHost> {
	const handle = async (request: IncomingMessage, response: ServerResponse) => {
		const [method, url] = [request.method ?? "", new URL(request.url ?? "", host.url)];
		const body = await text(request);
		if (method !== "GET") host.changes.push({ request: `${method} ${url.pathname}`, body });
		const isKnown = credential.test(request.headers.authorization ?? "");
		const { status = 200, body: said } = isKnown ? answer(host, { method, url, body }) : refusal;
		response.writeHead(status, { "content-type": said.startsWith("<") ? "text/xml" : "application/json" }).end(said);
	};
	const server = createServer((request, response) => void handle(request, response));
	await once(server.listen(0, "127.0.0.1"), "listening");
	const host: DnsHost = {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		statuses: { z1: "active" },
		records,
		changes: [],
		close: async () => {
			server.closeAllConnections();
			await once(server.close(), "close");
		},
	};
	return host;
}

/** A CNAME stands alone. */
function hasClash(records: readonly HostedRecord[]): boolean {
	return records.some(
		(one) => one.type === "CNAME" && records.some((other) => other !== one && other.name === one.name),
	);
}

const NAMESPACE = "https://route53.amazonaws.com/doc/2013-04-01/";
const writeError = (code: string, message: string) =>
	`<?xml version="1.0"?><ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>x</RequestId></ErrorResponse>`;
const writeErrors = (code: number, message: string) =>
	JSON.stringify({ success: false, errors: [{ code, message }], messages: [], result: null });
const route53Access: Access = {
	credential: /^AWS4-HMAC-SHA256 Credential=AKIASANDBOX\//,
	refusal: {
		status: 403,
		body: writeError("InvalidClientTokenId", "The security token included in the request is invalid."),
	},
};
const cloudflareAccess: Access = {
	credential: /^Bearer sandbox-cloudflare-token$/,
	refusal: { status: 403, body: writeErrors(9109, "Invalid access token") },
};
const within = (body: string, tag: string) => new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(body)?.[1] ?? "";

/** Starts one with the public hosted zone `/hostedzone/Z1`, and a private one of the same name. A batch is made as a whole or not at all. */
export function startRoute53(zone: string, records: HostedRecord[]): Promise<DnsHost> {
	return startHost(records, route53Access, (host, { method, url, body }) => {
		if (url.pathname.endsWith("/hostedzonesbyname")) {
			const zones = [`Z0 true`, "Z1 false"].map((one) => {
				const [id, isPrivate] = one.split(" ");
				return `<HostedZone><Id>/hostedzone/${id}</Id><Name>${zone}.</Name><CallerReference>x</CallerReference><Config><PrivateZone>${isPrivate}</PrivateZone></Config></HostedZone>`;
			});
			return {
				body: `<?xml version="1.0"?><ListHostedZonesByNameResponse xmlns="${NAMESPACE}"><HostedZones>${zones.join("")}</HostedZones><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListHostedZonesByNameResponse>`,
			};
		}
		if (method === "GET") {
			const from = url.searchParams.get("name") ?? "";
			const first = host.records.findIndex(({ name }) => name === from);
			const own = first === -1 ? [] : host.records.slice(first);
			const keys = [...new Set(own.map(({ name, type }) => `${name} ${type}`))];
			const sets = keys.map((key) => writeSet(own.filter(({ name, type }) => key === `${name} ${type}`)));
			return {
				body: `<?xml version="1.0"?><ListResourceRecordSetsResponse xmlns="${NAMESPACE}"><ResourceRecordSets>${sets.join("")}</ResourceRecordSets><IsTruncated>false</IsTruncated><MaxItems>300</MaxItems></ListResourceRecordSetsResponse>`,
			};
		}
		const next = changeBatch(host.records, body);
		if (next === undefined || hasClash(next)) {
			return { status: 400, body: writeError("InvalidChangeBatch", "the batch does not fit the records") };
		}
		host.records.splice(0, host.records.length, ...next);
		return {
			body: `<?xml version="1.0"?><ChangeResourceRecordSetsResponse xmlns="${NAMESPACE}"><ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status><SubmittedAt>2026-12-05T02:00:00Z</SubmittedAt></ChangeInfo></ChangeResourceRecordSetsResponse>`,
		};
	});
}

function writeSet(records: readonly HostedRecord[]): string {
	const [first] = records;
	if (first === undefined) return "";
	const content = first.isFixed
		? "<AliasTarget><HostedZoneId>Z9</HostedZoneId><DNSName>x.</DNSName><EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget>"
		: `<TTL>${first.ttl}</TTL><ResourceRecords>${records.map(({ value }) => `<ResourceRecord><Value>${value}</Value></ResourceRecord>`).join("")}</ResourceRecords>`;
	return `<ResourceRecordSet><Name>${first.name}.</Name><Type>${first.type}</Type>${content}</ResourceRecordSet>`;
}

/** @returns undefined where what is to be deleted is not there as it is said */
function changeBatch(records: readonly HostedRecord[], body: string): HostedRecord[] | undefined {
	let next = [...records];
	for (const [, change = ""] of body.matchAll(/<Change>(.*?)<\/Change>/gs)) {
		const [name, type] = [within(change, "Name").replace(/\.$/, ""), within(change, "Type")];
		const values = [...change.matchAll(/<Value>([^<]*)<\/Value>/g)].map(([, value = ""]) => value);
		const own = next.filter((one) => one.name === name && one.type === type);
		const ttl = Number(within(change, "TTL"));
		const isSame = own.length === values.length && own.every((one) => values.includes(one.value) && one.ttl === ttl);
		if (within(change, "Action") === "DELETE" && !isSame) return undefined;
		next = next.filter((one) => !own.includes(one));
		if (within(change, "Action") !== "DELETE") next.push(...values.map((value) => ({ name, type, ttl, value })));
	}
	return next;
}

/** Starts one with the zone `z1`, whose records are `r0`, `r1` ... by their places. */
export function startCloudflare(zone: string, records: HostedRecord[]): Promise<DnsHost> {
	const ids = new Map<HostedRecord, string>();
	const idOf = (record: HostedRecord) => {
		const id = ids.get(record) ?? `r${ids.size}`;
		ids.set(record, id);
		return id;
	};
	const show = (record: HostedRecord) => ({
		id: idOf(record),
		name: record.name,
		type: record.type,
		content: record.value,
		ttl: record.ttl,
		proxied: record.isFixed === true,
	});
	return startHost(records, cloudflareAccess, (host, { method, url, body }) => {
		const done = (result: object, more: object = {}) => ({
			body: JSON.stringify({ success: true, errors: [], messages: [], result, ...more }),
		});
		// The client asks for pages until one is empty.
		const page = Number(url.searchParams.get("page") ?? 1);
		const list = (all: object[]) => done(page === 1 ? all : [], { result_info: { page, per_page: 100 } });
		if (url.pathname === "/zones") {
			const isIts = url.searchParams.get("name") === zone;
			const own = Object.entries(host.statuses).map(([id, status]) => ({ id, name: zone, status }));
			return list(isIts ? own : []);
		}
		if (method === "GET") {
			return list(host.records.filter(({ name }) => name === url.searchParams.get("name.exact")).map(show));
		}
		const sent = JSON.parse(body) as { deletes?: { id: string }[]; posts?: NewRecord[] } & Partial<NewRecord>;
		const gone = [
			...(sent.deletes ?? []).map(({ id }) => id),
			...(method === "PATCH" ? [url.pathname.split("/").at(-1)] : []),
		];
		const added = method === "PATCH" ? [sent as NewRecord] : (sent.posts ?? []);
		const next = [
			...host.records.filter((one) => !gone.includes(idOf(one))),
			...added.map(({ name, type, ttl, content }) => ({ name, type, ttl, value: content })),
		];
		if (hasClash(next)) {
			return { status: 400, body: writeErrors(81053, "A CNAME record with that host already exists.") };
		}
		host.records.splice(0, host.records.length, ...next);
		return done({});
	});
}

interface NewRecord {
	name: string;
	type: string;
	ttl: number;
	content: string;
}
