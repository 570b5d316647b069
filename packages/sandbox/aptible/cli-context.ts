import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, Crash, UserError } from "./errors.ts";
import { noteTelemetry, type Write } from "./journal.ts";
import type { Account, Operation, OperationBody, ResourceKind } from "./model.ts";
import { type Node, renderJson, renderText } from "./render.ts";
import { type Portal, requestOperation } from "./server/operations.ts";
import type { Session } from "./server/session.ts";
import { openingLog, statusOf } from "./server/settle.ts";
import { ensureKey } from "./ssh-key.ts";
import type { Store } from "./store.ts";
import type { Call, Options } from "./thor.ts";

/** Where a run of the CLI reads and writes. */
export interface Io {
	stdout(text: string): void;
	stderr(text: string): void;
	/** Reads all that the person at the terminal answers. @default nobody answers */
	stdin?(): string;
	/** Sees each write as the API got it, unmasked. */
	onWrite?(write: Write): void;
	/** Sees the options handed to the telemetry call, before the CLI takes the registry's out. */
	onTelemetry?(options: Record<string, unknown>): void;
}

export type Env = Readonly<Record<string, string | undefined>>;

/** One command of the CLI. */
export type Command = (cli: Cli, ...args: string[]) => Promise<void> | void;

const DEFAULT_AUTH_ROOT = "https://auth.aptible.com";
const POLL_MS = 1000;

/** What a command works with: its options, its token, the server, and the terminal. */
export class Cli {
	readonly name: string;
	readonly options: Options;
	readonly session: Session;
	readonly env: Env;
	readonly io: Io;
	#token: string | undefined;
	#connected = false;

	constructor(call: Call, session: Session, env: Env, io: Io) {
		this.name = call.name;
		this.options = call.options;
		this.session = session;
		this.env = env;
		this.io = io;
	}

	text(name: string): string | undefined {
		const value = this.options[name];
		return typeof value === "string" ? value : undefined;
	}

	number(name: string): number | undefined {
		const value = this.options[name];
		return typeof value === "number" ? value : undefined;
	}

	flag(name: string): boolean | undefined {
		const value = this.options[name];
		return typeof value === "boolean" ? value : undefined;
	}

	get json(): boolean {
		return this.env.APTIBLE_OUTPUT_FORMAT === "json";
	}

	get configPath(): string {
		return this.env.APTIBLE_CONFIG_PATH ?? join(this.env.HOME ?? "", ".aptible");
	}

	/** A line of the CLI's logger, which goes to stderr. */
	info(line: string): void {
		this.io.stderr(`${line}\n`);
	}

	print(node: Node): void {
		const format = this.env.APTIBLE_OUTPUT_FORMAT;
		if (format !== undefined && format !== "json" && format !== "text") {
			throw new UserError(`Invalid APTIBLE_OUTPUT_FORMAT: ${format}`);
		}
		const text = format === "json" ? renderJson(node) : renderText(node);
		this.io.stdout(this.#lagging(text.endsWith("\n") ? text : `${text}\n`));
	}

	#lagging(text: string): string {
		const { command } = this.session;
		return command === "apps" || command.endsWith(":list") ? this.session.lagging("", text) : text;
	}

	/** The token, which the CLI reads as a JWT before it does anything with it. */
	get token(): string {
		this.#token ??= this.#readToken();
		return this.#token;
	}

