import { setImmediate as nextTurn } from "node:timers/promises";
import type { z } from "zod";
import { type Access, refuseIfReadOnly } from "../client/access.ts";
import { ApiError, AptibleError } from "../client/errors.ts";
import { type Limit, limiter } from "../client/limiter.ts";
import { retryReads } from "../client/retry.ts";
import { failureOf, parseAnswer } from "./answer.ts";
import { exchange } from "./exchange.ts";
import { hasNext, idOf, pageOf, withPage } from "./page.ts";
import { findToken, tokensFile } from "./token.ts";

const requestTimeoutMs = 30_000;
/** A request that begins just before the deadline gets this long. */
const leastTimeoutMs = 2_000;

/** Requests at a time of one Command, of which Pulumi runs many side by side. */
const commandRequests = 2;

/**
 * Whether an answer is to have secrets in it (`Prefer: no_sensitive_extras`, aptible-cli 0.26.6, cli.rb): asked without, Aptible records
 * no access to them. `undefined` leaves it to the API. @default false
 */
interface Shown {
	secrets?: boolean | undefined;
}

interface Message {
	body?: Record<string, unknown> | undefined;
	headers?: Record<string, string>;
	timeoutMs?: number;
}

/**
 * The Deploy API, which everything is read from, and which does what the CLI cannot; the files beside this one have its routes, noun by
 * noun (facts/terraform-provider.md §3.4, §3.5). It logs in with the CLI's own token. Reads are retried until their deadline while the
 * failure is a passing one. Only so many requests are under way at a time.
 */
