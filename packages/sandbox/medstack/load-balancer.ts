/** A load balancer as Traefik is one: it leads requests to services by their Host header, and writes a line for each. */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";

/** An answer of its own. */
export interface OwnAnswer {
	status: number;
	body: string;
	headers?: Readonly<Record<string, string>>;
}

export interface Routed {
	/** Name of the service in the log. */
	service: string;
	/** Where it answers; none where it does not run. */
	addresses: readonly { host: string; port: number }[];
}

export interface LoadBalancerSetup {
	/** Where requests for a host name go; undefined where it is not mapped. Asked for each request. */
	route: (host: string) => Routed | undefined;
	/** @default 127.0.0.1 */
	address?: string;
	/** @default a free one */
	port?: number;
	/** With it, it speaks TLS alone. */
	tls?: { key: string; certificate: string };
	/** Of a host that is not mapped. @default 404, as Traefik says it */
	unmapped?: OwnAnswer;
	/** Of a service without an instance. @default 503, as Traefik says it */
	down?: OwnAnswer;
	/** Sees each request that was answered. */
	onAnswer?: (entry: AccessEntry) => void;
}

/** One request, as the log has it. */
export interface AccessEntry {
	at: Date;
	client: string;
	host: string;
	method: string;
	path: string;
	userAgent: string;
	status: number;
	/** The service that it went to; absent where there was none. */
	service?: string;
}

export interface LoadBalancer {
	address: string;
	port: number;
	/** Each request that was answered, in the order of the answers. */
	log: readonly AccessEntry[];
	/** The log as Traefik writes it: Common Log Format with the service behind it. */
	lines(): string[];
	close(): Promise<void>;
}

const NOT_FOUND: OwnAnswer = { status: 404, body: "404 page not found\n" };
const NO_SERVER: OwnAnswer = { status: 503, body: "no available server\n" };
const BAD_GATEWAY: OwnAnswer = { status: 502, body: "Bad Gateway" };

export async function startLoadBalancer(setup: LoadBalancerSetup): Promise<LoadBalancer> {
	const { route, address = "127.0.0.1", port = 0, tls, unmapped = NOT_FOUND, down = NO_SERVER, onAnswer } = setup;
	const log: AccessEntry[] = [];
	let turn = 0;
	const serve = (incoming: IncomingMessage, response: ServerResponse) => {
		const host = (incoming.headers.host ?? "").toLowerCase().replace(/:\d+$/, "");
		const routed = route(host);
		response.on("finish", () => {
			const entry: AccessEntry = {
				at: new Date(),
				client: clientOf(incoming),
				host,
				method: incoming.method ?? "",
				path: incoming.url ?? "",
				userAgent: incoming.headers["user-agent"] ?? "",
				status: response.statusCode,
				...(routed === undefined ? {} : { service: routed.service }),
			};
			log.push(entry);
			onAnswer?.(entry);
		});
		if (routed === undefined) return answer(response, unmapped);
		turn += 1;
		const to = routed.addresses[turn % Math.max(routed.addresses.length, 1)];
		if (to === undefined) return answer(response, down);
		forward(incoming, response, to);
	};
	const server =
		tls === undefined ? createServer(serve) : createTlsServer({ key: tls.key, cert: tls.certificate }, serve);
	await new Promise<void>((resolve, reject) => server.on("error", reject).listen(port, address, resolve));
	return {
		address,
		port: (server.address() as AddressInfo).port,
		log,
		lines: () => log.map(formatEntry),
		close: async () => {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

function forward(incoming: IncomingMessage, response: ServerResponse, to: { host: string; port: number }): void {
	const headers = { ...incoming.headers, "x-forwarded-for": clientOf(incoming) };
	const outgoing = request({ ...to, method: incoming.method, path: incoming.url, headers, agent: false });
	outgoing.on("response", (answered) => {
		response.writeHead(answered.statusCode ?? BAD_GATEWAY.status, answered.headers);
		answered.on("error", () => response.destroy());
		answered.pipe(response);
	});
	outgoing.on("error", () => (response.headersSent ? response.destroy() : answer(response, BAD_GATEWAY)));
	incoming.pipe(outgoing);
}

function answer(response: ServerResponse, { status, body, headers }: OwnAnswer): void {
	response.writeHead(status, { "content-type": "text/plain; charset=utf-8", ...headers });
	response.end(body);
}

/** As Traefik does it unless a proxy before it is trusted: what a client says of itself is not handed on. */
function clientOf({ socket }: IncomingMessage): string {
	return socket.remoteAddress ?? "";
}

function formatEntry(entry: AccessEntry, index: number): string {
	const { at, client, method, path, status, userAgent, host, service } = entry;
	return `${client} - - [${at.toISOString()}] "${method} ${path} HTTP/1.1" ${status} - "-" "${userAgent}" ${index + 1} "${host}" "${service ?? "-"}"`;
}
