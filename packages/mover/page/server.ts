/** The maintenance page's server: 503 for everybody, 200 for health checks, one line of JSON for each request. */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { PageConfiguration } from "./configuration.ts";
import { describeHit, type Hit } from "./hit.ts";
import { renderPage } from "./html.ts";

/** By which a probe knows that this page answers, and not the load balancer. */
export const PAGE_HEADER = "x-maintenance-page";
export const PAGE_NAME = "medstack-to-aptible";

/** Says that the log is alive, and how many requests it should hold. */
export interface Event {
	time: string;
	instance: string;
	kind: "started" | "alive" | "ended";
	/** Requests since the start, health checks among them. */
	hits: number;
}

export interface PageServer {
	port: number;
	/** Takes no more requests and waits for those under way, a second at most. */
	close(): Promise<void>;
}

const ALIVE_MS = 60_000;
const END_MS = 1_000;
/** More than a load balancer needs; what comes beyond is dropped at once. */
const MOST_CONNECTIONS = 2_000;
const REFUSALS: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/**
 * Listens, on every address of the machine.
 *
 * @param log takes each line as it happens
 * @param timeoutMs for how long a client may take to send its headers, default 10 s
 * @throws where the port is taken
 */
export async function servePage(
	configuration: PageConfiguration,
	log: (line: Hit | Event) => void,
	timeoutMs = 10_000,
): Promise<PageServer> {
	const page = Buffer.from(renderPage(configuration));
	const instance = randomBytes(4).toString("hex");
	let hits = 0;
	const tell = (kind: Event["kind"]) => log({ time: new Date().toISOString(), instance, kind, hits });
	const server = createServer({
		maxHeaderSize: 16_384,
		headersTimeout: timeoutMs,
		requestTimeout: timeoutMs,
		connectionsCheckingInterval: Math.min(5_000, timeoutMs),
		// Longer than Traefik keeps one, so that it never sends a request into one that ends.
		keepAliveTimeout: 95_000,
		// Who names no host is answered and logged too.
		requireHostHeader: false,
	});
	server.maxConnections = MOST_CONNECTIONS;
	// A client that does not read its answer.
	server.setTimeout(2 * timeoutMs);

	const answer = (request: IncomingMessage, response: ServerResponse) => {
		hits += 1;
		const hit = describeHit(request, { instance, healthPath: configuration.healthPath });
		log(hit);
		// Nobody looks at a body, so its connection is of no more use.
		if (hasBody(request)) response.setHeader("connection", "close");
		response.setHeader("cache-control", "no-store");
		if (hit.kind === "health" || hit.path === configuration.healthPath) {
			response.writeHead(200, { "content-type": "text/plain; charset=utf-8", "content-length": 3 }).end("ok\n");
			return;
		}
		response
			.writeHead(503, {
				"content-type": "text/html; charset=utf-8",
				"content-length": page.length,
				"retry-after": String(configuration.retrySeconds),
				"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
				"x-content-type-options": "nosniff",
				[PAGE_HEADER]: PAGE_NAME,
			})
			.end(page);
	};
	server.on("request", answer);
	// Else Node asks for the body before anybody has answered.
	server.on("checkContinue", answer);
	server.on("checkExpectation", answer);
	server.on("connect", (request: IncomingMessage, socket: Duplex) => {
		hits += 1;
		log(describeHit(request, { instance, healthPath: configuration.healthPath }));
		refuse(socket, 503);
	});
	server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex & { remoteAddress?: string }) => {
		if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
		hits += 1;
		const client = socket.remoteAddress ?? "";
		log({
			time: new Date().toISOString(),
			instance,
			kind: "malformed",
			host: "",
			client,
			method: "",
			path: "",
			agent: "",
		});
		refuse(socket, REFUSALS[error.code ?? ""] ?? 400);
	});

	const port = await listen(server, configuration.port);
	tell("started");
	const alive = setInterval(() => tell("alive"), ALIVE_MS);
	return {
		port,
		async close() {
			clearInterval(alive);
			const ended = new Promise<void>((resolve) => server.close(() => resolve()));
			const late = setTimeout(() => server.closeAllConnections(), END_MS);
			await ended;
			clearTimeout(late);
			tell("ended");
		},
	};
}

function hasBody({ headers }: IncomingMessage): boolean {
	return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

function refuse(socket: Duplex, status: number): void {
	// Node gives it up with the event, and nobody else listens.
	socket.on("error", () => {});
	socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function listen(server: Server, port: number): Promise<number> {
	return new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen(port, () => {
			server.off("error", reject);
			const address = server.address();
			resolve(typeof address === "object" && address !== null ? address.port : port);
		});
	});
}
