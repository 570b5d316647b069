/**
 * MedStack's API as far as its documentation (support.medstack.co/api) and a public script of a customer's (siterocketlabs/MedStack_CICD) show
 * it. What neither shows is made up here, as unlike any guess as it may be: fields that nobody has heard of, and 422 for what is not valid.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type DomainCheck, refuseDomains } from "./domains.ts";
import { ApiFaults } from "./faults.ts";
import type { Service } from "./swarm.ts";

export interface ApiClusterSetup {
	id: string;
	label: string;
	/** The first is the load balancer. */
	services: readonly Service[];
}

export interface ApiSetup extends DomainCheck {
	token: { key: string; value: string };
	company: { id: string; name: string };
	clusters: readonly ApiClusterSetup[];
	/** Entries of a page of a list. @default all */
	pageSize?: number;
	/** Awaited before a request is looked at. */
	onRequest?: ((request: ApiRequest) => void | Promise<void>) | undefined;
}

export interface ApiRequest {
	method: string;
	path: string;
	/** As it was sent; undefined for none. */
	body: unknown;
}

export interface ApiServer {
	/** With the version: `http://127.0.0.1:PORT/v1`. */
	url: string;
	/** Each request whose token was right, in order. */
	requests: readonly (ApiRequest & { status: number })[];
	faults: ApiFaults;
	close(): Promise<void>;
}

interface Answered {
	status: number;
	body: unknown;
}

const NOT_FOUND: Answered = { status: 404, body: { errors: [{ detail: "Not Found" }] } };
const FAILED: Answered = { status: 500, body: { errors: [{ detail: "Internal Server Error" }] } };
const invalid = (detail: string): Answered => ({ status: 422, body: { errors: [{ detail }] } });

