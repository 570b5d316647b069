/** The way to database `move`: a tunnel to the target, and sessions through it, opened anew when they end. */
import { setTimeout as sleep } from "node:timers/promises";
import { findDatabaseId, readDatabaseUrls } from "../aptible/api/database.ts";
import { type Environment, listEnvironments } from "../aptible/api/environment.ts";
import { openTunnel, type Tunnel } from "../aptible/cli/tunnel.ts";
import type { Context } from "../aptible/context.ts";
import type { Drain } from "../config/move.ts";
import { databaseDefaults } from "../config/sizes.ts";
import { isConnectionError } from "../packages/mover/journal/errors.ts";
import { type Connect, findJournalDatabase, openJournalDatabase } from "../packages/mover/journal/schema.ts";
import { connectThrough } from "../packages/mover/postgresql/tunnelled.ts";
import type { MoveStage } from "./stage.ts";

/** What the commands ask of a session in database `move`. */
export type MoveSession = Awaited<ReturnType<Connect>>;

/** For how long a tunnel that breaks is opened anew. */
const PATIENCE_MS = 10 * 60_000;
const MAINTENANCE = ["postgres", "template1", "db"];

/** A database that moves, as the stage file has it. */
export interface DeclaredDatabase {
	handle: string;
	type: string;
	diskGb: number | undefined;
	/** During the move. */
	containerMb: number;
	/** Queues that run empty instead of being copied. */
	drain: Drain | undefined;
}

/** The databases that move: those of the `move` block, or all where there is none. */
export function movedDatabases({ stage }: MoveStage): DeclaredDatabase[] {
	return Object.entries(stage.databases)
		.filter(([handle]) => stage.move === undefined || Object.hasOwn(stage.move.databases, handle))
		.map(([handle, { type, diskGb, containerMb }]) => {
			const { during, drain } = stage.move?.databases[handle] ?? {};
			const memory = during?.containerMb ?? containerMb ?? databaseDefaults.containerMb;
			return { handle, type, diskGb, containerMb: memory, drain };
		})
		.sort((one, other) => (one.handle < other.handle ? -1 : 1));
}

/** The stage's environment on Aptible. */
export async function findEnvironment(context: Context, { stage }: MoveStage): Promise<Environment> {
	const environments = await listEnvironments(context.api);
	const found = environments.find(({ handle }) => handle === stage.environment.handle);
	if (found !== undefined) return found;
	throw new Error(
		`environment "${stage.environment.handle}" is not one that this token sees; first make the stage: pulumi up --stack STACK`,
	);
}

/** The id of a database of the stage on Aptible. */
export async function requireDatabaseId(context: Context, environment: string, handle: string): Promise<number> {
	const id = await findDatabaseId(context.api, environment, handle);
	if (id !== undefined) return id;
	throw new Error(
		`database "${handle}" is not in environment "${environment}"; first make it: pulumi up --stack STACK, with move.phase: prepare`,
	);
}

/** The default address of a database. */
export async function readUrl(context: Context, id: number, handle: string): Promise<string> {
	const { connectionUrl } = await readDatabaseUrls(context.api, id);
	if (connectionUrl === undefined) {
		throw new Error(
			`Aptible shows no address of database "${handle}"; the token needs the permission to read credentials, and the database to be provisioned`,
		);
	}
	context.redactor.addUrl(connectionUrl);
	return connectionUrl;
}

/** There is no way to the database: the tunnel, the server or its database `move` cannot be opened. */
export class Unreachable extends Error {
	override name = "Unreachable";
}

/** An error of whoever looked for a way to the database. */
export function asUnreachable(error: unknown): Unreachable {
	return error instanceof Unreachable
		? error
		: new Unreachable(error instanceof Error ? error.message : String(error), { cause: error });
}

/** The person has gone away while the database was asked. */
export class LookLeft extends Error {
	override name = "LookLeft";

	constructor() {
		super("left while the target's database was asked");
	}
}

export interface LookOptions {
	/** For how long a way that breaks is opened anew, in milliseconds. @default 10 minutes */
	patienceMs?: number;
	/** Ends it at once; its reason is thrown. */
	signal?: AbortSignal;
}

/** Ways to the databases of a stage, one each. */
export class Ways {
	readonly #open: (handle: string) => Way;
	readonly #ways = new Map<string, Way>();