export class Api {
	/** Both roots as the variables had them when this was made; judged where one is used. */
	readonly #roots = {
		APTIBLE_API_ROOT_URL: process.env.APTIBLE_API_ROOT_URL || "https://api.aptible.com",
		APTIBLE_AUTH_ROOT_URL: process.env.APTIBLE_AUTH_ROOT_URL || "https://auth.aptible.com",
	};
	readonly #access: Access;
	readonly #limit: Limit;
	readonly #reading = new AbortController();
	/** Answers that never change, by their addresses. */
	readonly #kept = new Map<string, Promise<unknown>>();
	#token: Promise<string> | undefined;
	#clock: Date | undefined;
	#slowest: { request: string; ms: number } | undefined;

	constructor(access: Access = {}) {
		this.#access = access;
		this.#limit = limiter(access.requestsAtATime ?? commandRequests);
	}

	/** Root of the Deploy API, without a slash at its end. @throws AptibleError where its variable has no address */
	get root(): string {
		return this.#rootIn("APTIBLE_API_ROOT_URL");
	}

	/** Root of the auth API, likewise. */
	get authRoot(): string {
		return this.#rootIn("APTIBLE_AUTH_ROOT_URL");
	}

	#rootIn(variable: "APTIBLE_API_ROOT_URL" | "APTIBLE_AUTH_ROOT_URL"): string {
		const text = this.#roots[variable];
		if (URL.canParse(text) && /^https?:/.test(text)) return text.replace(/\/$/, "");
		const example = "https://api.aptible.com";
		throw new AptibleError(`${variable} is "${text}", which is no address; allowed: such as ${example}; or unset it`);
	}

	/** The time by Aptible's clock when it answered last; the clock of this machine may be wrong. */
	get clock(): Date | undefined {
		return this.#clock;
	}

	/** The request that has taken longest, its turn not counted. */
	get slowest(): { request: string; ms: number } | undefined {
		return this.#slowest;
	}

	/** Gives up the reads that are under way or to come: of those that ran side by side nobody waits for the rest once one has failed. */
	stopReading(): void {
		this.#reading.abort(new Error("nobody waits for its answer any more"));
	}

	/** Whether there is a token to log in with; where that is unknown, the first request says why. */
	hasToken(): Promise<boolean> {
		return findToken(this.authRoot).then(
			(token) => token !== undefined,
			() => true,
		);
	}

	/**
	 * Reads a collection, every page of it: `name` is its key under `_embedded`. How long a page may be is not documented, so an
	 * answer may be shorter than what was asked for.
	 *
	 * @param options `isEnough` is called with what has been read; true where no further page is needed
	 */
	async list<T extends z.ZodType>(
		url: string,
		name: string,
		item: T,
		{ isEnough = () => false, ...shown }: Shown & { isEnough?: (found: readonly z.infer<T>[]) => boolean } = {},
	): Promise<z.infer<T>[]> {
		const form = pageOf(name, item);
		// What is made while the pages are read moves others to the next one.
		const found = new Map<unknown, z.infer<T>>();
		for (let page = 1; ; page += 1) {
			const before = found.size;
			const answer = await this.read(page === 1 ? url : withPage(url, page), form, shown);
			const items = answer._embedded[name] ?? [];
			for (const each of items) found.set(idOf(each), each as z.infer<T>);
			if (found.size === before || !hasNext(url, answer, items.length)) break;
			if (isEnough([...found.values()])) break;
		}
		return [...found.values()];
	}

	/** Reads one resource. */
	async read<T extends z.ZodType>(url: string, form: T, shown: Shown = {}): Promise<z.infer<T>> {
		const headers = preferring("secrets" in shown ? shown.secrets : false);
		const read = (leftMs: number) => {
			const timeoutMs = Math.min(requestTimeoutMs, Math.max(leftMs, leastTimeoutMs));
			return this.#request("GET", url, { headers, timeoutMs });
		};
		const answer = await retryReads(read, { ...this.#access, signal: this.#signalOf("GET") }, this.#limit);
		return parseAnswer(`GET ${new URL(url).pathname} on the Deploy API`, 200, form, answer);
	}

	/** Reads what never changes, once however often it is asked for. */
	readOnce<T extends z.ZodType>(url: string, form: T): Promise<z.infer<T>> {
		const known = this.#kept.get(url) as Promise<z.infer<T>> | undefined;
		if (known !== undefined) return known;
		const read = this.read(url, form);
		this.#kept.set(url, read);
		read.catch(() => this.#kept.delete(url));
		return read;
	}

	/** Changes something; sent once, whatever becomes of it. */
	async send(method: "POST" | "PUT" | "PATCH" | "DELETE", url: string, body?: Record<string, unknown>): Promise<void> {
		await this.#limit(() => this.#request(method, url, { body }));
	}

	/** Makes something, sent once, and gives what the API answers of it. */
	async create<T extends z.ZodType>(url: string, body: Record<string, unknown>, form: T): Promise<z.infer<T>> {
		const answer = await this.#limit(() => this.#request("POST", url, { body }));
		return parseAnswer(`POST ${new URL(url).pathname} on the Deploy API`, 201, form, answer);
	}

	async #request(method: string, url: string, message: Message): Promise<unknown> {
		const request = `${method} ${new URL(url).pathname} on the Deploy API`;
		if (method !== "GET") refuseIfReadOnly(this.#access, request);
		this.#refuseElsewhere(request, url);
		this.#token ??= this.#findToken();
		const token = await this.#token;
		let response = await this.#fetch(request, method, url, token, message);
		if (response.status === 401) {
			// Nothing was done, so that a change may be sent again too.
			const renewed = await findToken(this.authRoot);
			if (renewed !== undefined && renewed !== token) {
				this.#token = Promise.resolve(renewed);
				response = await this.#fetch(request, method, url, renewed, message);
			}
		}
		const { status, text } = response;
		if (status === 401) {
			throw new ApiError(
				request,
				401,
				"the token is not accepted. Run `aptible login` again, or renew APTIBLE_ACCESS_TOKEN.",
			);
		}
		if (status < 200 || status > 299) throw failureOf(request, response, this.#access.mask);
		if (text === "") return undefined;
		try {
			return JSON.parse(text);
		} catch {
			const reason = `HTTP ${status}: its answer is not JSON. Does a proxy stand between here and ${new URL(url).host}?`;
			throw new ApiError(request, status, reason, { transient: true });
		}
	}

	/** @throws ApiError that names the request, whether no answer comes or one that breaks off */
	async #fetch(
		request: string,
		method: string,
		url: string,
		token: string,
		{ body, headers, timeoutMs = requestTimeoutMs }: Message,
	): Promise<{ status: number; text: string; retryAfter: string | null }> {
		const started = performance.now();
		try {
			const {
				status,
				headers: answered,
				text,
			} = await exchange(url, {
				method,
				headers: {
					Authorization: `Bearer ${token}`,
					Accept: "application/json",
					...(body === undefined ? {} : { "Content-Type": "application/json" }),
					...headers,
				},
				body: body === undefined ? undefined : JSON.stringify(body),
				signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), this.#signalOf(method)]),
			});
			const date = new Date(answered.date ?? "");
			this.#clock = Number.isNaN(date.getTime()) ? undefined : date;
			return { status, text, retryAfter: answered["retry-after"] ?? null };
		} catch (cause) {
			const reason = cause instanceof Error ? cause.message : String(cause);
			throw new ApiError(request, 0, `${reason}. Is ${new URL(url).host} in reach?`, { transient: true });
		} finally {
			const ms = performance.now() - started;
			if (ms > (this.#slowest?.ms ?? 0)) this.#slowest = { request, ms };
			// Its connection is free a moment later; a request that came before would open another.
			await nextTurn();
		}
	}

	#signalOf(method: string): AbortSignal {
		const { signal } = this.#access;
		return AbortSignal.any([...(signal ? [signal] : []), ...(method === "GET" ? [this.#reading.signal] : [])]);
	}

	/** Addresses come out of answers too, and the token is for nobody else. */
	#refuseElsewhere(request: string, url: string): void {
		const { origin } = new URL(url);
		const ours = [this.root, this.authRoot].map((root) => new URL(root).origin);
		if (ours.includes(origin)) return;
		throw new AptibleError(
			`${request} would go to ${origin}, which is not where Aptible's API is (${ours.join(", ")}): the token is not sent there. ` +
				"Check APTIBLE_API_ROOT_URL and APTIBLE_AUTH_ROOT_URL.",
		);
	}

	async #findToken(): Promise<string> {
		const token = await findToken(this.authRoot);
		if (token !== undefined) return token;
		throw new AptibleError(
			`no Aptible token: APTIBLE_ACCESS_TOKEN is not set and "${tokensFile()}" has none for ${this.authRoot}. Run \`aptible login\`.`,
		);
	}
}

function preferring(secrets: boolean | undefined): Record<string, string> {
	return secrets === undefined ? {} : { Prefer: `no_sensitive_extras=${!secrets}` };
}
