/** Requests of both sides by the real host name, past DNS: they show that a log is alive, and who answers. */
import type { IncomingHttpHeaders } from "node:http";
import { request } from "node:https";
import type { TLSSocket } from "node:tls";
import { INSTANCE_HEADER, PAGE_HEADER, PAGE_NAME } from "../../packages/mover/page/server.ts";
import { probeAgent } from "./lines.ts";

/** What is asked: a domain at an address or host name of one side. */
export interface Probed {
	side: "old" | "new";
	domain: string;
	address: string;
	/** @default 443 */
	port?: number;
	/** What this watch's probes have in their user agent, so that they are found in a log. */
	mark: string;
}

export interface ProbeResult extends Probed {
	is: "right" | "wrong";
	says: string;
	/** Of the page service, which of its processes has answered; absent where another server did. */
	instance?: string;
	/** How far the answer's clock is ahead of this machine's, in milliseconds; undefined where it does not say. */
	aheadMs: number | undefined;
}

const ANSWER_MS = 10_000;

/**
 * Asks with a HEAD, as nobody and with nothing secret; so the certificate is looked at, and what is wrong with the old side's is said and
 * no more: it cannot be renewed after the switch (facts/move.md §5).
 */
export async function probe(probed: Probed): Promise<ProbeResult> {
	const { side, domain, address } = probed;
	const where = side === "old" ? "MedStack" : "Aptible";
	try {
		const { status, headers, problem } = await ask(probed);
		const date = Date.parse(headers.date ?? "");
		const aheadMs = Number.isNaN(date) ? undefined : date - Date.now();
		const tls = problem === undefined ? "" : `; its certificate: ${problem}`;
		const isPage = headers[PAGE_HEADER] === PAGE_NAME;
		const instance = headers[INSTANCE_HEADER];
		const isDown = status >= 500 || headers.server === "brickwall";
		const isWrong = side === "old" ? !isPage : isDown || isPage || problem !== undefined;
		const what =
			side === "old"
				? isPage
					? "the maintenance page answers"
					: `something else than the page service answers there, whose log shows nobody then; map the domain to it`
				: isPage
					? "MedStack's maintenance page answers there"
					: `Aptible answers${headers.server === "brickwall" ? " with its own error page, as the service is at 0 or down" : ""}`;
		return {
			...probed,
			is: isWrong ? "wrong" : "right",
			says: `${where}, ${domain} at ${address}: status ${status}: ${what}${tls}`,
			...(isPage && typeof instance === "string" ? { instance } : {}),
			aheadMs,
		};
	} catch (error) {
		const why = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error);
		return {
			...probed,
			is: "wrong",
			says: `${where}, ${domain} at ${address}: no answer (${why})`,
			aheadMs: undefined,
		};
	}
}

interface Answer {
	status: number;
	headers: IncomingHttpHeaders;
	/** What is wrong with the certificate. */
	problem: string | undefined;
}

function ask({ domain, address, port = 443, mark }: Probed): Promise<Answer> {
	return new Promise((resolve, reject) => {
		const asked = request({
			method: "HEAD",
			host: address,
			port,
			path: "/",
			servername: domain,
			rejectUnauthorized: false,
			agent: false,
			headers: { host: domain, "user-agent": probeAgent(mark), connection: "close" },
			signal: AbortSignal.timeout(ANSWER_MS),
		});
		asked.on("error", reject);
		asked.on("response", (response) => {
			const socket = response.socket as TLSSocket;
			const problem = socket.authorized ? undefined : String(socket.authorizationError);
			response.resume();
			resolve({ status: response.statusCode ?? 0, headers: response.headers, problem });
		});
		asked.end();
	});
}
