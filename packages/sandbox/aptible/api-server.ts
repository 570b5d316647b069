import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError } from "./errors.ts";
import { type Fault, Halt } from "./faults.ts";
import type { Hal } from "./hal/resource.ts";
import { beginRow, endRow } from "./journal.ts";
import { accountRoutes } from "./routes/accounts.ts";
import { appRoutes } from "./routes/apps.ts";
import { databaseRoutes } from "./routes/databases.ts";
import { drainRoutes } from "./routes/drains.ts";
import { endpointRoutes } from "./routes/endpoints.ts";
import { operationRoutes } from "./routes/operations.ts";
import type { Answer } from "./routes/route.ts";
import { closeSandbox, openSandbox } from "./sandbox.ts";
import { notFound, unprocessable } from "./server/resources.ts";
import { ConnectionDropped, Session } from "./server/session.ts";
import type { Store } from "./store.ts";

/** Every route of the Deploy API and of the auth service that the sandbox serves. */
const ROUTES = [
	...accountRoutes,
	...drainRoutes,
	...appRoutes,
	...databaseRoutes,
	...endpointRoutes,
	...operationRoutes,
];

const PROXY_PAGE = "<!DOCTYPE html><html><body>Sign in to the guest network</body></html>";

/** Thrown where the server is to look as if it were not there. */
class Unreachable extends Error {}

/** Serves the routes of the Deploy API and of the auth service over the sandbox in `dir`, on a free local port. */
export async function startApi(dir: string): Promise<{ url: string; close(): Promise<void> }> {
	const store = openSandbox(dir);
	const server = createServer((message, response) => {
		respond(store, message, response).catch((error: unknown) => {
			send(response, { status: 500, body: errorBody(new ApiError(500, "internal_server_error", String(error))) });
		});
	});
	// As long as a load balancer of AWS, the API's, keeps a connection: a client must not write into one that has just been closed.
	server.keepAliveTimeout = 60_000;
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const address = server.address();
	if (address === null || typeof address === "string") throw new Error("sandbox: the API server has no port");
	return {
		url: `http://127.0.0.1:${address.port}`,
		close: async () => {
			const closed = new Promise<void>((resolve) => server.close(() => resolve()));
			server.closeAllConnections();
			await closed;
			closeSandbox(store);
		},
	};
}

async function respond(store: Store, message: IncomingMessage, response: ServerResponse): Promise<void> {
	const url = new URL(message.url ?? "/", `http://${message.headers.host ?? "127.0.0.1"}`);
	const method = message.method ?? "GET";
	const command = `${method} ${url.pathname}`;
	const text = await readAll(message);
	const callMs = Number(store.meta("call_ms") ?? 0);
	if (callMs > 0) await sleep(callMs);
	const row = { source: "api", command, argv: [url.search].filter(Boolean), mutating: method !== "GET" } as const;
	const journalId = store.transaction(() => beginRow(store, { ...row, argv: [...row.argv] }));
	let answer: Answer;
	let isCut = false;
	try {
		const handles = [...url.searchParams.values(), ...url.pathname.split("/").filter(Boolean)];
		const token = message.headers.authorization?.replace(/^Bearer /, "");
		const session = new Session(store, { journalId, command, handles, token });
		answer = answerTo(session, message, url, text);
		isCut = session.strike("body-cut") !== undefined;
	} catch (error) {
		// A halted write never gets its answer; the harness kills whoever waits for it.
		if (error instanceof Halt) return;
		if (error instanceof ConnectionDropped || error instanceof Unreachable) {
			message.socket.destroy();
			return;
		}
		if (!(error instanceof ApiError)) throw error;
		answer = { status: error.status, body: errorBody(error) };
	}
	store.transaction(() => endRow(store, journalId, answer.status));
	response.setHeader("date", store.now().toUTCString());
	if (isCut) breakOff(message, response, answer);
	else send(response, answer);
}

