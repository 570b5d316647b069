import { setTimeout as sleep } from "node:timers/promises";
import { addressesOf } from "../client/dns.ts";
import { AptibleError } from "../client/errors.ts";
import { https } from "../client/http.ts";

const pauseMs = 1_000;
const requestTimeoutMs = 5_000;
/** What the platform itself answers where no container does (facts/aptible.md §2.3). */
const platformAnswers = [502, 503, 504];

/** Where an endpoint is asked. */
export interface Asked {
	/** As messages call it. */
	label: string;
	/** Name that Aptible gave the endpoint. */
	hostname: string;
	/** Name that people use, for TLS and the `Host` header. */
	host: string;
	path: "/" | "/healthcheck";
	/** @default 443 */
	port?: number;
}

/**
 * Waits until an https endpoint answers with anything but what the platform answers in the app's place. Its certificate is not
 * judged: it may be waiting for its DNS.
 *
 * @throws AptibleError when it has not within so many seconds
 */
export async function waitForAnswer(asked: Asked, seconds: number): Promise<void> {
	const deadline = Date.now() + seconds * 1000;
	for (;;) {
		const heard = await ask(asked);
		if (typeof heard === "number" && !platformAnswers.includes(heard)) return;
		if (Date.now() + pauseMs > deadline) {
			throw new AptibleError(
				`${asked.label} is up, but has not answered within ${seconds} s: ${typeof heard === "number" ? `HTTP ${heard}` : heard} from ` +
					`https://${asked.hostname}${asked.path}. Look at the app with \`aptible logs\`, or raise answersWithinSeconds; then run ` +
					"`pulumi up` again.",
			);
		}
		await sleep(pauseMs);
	}
}

/** The status of an answer, or why there was none. */
async function ask({ hostname, host, path, port = 443 }: Asked): Promise<number | string> {
	const [address] = await addressesOf(hostname);
	if (address === undefined) return "no address";
	return new Promise((resolve) => {
		const sent = https.request(
			{
				host: address,
				port,
				path,
				servername: host,
				headers: { Host: host },
				rejectUnauthorized: false,
				timeout: requestTimeoutMs,
			},
			(response) => {
				response.resume();
				resolve(response.statusCode ?? "no status");
			},
		);
		sent.on("timeout", () => sent.destroy(new Error(`no answer after ${requestTimeoutMs / 1000} s`)));
		sent.on("error", ({ message }) => resolve(message));
		sent.end();
	});
}