export async function startMedstackApi(setup: ApiSetup): Promise<ApiServer> {
	const faults = new ApiFaults();
	const requests: (ApiRequest & { status: number })[] = [];
	const secrets = new Map<string, string>();
	const expected = `Basic ${Buffer.from(`${setup.token.key}:${setup.token.value}`).toString("base64")}`;

	const serve = async (incoming: IncomingMessage, response: ServerResponse) => {
		const sent = await text(incoming);
		const { method = "", url: path = "" } = incoming;
		if (incoming.headers.authorization !== expected) {
			return send(response, { status: 401, body: { errors: [{ detail: "Unauthorized" }] } });
		}
		const request: ApiRequest = { method, path, body: sent === "" ? undefined : readJson(sent) };
		await setup.onRequest?.(request);
		const fault = faults.take(`${method} ${path}`);
		const isDone = fault !== "500" && fault !== "not-done" && fault !== "refused";
		const right = await handle(setup, secrets, request, isDone);
		const wrong = fault === "refused" ? invalid("is not allowed") : FAILED;
		const answered = fault === "500" || fault === "500-done" || fault === "refused" ? wrong : right;
		requests.push({ ...request, status: answered.status });
		if (fault === "silent") return;
		if (fault === "not-json") {
			response.writeHead(200, { "content-type": "text/html" });
			return response.end("<html><body>We'll be right back</body></html>");
		}
		if (fault === "break-off") {
			const whole = JSON.stringify(answered.body);
			response.writeHead(answered.status, { "content-type": "application/json", "content-length": whole.length });
			response.write(whole.slice(0, Math.floor(whole.length / 2)), () => response.destroy());
			return;
		}
		send(response, answered);
	};
	const server = createServer((incoming, response) => void serve(incoming, response).catch(() => response.destroy()));
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
		requests,
		faults,
		close: async () => {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

/** @param isDone whether what it asks for is done, or only answered */
async function handle(
	setup: ApiSetup,
	secrets: Map<string, string>,
	{ method, path, body }: ApiRequest,
	isDone: boolean,
): Promise<Answered> {
	const { company, clusters, pageSize = Number.POSITIVE_INFINITY } = setup;
	const base = `/v1/companies/${company.id}/clusters`;
	if (method === "GET" && path === "/v1/companies/current") {
		return { status: 200, body: { ...company, city: "Toronto", country: "CA", object: "company" } };
	}
	const { pathname, searchParams } = new URL(path, "http://127.0.0.1");
	const list = (entries: readonly unknown[]): Answered => {
		const from = Number(searchParams.get("after") ?? 0);
		const next = from + pageSize < entries.length ? `${pathname}?after=${from + pageSize}` : null;
		return { status: 200, body: { object: "list", data: entries.slice(from, from + pageSize), links: { next } } };
	};
	if (method === "GET" && pathname === base) {
		const provider = { infrastructure_provider: { id: "azure" }, region: { name: "Canada Central" } };
		return list(clusters.map(({ id, label }) => ({ id, label, object: "cluster", ...provider })));
	}
	const cluster = clusters.find(({ id }) => pathname.startsWith(`${base}/${id}/`));
	if (cluster === undefined) return NOT_FOUND;
	const { services } = cluster;
	const own = `${base}/${cluster.id}`;
	if (method === "GET" && pathname === `${own}/services`) return list(services.map(describe));
	if (method === "POST" && path === `${own}/secrets`) {
		const { name, data } = fieldsOf(body);
		if (typeof name !== "string" || typeof data !== "string") return invalid("name and data are required");
		if (secrets.has(name)) return invalid("name has already been taken");
		if (isDone) secrets.set(name, data);
		return { status: 201, body: { id: `secret-${secrets.size}`, name, object: "secret" } };
	}
	const [, id, action] = new RegExp(`^${own}/services/([\\w-]+)(/refresh_image)?$`).exec(path) ?? [];
	const service = services.find((one, index) => idOf(one, index) === id);
	if (service === undefined) return NOT_FOUND;
	const shown = () => describe(service, services.indexOf(service));
	if (method === "GET" && action === undefined) return { status: 200, body: shown() };
	const isChange = method === "PATCH" ? action === undefined : method === "POST" && action !== undefined;
	if (!isChange) return NOT_FOUND;
	const refusal = await refuseDomains(service.domains, setup);
	if (refusal !== undefined) return invalid(refusal);
	if (action !== undefined) {
		if (isDone) service.renew();
		return { status: 200, body: shown() };
	}
	return change(service, secrets, fieldsOf(body), isDone) ?? { status: 200, body: shown() };
}

/** @returns why it is refused */
function change(
	service: Service,
	known: ReadonlyMap<string, string>,
	{ replicas, secrets }: Readonly<Record<string, unknown>>,
	isDone: boolean,
): Answered | undefined {
	if (replicas !== undefined && !(Number.isInteger(replicas) && Number(replicas) >= 0)) {
		return invalid("replicas must be an integer greater than or equal to 0");
	}
	const given = Array.isArray(secrets) ? secrets.map(fieldsOf) : undefined;
	const missing = given?.find(({ name }) => !known.has(String(name)));
	if (missing !== undefined) return invalid(`secret ${String(missing.name)} does not exist`);
	if (!isDone) return undefined;
	if (given !== undefined) {
		const files = given.map(({ name, file_name }) => [String(file_name), known.get(String(name)) ?? ""]);
		service.secrets = Object.fromEntries(files);
		service.renew();
	}
	if (replicas !== undefined) service.scale(Number(replicas));
	return undefined;
}

const idOf = ({ name }: Service, index: number) => `s${index + 1}-${name.replaceAll(/\W/g, "")}`;

function describe(service: Service, index: number): unknown {
	const { name, image, domains, replicas, running } = service;
	return {
		id: idOf(service, index),
		object: "service",
		name,
		image,
		// Not by the word of the UI, so that whoever reads this knows more than one.
		deploy: { replicas, update_config: { parallelism: 1 } },
		domain_maps: domains.map((domain) => ({ domain, port: 80, tls: true })),
		x_tasks: { up: running },
		placement: null,
		managed: index === 0,
	};
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function readJson(sent: string): unknown {
	try {
		return JSON.parse(sent);
	} catch {
		return undefined;
	}
}

function send(response: ServerResponse, { status, body }: Answered): void {
	response.writeHead(status, { "content-type": "application/json" });
	response.end(JSON.stringify(body));
}
