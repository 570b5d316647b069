/** The maintenance page's server: 503 for everybody, 200 for health checks, one line of JSON for each request. */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { PageConfiguration } from "./configuration.ts";
import { describeHit, type Hit, hasPath, type Line } from "./hit.ts";
import { renderPage } from "./html.ts";

/** By which a probe knows that this page answers, and not the load balancer. */
export const PAGE_HEADER = "x-maintenance-page";
export const PAGE_NAME = "medstack-to-aptible";

/** In which its answer names the instance, by which `watch` finds out whether that one's log was given to it. */
export const INSTANCE_HEADER = "x-maintenance-instance";

/** Says that the log is alive. */
export interface Event {
	kind: "started" | "alive" | "ended";
	/** Connections beyond the most that are held, since the former line of this kind: who they were is unknown. */
	dropped: number;
}

export type LogLine = Line & (Hit | Event);

export interface PageServer {
	port: number;
	/** Takes no more requests and waits for those under way, a second at most. */
	close(): Promise<void>;
}

const END_MS = 1_000;
/** What a test makes smaller. */
const LIMITS = {
	/** For how long a client may take to send its headers, in milliseconds. */
	timeoutMs: 10_000,
	/** More than a load balancer needs; what comes beyond is dropped at once, and counted. */
	mostConnections: 2_000,
	/** Between two lines that say that it is there, in milliseconds. */
	aliveMs: 60_000,
};
const REFUSALS: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/**
 * Listens, on every address of the machine.
 *
 * @param write takes each line as it happens
 * @param limits default: 10 s for a client's headers, 2,000 connections, a line a minute
 * @throws where the port is taken
 */
export async function servePage(
	configuration: PageConfiguration,
	write: (line: LogLine) => void,
	limits: Partial<typeof LIMITS> = {},
): Promise<PageServer> {
	const { timeoutMs, mostConnections, aliveMs } = { ...LIMITS, ...limits };
	const page = Buffer.from(renderPage(configuration));
	const instance = randomBytes(4).toString("hex");
	let [number, dropped] = [0, 0];
	const log = (line: Hit | Event) => {
		number += 1;
		write({ time: new Date().toISOString(), instance, number, ...line });
	};
	const tell = (kind: Event["kind"]) => {
		log({ kind, dropped });
		dropped = 0;
	};
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
	server.maxConnections = mostConnections;
	server.on("drop", () => {
		dropped += 1;
	});
	// A client that does not read its answer.
	server.setTimeout(2 * timeoutMs);

	const answer = (request: IncomingMessage, response: ServerResponse) => {
		const isHealthPath = hasPath(request, configuration.healthPath);
		log(describeHit(request, isHealthPath));
		// Nobody looks at a body, so its connection is of no more use.
		if (hasBody(request)) response.setHeader("connection", "close");
		response.setHeader("cache-control", "no-store");
		if (isHealthPath) {
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
				[INSTANCE_HEADER]: instance,
			})
			.end(page);
	};
	server.on("request", answer);
	// Else Node asks for the body before anybody has answered.
	server.on("checkContinue", answer);
	server.on("checkExpectation", answer);
	server.on("connect", (request: IncomingMessage, socket: Duplex) => {
		log(describeHit(request, false));
		refuse(socket, 503);
	});
	server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex & { remoteAddress?: string }) => {
		if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
		log({ kind: "malformed", host: "", client: socket.remoteAddress ?? "", agent: "" });
		refuse(socket, REFUSALS[error.code ?? ""] ?? 400);
	});

	const port = await listen(server, configuration.port);
	tell("started");
	const alive = setInterval(() => tell("alive"), aliveMs);
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
