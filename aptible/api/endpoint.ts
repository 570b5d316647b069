import { z } from "zod";
import { leafEnd, leafFingerprint, normalFingerprint } from "../../wire/certificate.ts";
import { ApiError, AptibleError } from "../client/errors.ts";
import type { Api } from "./api.ts";
import { unlessObjectGone, withoutGone } from "./existence.ts";
import { Link, linkedId } from "./link.ts";

const Setting = z.looseObject({ settings: z.record(z.string(), z.unknown()).nullable() });

/** What is shown of an endpoint where the API calls it a vhost (OpenAPI; aptible-cli 0.26.6, resource_formatter.rb). */
const VhostForm = z.looseObject({
	id: z.int(),
	status: z.string(),
	created_at: z.string(),
	type: z.string().nullish(),
	external_host: z.string().nullish(),
	virtual_domain: z.string().nullish(),
	user_domain: z.string().nullish(),
	internal: z.boolean().nullish(),
	default: z.boolean().nullish(),
	acme: z.boolean().nullish(),
	acme_status: z.string().nullish(),
	acme_dns_challenge_host: z.string().nullish(),
	container_port: z.int().nullish(),
	container_ports: z.array(z.int()).nullish(),
	ip_whitelist: z.array(z.string()).nullish(),
	load_balancing_algorithm_type: z.string().nullish(),
	shared: z.boolean().nullish(),
	_links: z.looseObject({ service: Link, certificate: Link, current_setting: Link }).nullish(),
});
type VhostForm = z.infer<typeof VhostForm>;

const Certificate = z.looseObject({
	id: z.int(),
	sha256_fingerprint: z.string(),
	certificate_body: z.string().nullish(),
	not_after: z.string().nullish(),
});
type Certificate = z.infer<typeof Certificate>;

/**
 * An endpoint. What an update compares and records of it (`recordOf`) stands in the words of `endpoints:list`, as earlier versions
 * of this program have recorded it: its settings among the rest in lower case, once they have been set.
 */
export interface Endpoint {
	id: number;
	/** Absent until the first provision operation has run. */
	hostname: string | undefined;
	status: string;
	createdAt: string;
	/** `https`, `tls`, `tcp`, or what else the API calls it; absent for gRPC endpoints, as in `endpoints:list` (recorded run 69). */
	type: string | undefined;
	/** Of https only: `default`, or the port. */
	port: string | number | undefined;
	/** Of tls and tcp: `all`, or the ports with a space between them. */
	ports: string | undefined;
	load_balancing_algorithm_type: string | undefined;
	/** `"false"`, or true. */
	shared: string | boolean | undefined;
	internal: boolean;
	/** `all traffic`, or the addresses with a space between them. */
	ip_whitelist: string;
	defaultDomainEnabled: boolean;
	defaultDomain: string | undefined;
	managedTlsEnabled: boolean;
	managedTlsDomain: string | undefined;
	managedTlsDnsChallengeHostname: string | undefined;
	managedTlsStatus: string | undefined;
	/** Name of its service; empty where none of those that are known is linked to it. */
	service: string;
	/** The port that the API has for it, whatever its kind. */
	containerPort: number | undefined;
	certificateId: number | undefined;
	[setting: string]: unknown;
}

/** What is compared of an endpoint only where the stage file says something of it. */
export interface EndpointDetails {
	port: number | undefined;
	/** SHA-256 of its certificate in lower-case hex; `hidden` where the token's role may not see it. */
	certificate: string | undefined;
}

/** Services by whose names endpoints are shown. */
type Services = readonly { id: number; service: string }[];

/** The endpoints of an app (aptible-api-ruby, app.rb; documented: OpenAPI, `/apps/ID/vhosts`). */
export function listAppEndpoints(api: Api, appId: number, services: Services): Promise<Endpoint[]> {
	return listEndpoints(api, `/apps/${appId}/vhosts`, (vhost) => {
		const serviceId = linkedId(vhost._links?.service);
		return services.find(({ id }) => id === serviceId)?.service ?? "";
	});
}

/** The endpoints of a service, as the CLI lists them (subcommands/endpoints.rb). */
export function listServiceEndpoints(api: Api, service: Services[number]): Promise<Endpoint[]> {
	return listEndpoints(api, `/services/${service.id}/vhosts`, () => service.service);
}