/** Sends the head of an answer and a part of its body, and drops the connection. */
function breakOff(message: IncomingMessage, response: ServerResponse, { status, body }: Answer): void {
	const text = JSON.stringify(body ?? {});
	response.writeHead(status, { "content-length": text.length + 1 });
	response.write(text.slice(0, text.length / 2), () => message.socket.destroy());
}

function answerTo(session: Session, message: IncomingMessage, url: URL, text: string): Answer {
	if (session.isUnreachable()) throw new Unreachable();
	if (session.strike("html-answer")) return { status: 200, body: PROXY_PAGE };
	const throttled = session.strike("api-429");
	if (throttled) {
		const body = errorBody(new ApiError(429, "too_many_requests", "Too many requests"));
		return { status: 429, body, headers: { "retry-after": throttled.retryAfter ?? "1" } };
	}
	const refused = session.strike("unauthorized");
	if (refused || !/^Bearer \S+$/.test(message.headers.authorization ?? "")) {
		throw new ApiError(401, "invalid_token", "Invalid token");
	}
	if (message.method === "GET" && session.strike("part-missing")) throw notFound();
	for (const [method, path, handle] of ROUTES) {
		const match = method === message.method ? path.exec(url.pathname) : null;
		if (!match) continue;
		const captured = match.slice(1);
		const hidden = method === "GET" ? session.strike("secrets-hidden") : undefined;
		const prefer = hidden !== undefined ? "no_sensitive_extras=true" : message.headers.prefer;
		const view = {
			store: session.store,
			root: url.origin,
			showSecrets: prefer !== "no_sensitive_extras=true",
			showSensitiveSettings: prefer === "no_sensitive_extras=false",
			longestPage: longestPage(session),
			emptiesSensitiveSettings: hidden?.form === "empty",
		};
		const id = Number(captured.find((part) => /^\d+$/.test(part)) ?? 0);
		const part = captured.find((word) => !/^\d+$/.test(word)) ?? "";
		const answer = handle({ session, view, url, body: bodyOf(text), id, part });
		const changed = session.strike("answer-changed");
		if (changed !== undefined && typeof answer.body === "object") changeAnswer(answer.body, changed);
		return answer;
	}
	throw notFound();
}

/** Changes fields of a resource, or of each item of a list. */
function changeAnswer(body: Hal, fault: Fault): void {
	const targets = "total_count" in body ? Object.values(body._embedded as Record<string, Hal[]>).flat() : [body];
	for (const target of targets) {
		for (const path of fault.without ?? []) setField(target, path.split("."), undefined);
		for (const [path, value] of Object.entries(fault.with ?? {})) setField(target, path.split("."), value);
	}
}

function setField(target: Hal, [name = "", ...rest]: readonly string[], value: unknown): void {
	if (rest.length > 0) {
		if (target[name] !== undefined) setField(target[name] as Hal, rest, value);
	} else if (value === undefined) delete target[name];
	else target[name] = value;
}

/** How many items a page of this answer has at most. */
function longestPage(session: Session): number {
	const short = session.strike("short-pages");
	return short === undefined ? Number.POSITIVE_INFINITY : (short.perPage ?? 2);
}

function bodyOf(text: string): Record<string, unknown> {
	if (text === "") return {};
	try {
		const body: unknown = JSON.parse(text);
		if (typeof body === "object" && body !== null) return { ...body };
	} catch {
		throw new ApiError(400, "bad_request", "The body is not JSON");
	}
	throw unprocessable("The body is not an object");
}

async function readAll(message: IncomingMessage): Promise<string> {
	const chunks: Buffer[] = [];
	for await (const chunk of message) chunks.push(Buffer.from(chunk));
	return Buffer.concat(chunks).toString("utf8");
}

function errorBody({ status, code, message }: ApiError): Record<string, unknown> {
	return { code: status, error: code, message };
}

function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
	if (typeof body === "string") response.writeHead(status, { "content-type": "text/plain", ...headers }).end(body);
	else if (body === undefined) response.writeHead(status, headers).end();
	else response.writeHead(status, { "content-type": "application/hal+json", ...headers }).end(JSON.stringify(body));
}
