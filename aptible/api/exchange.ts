import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { pipeline } from "node:stream";
import { text } from "node:stream/consumers";
import { createGunzip } from "node:zlib";
import { http, https } from "../client/http.ts";

/** How often an answer may lead on to another address. */
const mostRedirects = 5;

/** Connections are kept for the next request of the same process. */
const agents = { "http:": new http.Agent({ keepAlive: true }), "https:": new https.Agent({ keepAlive: true }) };

/** What is sent. */
export interface Sent {
	method: string;
	headers: Readonly<Record<string, string>>;
	body?: string | undefined;
	signal: AbortSignal;
}

/** What comes back. */
export interface Answer {
	status: number;
	headers: IncomingHttpHeaders;
	text: string;
}

/**
 * Sends one request and reads its answer whole. Node's `fetch` does the same, and loading what is behind it takes CPU, in each Command (`client/http.ts`).
 *
 * @throws the reason of the signal once that is aborted, else what went wrong with the connection
 */
export async function exchange(url: string, sent: Sent, redirects = 0): Promise<Answer> {
	const { signal } = sent;
	try {
		const response = await send(new URL(url), sent);
		const { statusCode: status = 0, headers } = response;
		const location = sent.method === "GET" && status >= 300 && status <= 399 ? headers.location : undefined;
		if (location !== undefined && redirects < mostRedirects) {
			response.resume();
			const next = new URL(location, url);
			return await exchange(next.href, { ...sent, headers: headersFor(next, url, sent) }, redirects + 1);
		}
		// An answer that breaks off is an error of what it is unpacked with.
		const body =
			headers["content-encoding"] === "gzip" ? pipeline(response, createGunzip(), () => undefined) : response;
		return { status, headers, text: await text(body) };
	} catch (error) {
		throw signal.aborted ? signal.reason : error;
	}
}

/** Elsewhere nobody gets the token. */
function headersFor(next: URL, url: string, { headers }: Sent): Readonly<Record<string, string>> {
	if (next.origin === new URL(url).origin) return headers;
	const { Authorization: _, ...others } = headers;
	return others;
}

function send(url: URL, { method, headers, body, signal }: Sent): Promise<IncomingMessage> {
	return new Promise((resolve, reject) => {
		const [{ request }, agent] =
			url.protocol === "https:" ? ([https, agents["https:"]] as const) : ([http, agents["http:"]] as const);
		const all = { "User-Agent": "node", "Accept-Encoding": "gzip", ...headers };
		request(url, { method, headers: all, agent, signal }).on("response", resolve).on("error", reject).end(body);
	});
}