/**
 * The endpoints of an environment, by the ids of their services (aptible-api-ruby, account.rb; documented: OpenAPI).
 *
 * @param services those whose endpoints are wanted
 * @param options `hasSettings`: whether the settings of each are read, which takes a request for one that has some; `areAll`: whether
 * these are all services there are, so that an endpoint on another one is on one that is unknown
 * @throws AptibleError where the service of an endpoint is unknown: it may be on one of these
 */
export async function listEndpointsIn(
	api: Api,
	environmentId: number,
	services: Services,
	{ hasSettings, areAll }: { hasSettings: boolean; areAll: boolean },
): Promise<Map<number, Endpoint[]>> {
	const vhosts = await api.list(`${api.root}/accounts/${environmentId}/vhosts?per_page=1000`, "vhosts", VhostForm);
	const wanted = withoutGone(vhosts).flatMap((vhost) => {
		const serviceId = linkedId(vhost._links?.service);
		const service = services.find(({ id }) => id === serviceId);
		if (service !== undefined) return [{ vhost, service }];
		if (serviceId !== undefined && !areAll) return [];
		throw new AptibleError(
			`Aptible does not say which service endpoint ${vhost.id} (${vhost.external_host || "no host name yet"}) is on, so whose it is is ` +
				"unknown. Run the command again.",
		);
	});
	const endpoints = await Promise.all(
		wanted.map(async ({ vhost, service }) => ({
			serviceId: service.id,
			endpoint: await endpointOf(api, vhost, service.service, hasSettings),
		})),
	);
	const found = new Map<number, Endpoint[]>();
	for (const { serviceId, endpoint } of endpoints) {
		if (endpoint !== undefined) found.set(serviceId, [...(found.get(serviceId) ?? []), endpoint]);
	}
	return found;
}

async function listEndpoints(api: Api, path: string, serviceOf: (vhost: VhostForm) => string): Promise<Endpoint[]> {
	const vhosts = await api.list(`${api.root}${path}?per_page=1000`, "vhosts", VhostForm);
	const endpoints = await Promise.all(withoutGone(vhosts).map((vhost) => endpointOf(api, vhost, serviceOf(vhost))));
	return endpoints.filter((endpoint) => endpoint !== undefined);
}

/**
 * With what `endpoints:list` makes of it (resource_formatter.rb, `inject_vhost`); its settings are read where it has some.
 *
 * @returns undefined where it is removed since it was listed
 */
async function endpointOf(
	api: Api,
	vhost: VhostForm,
	service: string,
	hasSettings = true,
): Promise<Endpoint | undefined> {
	refuseUnsaid(vhost);
	const { type, container_port: port, container_ports: ports, acme, _links: links } = vhost;
	const settingId = hasSettings ? linkedId(links?.current_setting) : undefined;
	const settings = await readSettings(api, settingId).catch(
		unlessObjectGone(api, "vhosts", { id: vhost.id, label: "the endpoint" }),
	);
	if (settings === undefined) return undefined;
	return {
		...settings,
		id: vhost.id,
		hostname: vhost.external_host || undefined,
		status: vhost.status,
		createdAt: vhost.created_at,
		type: isHttp(type) ? "https" : type === "grpc" ? undefined : (type ?? "unknown"),
		port: isHttp(type) ? (port ?? "default") : undefined,
		ports: isTcp(type) ? (ports ?? []).join(" ") || "all" : undefined,
		load_balancing_algorithm_type: isHttp(type) ? (vhost.load_balancing_algorithm_type ?? "round_robin") : undefined,
		shared: isHttp(type) ? vhost.shared || "false" : undefined,
		internal: vhost.internal ?? false,
		ip_whitelist: (vhost.ip_whitelist ?? []).join(" ") || "all traffic",
		defaultDomainEnabled: vhost.default ?? false,
		defaultDomain: vhost.default ? (vhost.virtual_domain ?? undefined) : undefined,
		managedTlsEnabled: acme ?? false,
		managedTlsDomain: acme ? (vhost.user_domain ?? undefined) : undefined,
		managedTlsDnsChallengeHostname: acme ? (vhost.acme_dns_challenge_host ?? undefined) : undefined,
		managedTlsStatus: acme ? (vhost.acme_status ?? undefined) : undefined,
		service,
		containerPort: port ?? undefined,
		certificateId: linkedId(links?.certificate),
	};
}

