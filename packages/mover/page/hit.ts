/** What is logged of a request: who came for which host, and nothing that could be a patient's. */
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";

/** Of each line in the log. */
export interface Line {
	/** ISO 8601, UTC. */
	time: string;
	/** By chance, one for each process: a service may have several. */
	instance: string;
	/** Of the instance's lines, from 1 on and without a gap: who reads a log sees what it lacks. */
	number: number;
}

/** One request. Its path is not looked at by `watch`, and may have a patient's name in it. */
export interface Hit {
	kind: "hit" | "health" | "malformed";
	/** In lower case, without its port; empty where there is none that is a host name. */
	host: string;
	/** Address of the first hop that `X-Forwarded-For` names, else of the connection. A client may have written it itself. */
	client: string;
	/** Address that the nearest proxy saw, where that is another one: no client writes this one. */
	via?: string;
	agent: string;
}

const LONGEST = 200;
/** Of `X-Forwarded-For`; each proxy adds one. */
const MOST_HOPS = 10;
const HOST = /^[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?$/;

/**
 * Describes a request. No part of it is longer than 253 characters, whatever it was sent with.
 *
 * @param isHealthPath whether it asks for the path of health checks
 */
export function describeHit(request: IncomingMessage, isHealthPath: boolean): Hit {
	const hops = readHops(request.headers["x-forwarded-for"]);
	const peer = readAddress(request.socket.remoteAddress ?? "") ?? "";
	const [client = peer] = hops;
	const via = hops.at(-1) ?? peer;
	// A check from outside comes through the load balancer, and is a client like any other.
	const isHealth = isHealthPath && hops.length === 0;
	return {
		kind: isHealth ? "health" : "hit",
		host: readHost(request.headers.host ?? ""),
		client,
		...(via === client ? {} : { via }),
		agent: (request.headers["user-agent"] ?? "").slice(0, LONGEST),
	};
}

function readHops(header: string | string[] | undefined): string[] {
	const text = Array.isArray(header) ? header.join(",") : (header ?? "");
	// The last ones are those of proxies, so that a long list is cut in its middle.
	const hops = text.split(",");
	const kept = hops.length > MOST_HOPS ? [...hops.slice(0, 1), ...hops.slice(1 - MOST_HOPS)] : hops;
	return kept.flatMap((hop) => readAddress(hop.trim()) ?? []);
}

/** An address without its port, zone or brackets; undefined where it is none: what a client made up is not logged. */
function readAddress(text: string): string | undefined {
	const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
	const address = bare.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
	return isIP(address) === 0 ? undefined : address.toLowerCase();
}

function readHost(header: string): string {
	const host = header.toLowerCase().replace(/:\d*$/, "").replace(/\.$/, "");
	return HOST.test(host) ? host : "";
}

/** Whether a request's target has this path: a whole URL too, and with any query. */
export function hasPath({ url = "" }: IncomingMessage, path: string): boolean {
	const own = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "");
	return (/^[^?#]*/.exec(own)?.[0] || "/") === path;
}
