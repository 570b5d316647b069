/** Instances of a product's services that use its database: a web app and a worker, the same on both sides. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { RunningInstance } from "../medstack/swarm.ts";
import type { Ledger, SideName } from "./ledger.ts";
import { write } from "./writes.ts";

/** What an instance is given, as a service's config has it. */
export interface AppSetup {
	side: SideName;
	/** Of the database, with the service's login. */
	url: string;
	/** Name in its rows. */
	name: string;
}

const CONNECT_MS = 5_000;

/**
 * Starts a web app. `GET` of any path reads the database and answers 200, `POST` writes a row with the id in its body and answers 201;
 * 500 where the database does not let it. Each answer names the side: `{"side": "medstack"}`. `GET /health` does not ask the database.
 */
export async function startWeb({ side, url, name }: AppSetup): Promise<RunningInstance> {
	const pool = openPool(url);
	const server = createServer(async (request, response) => {
		const answer = (status: number, more: object = {}) => {
			response.writeHead(status, { "content-type": "application/json" });
			response.end(JSON.stringify({ side, ...more }));
		};
		try {
			if (request.url === "/health") return answer(200);
			if (request.method !== "POST") {
				await pool.query("SELECT 1");
				return answer(200);
			}
			const { id } = JSON.parse(await text(request)) as { id: string };
			await write(pool, id, name);
			answer(201, { id });
		} catch (error) {
			answer(500, { error: (error as Error).message });
		}
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	// What is under way may write still once its client is cut off.
	const ended = once(server, "close").then(() => pool.end());
	return {
		address: { host: "127.0.0.1", port: (server.address() as AddressInfo).port },
		ended,
		stop() {
			server.closeAllConnections();
			server.close();
			return ended;
		},
	};
}

/**
 * Starts a worker that writes row after row by itself, and notes each that the server acknowledges. A refused login is tried again, as
 * a pool does.
 *
 * @param everyMs @default 50
 */
export function startWorker({
	side,
	url,
	name,
	ledger,
	mayWrite,
	everyMs = 50,
}: AppSetup & WorkerSetup): RunningInstance {
	const ending = new AbortController();
	const { signal } = ending;
	const pool = openPool(url);
	const work = async () => {
		while (!signal.aborted) {
			if (mayWrite?.() !== false) await writeRow();
			await sleep(everyMs, undefined, { signal }).catch(() => {});
		}
		await pool.end();
	};
	const writeRow = async () => {
		const id = randomUUID();
		try {
			await write(pool, id, name);
			ledger.acknowledge({ id, at: new Date(), side, writer: name });
		} catch {
			ledger.unacknowledged += 1;
		}
	};
	const ended = work();
	return {
		ended,
		async stop() {
			ending.abort();
			await ended;
		},
	};
}

export interface WorkerSetup {
	ledger: Ledger;
	/** Whether there is something to write. @default always */
	mayWrite?: () => boolean;
	/** Between an answer and the next row. */
	everyMs?: number;
}

function openPool(url: string): pg.Pool {
	const pool = new pg.Pool({ connectionString: url, max: 2, connectionTimeoutMillis: CONNECT_MS });
	// An idle connection that is ended is followed by another when it is needed.
	pool.on("error", () => {});
	return pool;
}