	constructor(context: Context, environment: Environment, tell: (line: string) => void) {
		this.#open = (handle) => new Way(context, environment, handle, tell);
	}

	to(handle: string): Way {
		const way = this.#ways.get(handle) ?? this.#open(handle);
		this.#ways.set(handle, way);
		return way;
	}

	async close(): Promise<void> {
		await Promise.all([...this.#ways.values()].map((way) => way.close()));
	}
}

/** A tunnel to one database, and sessions in its server's databases. */
export class Way {
	readonly #context: Context;
	readonly #environment: Environment;
	readonly #handle: string;
	readonly #tell: (line: string) => void;
	#tunnel: Tunnel | undefined;
	#session: MoveSession | undefined;

	constructor(context: Context, environment: Environment, handle: string, tell: (line: string) => void) {
		this.#context = context;
		this.#environment = environment;
		this.#handle = handle;
		this.#tell = tell;
	}

	/** Connects to a database of a PostgreSQL server. */
	async connect(database: string): Promise<MoveSession> {
		return connectThrough(await this.openTunnel(), this.#environment.caCertificate, database);
	}

	/** Address of the database at this end of the tunnel, which is opened where it is not. */
	async openTunnel(): Promise<string> {
		if (this.#tunnel === undefined || this.#tunnel.signal.aborted) {
			this.#tunnel = await openTunnel(this.#context.cli, this.#environment.handle, this.#handle);
			this.#context.redactor.addUrl(this.#tunnel.url);
		}
		return this.#tunnel.url;
	}

	/**
	 * Uses a session in database `move`. Where it or the tunnel ends meanwhile, both are opened anew and it is used again: so only
	 * for what may be done twice.
	 *
	 * @param use is given undefined where there is no such database
	 * @throws Unreachable where there is no way to it
	 */
	look<T>(use: (session: MoveSession | undefined) => Promise<T>, options: LookOptions = {}): Promise<T> {
		return this.#again(() => this.#lookOnce(use), options);
	}

	/**
	 * Uses the address of `openTunnel`. Where the tunnel ends meanwhile, it is opened anew and used again, as in `look`.
	 *
	 * @throws Unreachable where there is no way to the database
	 */
	through<T>(use: (url: string) => Promise<T>, options: LookOptions = {}): Promise<T> {
		return this.#again(async () => use(await this.openTunnel()), options);
	}

	async #again<T>(once: () => Promise<T>, { patienceMs = PATIENCE_MS, signal }: LookOptions): Promise<T> {
		const deadline = Date.now() + patienceMs;
		for (let isTold = false; ; isTold = true) {
			try {
				return await unlessLeft(once(), signal);
			} catch (error) {
				const hasEnded = isConnectionError(error) || this.#tunnel?.signal.aborted === true;
				if (signal?.aborted === true || !hasEnded) throw error;
				if (Date.now() > deadline) throw asUnreachable(error);
				if (!isTold) this.#tell("the tunnel has ended and is opened anew; the mover goes on meanwhile");
				await unlessLeft(this.#forget(), signal);
				await sleep(1_000, undefined, signal === undefined ? {} : { signal }).catch(() => signal?.throwIfAborted());
			}
		}
	}

	async #lookOnce<T>(use: (session: MoveSession | undefined) => Promise<T>): Promise<T> {
		this.#session ??= await findJournalDatabase((database) => this.connect(database)).catch((error: unknown) => {
			throw asUnreachable(error);
		});
		return use(this.#session);
	}

	/** Database `move`, made where it is not there. */
	async open(): Promise<MoveSession> {
		this.#session ??= await openJournalDatabase((database) => this.connect(database), MAINTENANCE);
		return this.#session;
	}

	async #forget(): Promise<void> {
		const [session, tunnel] = [this.#session, this.#tunnel];
		this.#session = undefined;
		this.#tunnel = undefined;
		await session?.end().catch(() => {});
		await tunnel?.close();
	}

	async close(): Promise<void> {
		await this.#forget();
	}
}

/** What a promise comes to, unless the person goes away before. */
async function unlessLeft<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
	if (signal === undefined) return promise;
	const ended = new AbortController();
	const left = new Promise<never>((_, reject) => {
		if (signal.aborted) reject(signal.reason);
		signal.addEventListener("abort", () => reject(signal.reason), { once: true, signal: ended.signal });
	});
	return Promise.race([promise, left]).finally(() => ended.abort());
}