	#readToken(): string {
		const token =
			this.env.APTIBLE_ACCESS_TOKEN ?? this.#savedTokens()[this.env.APTIBLE_AUTH_ROOT_URL ?? DEFAULT_AUTH_ROOT];
		if (typeof token === "string") return token;
		throw new UserError("Could not read token: please run aptible login or set APTIBLE_ACCESS_TOKEN");
	}

	#savedTokens(): Record<string, unknown> {
		try {
			return JSON.parse(readFileSync(join(this.configPath, "tokens.json"), "utf8"));
		} catch {
			return {};
		}
	}

	/** The vendor call that nearly every command makes first: it carries the options. */
	telemetry(extra: Options = {}): void {
		const options = { ...this.options, ...extra };
		this.io.onTelemetry?.(options);
		const payload = this.token.split(".");
		if (payload.length !== 3)
			throw new Crash(
				"jwt/decode.rb:106:in `validate_segment_count!'",
				"Not enough or too many segments",
				"JWT::DecodeError",
			);
		noteTelemetry(this.session.store, this.session.journalId, options);
	}

	/** Looks something up on the server; the first time is where a call can find it gone or the token refused. */
	read<T>(look: (store: Store) => T): T {
		if (!this.#connected) this.#connect();
		return this.session.read(look);
	}

	#connect(): void {
		this.#connected = true;
		if (this.session.isUnreachable()) {
			const url = new URL(this.env.APTIBLE_API_ROOT_URL ?? "https://api.aptible.com");
			const port = url.port || (url.protocol === "https:" ? "443" : "80");
			throw new Crash(
				"session.rb:623:in `rescue in create_socket'",
				`Connection refused - Connection refused - connect(2) for "127.0.0.1" port ${port} (${url.hostname})`,
				"Errno::ECONNREFUSED",
			);
		}
		if (this.session.strike("unauthorized")) throw new ApiError(401, "invalid_token", "Invalid token");
	}

	/** The environments that `--environment` leaves: one, or all. */
	scopedEnvironments(): Account[] {
		const handle = this.text("environment");
		if (handle === undefined) return this.visible(this.read((store) => store.list("account")));
		const account = this.environmentNamed(handle);
		if (!account) throw new UserError("Specified account does not exist");
		return [account];
	}

	environmentNamed(handle: string): Account | undefined {
		return this.read((store) => store.list("account").find((account) => account.handle === handle));
	}

	/** The environment of a command that needs one. */
	environment(handle = this.text("environment")): Account {
		if (handle !== undefined) {
			const account = this.environmentNamed(handle);
			if (!account) throw new UserError(`Could not find environment ${handle}`);
			return account;
		}
		const [first, ...others] = this.read((store) => store.list("account"));
		if (!first) throw new UserError("No environments. Go to https://app.aptible.com/ to proceed");
		if (others.length > 0)
			throw new UserError("Multiple environments available, please specify with --environment or --env");
		return first;
	}

	/** The objects of a list, as the server shows them. */
	visible<T extends { id: number; handle?: string; external_host?: string | null }>(objects: T[]): T[] {
		return withoutNewest(this.session, objects);
	}

	/** Sends a request that makes something; the CLI's HTTP library sends it again where the answer does not come (seen). */
	post<T>(write: "create" | "operation", send: () => T): T {
		const twice = this.session.strike("sends-twice", [], (fault) => (fault.write ?? "operation") === write);
		if (twice === undefined) return send();
		const [first, second] = [attempt(send), attempt(send)];
		return twice.answer === "first" ? first() : second();
	}

	/** Asks for an operation. */
	operation(kind: ResourceKind, id: number, body: OperationBody): { operation: Operation; portal: Portal } {
		const portal: Portal = { mode: "follow" };
		const operation = this.post("operation", () => requestOperation(this.session, kind, id, body, portal));
		return { operation, portal };
	}

	/** Asks for an operation, says so, and shows its log until it is over. */
	async run(kind: ResourceKind, id: number, body: OperationBody, saying?: string): Promise<Operation> {
		const { operation, portal } = this.operation(kind, id, body);
		if (saying !== undefined) this.info(saying);
		await this.attach(operation, portal);
		return operation;
	}

	/** Shows the log of an operation until it is over; where the log cannot be had, asks for its status instead. */
	async attach({ id }: Operation, portal: Portal = { mode: "follow" }): Promise<void> {
		const keygenMs = this.session.store.meta("keygen_ms");
		await ensureKey(this.configPath, keygenMs === undefined ? undefined : Number(keygenMs));
		if (portal.mode !== "down" && (await this.#stream(id, portal))) return;
		this.info("Disconnected from logs, waiting for operation to complete");
		this.info("Once complete, the logs can be viewed here:");
		this.info(`    https://app.aptible.com/operations/${id}`);
		const ended = await this.#until(id, (operation) => operation.outcome !== null);
		if (ended.outcome !== "succeeded") throw new UserError(`Operation #${id} failed.`);
	}

	/** True where the stream says that all went well. */
	async #stream(id: number, portal: Portal): Promise<boolean> {
		const started = await this.#until(id, (operation) => statusOf(operation) !== "queued");
		const opening = openingLog(started);
		this.io.stdout(opening);
		if (portal.mode === "early") return true;
		const ended = await this.#until(id, (operation) => operation.outcome !== null);
		this.io.stdout(ended.log.startsWith(opening) ? ended.log.slice(opening.length) : ended.log);
		return ended.outcome === "succeeded";
	}

	async #until(id: number, done: (operation: Operation) => boolean): Promise<Operation> {
		for (;;) {
			const operation = this.session.read((store) => store.get("operation", id));
			if (done(operation)) return operation;
			const nextMs = statusOf(operation) === "queued" ? operation.start_ms : operation.end_ms;
			await sleep(Math.min(Math.max(nextMs - Date.now(), 5), POLL_MS));
		}
	}
}

/** What the API answers, whether it takes the request or not. */
function attempt<T>(send: () => T): () => T {
	try {
		const result = send();
		return () => result;
	} catch (error) {
		if (!(error instanceof ApiError)) throw error;
		return () => {
			throw error;
		};
	}
}

/** A list as a server shows it that has not caught up with its last create, if that fault is planted. */
export function withoutNewest<T extends { id: number; handle?: string; external_host?: string | null }>(
	session: Session,
	objects: T[],
): T[] {
	const newest = objects.reduce<T | undefined>((last, each) => (last && last.id > each.id ? last : each), undefined);
	if (!newest) return objects;
	const names = [newest.handle, newest.external_host, String(newest.id)].filter((name) => typeof name === "string");
	return session.strike("not-found-race", names) ? objects.filter((each) => each !== newest) : objects;
}
