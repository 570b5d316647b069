/** One request to a domain by its real name at the address of its new side, whatever DNS says meanwhile. */
import dns from "node:dns";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import type { LookupFunction } from "node:net";
import tls, { type TLSSocket } from "node:tls";

/** Bytes of an answer that are looked through. */
const MOST_BYTES = 1024 * 1024;

/** Where a name is asked. */
export interface Address {
	/** Host name or address of the new side: of an endpoint's load balancer. */
	host: string;
	port: number;
}

export interface RequestOptions {
	/** For the whole answer, in milliseconds. */
	timeoutMs: number;
	/** Roots of trust, as PEM. */
	roots: readonly string[];
}

export interface Answer {
	status: number;
	/** Target of a redirect, as it was sent. */
	location: string | undefined;
	contentType: string;
	body: string;
	/** When the certificate that was shown ends. */
	validUntil: Date;
}

/** Roots of the system, those that Node has, and those of NODE_EXTRA_CA_CERTS. */
export function trustedRoots(): string[] {
	return [...new Set([...tls.getCACertificates("default"), ...tls.getCACertificates("system")])];
}

/** @throws what Node says where there is no connection, no TLS, no valid certificate for the name; a TimeoutError where no whole answer comes in time */
export async function request(
	name: string,
	path: string,
	address: Address,
	{ timeoutMs, roots }: RequestOptions,
): Promise<Answer> {
	const signal = AbortSignal.timeout(timeoutMs);
	try {
		return await exchange(name, path, address, roots, signal);
	} catch (error) {
		// In the middle of a body it is a connection that was reset.
		signal.throwIfAborted();
		throw error;
	}
}

async function exchange(
	name: string,
	path: string,
	{ host, port }: Address,
	roots: readonly string[],
	signal: AbortSignal,
): Promise<Answer> {
	const lookup: LookupFunction = (_, options, done) => dns.lookup(host, options, done);
	const answer = await new Promise<IncomingMessage>((resolve, reject) => {
		https
			.get(
				{
					host: name,
					port,
					path,
					lookup,
					servername: name,
					ca: [...roots],
					agent: false,
					signal,
					headers: { host: name, "user-agent": "medstack-to-aptible probe", accept: "*/*" },
				},
				resolve,
			)
			.on("error", reject);
	});
	const validUntil = new Date((answer.socket as TLSSocket).getPeerCertificate().valid_to);
	const parts: Buffer[] = [];
	let bytes = 0;
	for await (const part of answer as AsyncIterable<Buffer>) {
		parts.push(part);
		bytes += part.length;
		if (bytes > MOST_BYTES) break;
	}
	return {
		status: answer.statusCode ?? 0,
		location: answer.headers.location,
		contentType: answer.headers["content-type"] ?? "no content type",
		body: Buffer.concat(parts).toString("utf8"),
		validUntil,
	};
}