/**
 * @throws AptibleError where the answer leaves out what tells an endpoint from others, without which its place would seem to be free, or
 * what it is set to, without which it would seem to be as Aptible makes it: open to everyone. The CLI shows all of it (resource_formatter.rb),
 * so Aptible has it of each endpoint
 */
function refuseUnsaid(vhost: VhostForm): void {
	const { type, acme } = vhost;
	const needed = ["type", "internal", "default", "acme", ...(acme ? ["user_domain"] : []), "ip_whitelist"];
	if (isHttp(type)) needed.push("load_balancing_algorithm_type", "shared");
	needed.push(isTcp(type) ? "container_ports" : "container_port");
	const unsaid = needed.filter((field) => vhost[field] === undefined);
	if (unsaid.length === 0) return;
	throw new AptibleError(
		`Aptible does not say the ${unsaid.join(", ")} of endpoint ${vhost.id} (${vhost.external_host || "no host name yet"}), so which one it ` +
			"is, or what it lets through, is unknown. Run the command again; if it stays so, compare with `aptible endpoints:list`.",
	);
}

function isHttp(type: VhostForm["type"]): boolean {
	return type === "http" || type === "http_proxy_protocol";
}

function isTcp(type: VhostForm["type"]): boolean {
	return type === "tcp" || type === "tls";
}

async function readSettings(api: Api, settingId: number | undefined): Promise<Record<string, unknown>> {
	if (settingId === undefined) return {};
	const { settings } = await api.read(`${api.root}/settings/${settingId}`, Setting);
	return Object.fromEntries(Object.entries(settings ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Port and certificate of an endpoint that has been read (facts/terraform-provider.md §3.6; recorded run 69 for the port of a gRPC one). */
export async function readEndpointDetails(
	api: Api,
	{ containerPort: port, certificateId }: Pick<Endpoint, "containerPort" | "certificateId">,
): Promise<EndpointDetails> {
	return { port, certificate: certificateId === undefined ? undefined : await readFingerprint(api, certificateId) };
}

async function readFingerprint(api: Api, id: number): Promise<string> {
	try {
		return fingerprintOf(await api.read(`${api.root}/certificates/${id}`, Certificate));
	} catch (error) {
		if (error instanceof ApiError && (error.status === 403 || error.status === 404)) return "hidden";
		throw error;
	}
}

/** Fingerprints of an environment's certificates by their ids, as far as the token's role may see them. */
export async function listFingerprints(api: Api, environmentId: number): Promise<Map<number, string>> {
	return new Map((await listCertificates(api, environmentId)).map((one) => [one.id, fingerprintOf(one)]));
}

/** When an environment's certificates end, by their ids, as far as the token's role may see them and Aptible says it. */
export async function listCertificateEnds(api: Api, environmentId: number): Promise<Map<number, Date>> {
	const ends = (await listCertificates(api, environmentId)).map(({ id, certificate_body: body, not_after: shown }) => {
		const end = leafEnd(body ?? "") ?? new Date(shown ?? Number.NaN);
		return [id, end] as const;
	});
	return new Map(ends.filter(([, end]) => !Number.isNaN(end.getTime())));
}

async function listCertificates(api: Api, environmentId: number): Promise<Certificate[]> {
	const url = `${api.root}/accounts/${environmentId}/certificates?per_page=5000`;
	try {
		return await api.list(url, "certificates", Certificate);
	} catch (error) {
		if (error instanceof ApiError && error.status === 403) return [];
		throw error;
	}
}

/** Takes the ports out of an endpoint's record, for which the CLI has no option. Provisioning makes it so. */
export function clearPorts(api: Api, id: number, field: "container_port" | "container_ports"): Promise<void> {
	return api.send("PUT", `${api.root}/vhosts/${id}`, { [field]: field === "container_port" ? null : [] });
}

/** By the certificate itself where it can be read: the API's own figure is only what it says it is. */
function fingerprintOf({ certificate_body: body, sha256_fingerprint: shown }: Certificate): string {
	return leafFingerprint(body ?? "") ?? normalFingerprint(shown);
}
