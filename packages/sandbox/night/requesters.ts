/** Clients that request a domain all the time, and find it by DNS as any client does. */
import { randomUUID } from "node:crypto";
import { request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { Ledger, SideName } from "./ledger.ts";
import type { CachingResolver } from "./resolver.ts";

/** What came of one request. */
export interface RecordedAnswer {
	client: string;
	/** When it was begun. */
	at: Date;
	/** When its answer, or the end of waiting for it, came. */
	ended: Date;
	/** Address that the domain led to; absent where it led to none. */
	address?: string;
	/** Side of that address. */
	side?: SideName;
	/** Absent where no answer came. */
	status?: number;
	/** Why not. */
	error?: string;
}

/** Where an address of the outer world is, on this machine. */
export interface Reached {
	host: string;
	port: number;
	side: SideName;
}

export interface RequesterSetup {
	/** Name in what is recorded. */
	client: string;
	/** `https://portal.acme.example/visits`; its port is not used. */
	url: string;
	resolver: Pick<CachingResolver, "addressesOf">;
	/** @returns undefined for an address that nothing listens on */
	reach: (address: string) => Reached | undefined;
	/** Certificates that it trusts, as PEM; of `https` alone. */
	ca?: string;
	/** Where it writes, too: each request is a `POST` of a row, which is noted here where it is answered with 201. */
	ledger?: Ledger;
	/** Whether one that writes does so; it reads meanwhile. @default always */
	mayWrite?: () => boolean;
	/** Between an answer and the next request, in milliseconds. @default 100 */
	everyMs?: () => number;
}

/** For an answer. */
const TIMEOUT_MS = 2_000;

export interface Requester {
	/** In their order. */
	answers: readonly RecordedAnswer[];
	/** Ends it, once the request that is under way is answered. */
	stop(): Promise<void>;
}

/** Starts a client: one request after the other, each over a connection of its own. */
export function startRequester(setup: RequesterSetup): Requester {
	const { client, everyMs = () => 100 } = setup;
	const answers: RecordedAnswer[] = [];
	const ending = new AbortController();
	const { signal } = ending;
	const work = async () => {
		while (!signal.aborted) {
			const at = new Date();
			const outcome = await ask(setup).catch((error: Error) => ({ error: error.message }));
			answers.push({ client, at, ended: new Date(), ...outcome });
			await sleep(everyMs(), undefined, { signal }).catch(() => {});
		}
	};
	const done = work();
	return {
		answers,
		async stop() {
			ending.abort();
			await done;
		},
	};
}

type Outcome = Pick<RecordedAnswer, "address" | "side" | "status" | "error">;

async function ask(setup: RequesterSetup): Promise<Outcome> {
	const { url, resolver, reach, client, mayWrite } = setup;
	const ledger = mayWrite?.() === false ? undefined : setup.ledger;
	const { hostname } = new URL(url);
	const [address] = await resolver.addressesOf(hostname);
	if (address === undefined) return { error: `${hostname} has no address` };
	const reached = reach(address);
	if (reached === undefined) return { address, error: `nothing answers at ${address}` };
	const { side } = reached;
	const id = ledger && randomUUID();
	try {
		const { status, body } = await send(setup, reached, id);
		if (ledger !== undefined && id !== undefined) {
			// The app itself says where it wrote: behind an address may stand another side.
			if (status === 201) ledger.acknowledge({ id, at: new Date(), side: sideIn(body) ?? side, writer: client });
			else ledger.unacknowledged += 1;
		}
		return { address, side, status };
	} catch (error) {
		if (ledger !== undefined) ledger.unacknowledged += 1;
		return { address, side, error: (error as Error).message };
	}
}

async function send(
	{ url, ca, client }: RequesterSetup,
	{ host, port }: Reached,
	id: string | undefined,
): Promise<{ status: number; body: string }> {
	const { protocol, hostname, pathname, search } = new URL(url);
	const body = id === undefined ? undefined : JSON.stringify({ id });
	const options = {
		host,
		port,
		path: `${pathname}${search}`,
		method: body === undefined ? "GET" : "POST",
		headers: { host: hostname, "user-agent": `night/${client}`, "content-type": "application/json" },
		agent: false as const,
		signal: AbortSignal.timeout(TIMEOUT_MS),
	};
	const sent = protocol === "https:" ? requestTls({ ...options, servername: hostname, ca }) : requestPlain(options);
	return new Promise((resolve, reject) => {
		sent.on("error", reject).on("response", (response) => {
			text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
		});
		sent.end(body);
	});
}

function sideIn(body: string): SideName | undefined {
	try {
		const { side } = JSON.parse(body) as { side?: unknown };
		return side === "medstack" || side === "aptible" ? side : undefined;
	} catch {
		return undefined;
	}
}
