import { z } from "zod";
import { type Access, refuseIfReadOnly } from "../access.ts";
import { ApiError, AptibleError } from "../errors.ts";
import { retryReads } from "../retry.ts";
import { findToken, tokensFile } from "./token.ts";

const requestTimeoutMs = 30_000;

/**
 * The Deploy API, for what the CLI cannot do; the files beside this one have its routes, noun by noun (facts/terraform-provider.md
 * §3.4, §3.5). It logs in with the CLI's own token. Reads are retried on connection trouble.
 */
export class Api {
	/** Root of the Deploy API, without a slash at its end. */
	readonly root = (process.env.APTIBLE_API_ROOT_URL ?? "https://api.aptible.com").replace(/\/$/, "");
	/** Root of the auth API, likewise. */
	readonly authRoot = (process.env.APTIBLE_AUTH_ROOT_URL ?? "https://auth.aptible.com").replace(/\/$/, "");
	readonly #access: Access;
	#token: Promise<string> | undefined;
	#clock: Date | undefined;

	constructor(access: Access = {}) {
		this.#access = access;
	}

	/** The time by Aptible's clock when it answered last; the clock of this machine may be wrong. */
	get clock(): Date | undefined {
		return this.#clock;
	}

	/** Whether there is a token to log in with. */
	async hasToken(): Promise<boolean> {
		return (await findToken(this.authRoot)) !== undefined;
	}

	/** Reads one page of a collection: `name` is its key under `_embedded`. */
	async list<T extends z.ZodType>(url: string, name: string, item: T): Promise<z.infer<T>[]> {
		const List = z.looseObject({ _embedded: z.looseObject({ [name]: z.array(item) }) });
		const parsed = List.safeParse(await this.read(url));
		if (!parsed.success) {
			throw new ApiError(`GET ${url}`, 200, `unexpected form of answer:\n${z.prettifyError(parsed.error)}`);
		}
		return parsed.data._embedded[name] as z.infer<T>[];
	}

	/** Reads one resource. */
	read(url: string, headers: Record<string, string> = {}): Promise<unknown> {
		return retryReads(() => this.#request("GET", url, undefined, headers), this.#access.signal);
	}

	/** Changes something; sent once, whatever becomes of it. */
	async send(method: "POST" | "PUT" | "PATCH" | "DELETE", url: string, body?: Record<string, unknown>): Promise<void> {
		await this.#request(method, url, body);
	}

	/** Makes something, sent once, and gives what the API answers of it. */
	async create<T extends z.ZodType>(url: string, body: Record<string, unknown>, form: T): Promise<z.infer<T>> {
		const parsed = form.safeParse(await this.#request("POST", url, body));
		if (parsed.success) return parsed.data;
		throw new ApiError(`POST ${url}`, 201, `unexpected form of answer:\n${z.prettifyError(parsed.error)}`);
	}

	async #request(
		method: string,
		url: string,
		body?: Record<string, unknown>,
		headers: Record<string, string> = {},
	): Promise<unknown> {
		const request = `${method} ${new URL(url).pathname} on the Deploy API`;
		if (method !== "GET") refuseIfReadOnly(this.#access, request);
		this.#token ??= this.#findToken();
		const response = await fetch(url, {
			method,
			headers: {
				Authorization: `Bearer ${await this.#token}`,
				Accept: "application/json",
				...(body === undefined ? {} : { "Content-Type": "application/json" }),
				...headers,
			},
			body: body === undefined ? null : JSON.stringify(body),
			signal: AbortSignal.any([
				AbortSignal.timeout(requestTimeoutMs),
				...(this.#access.signal ? [this.#access.signal] : []),
			]),
		}).catch((cause: Error) => {
			const reason = cause.cause instanceof Error ? cause.cause.message : cause.message;
			throw new ApiError(request, 0, `${reason}. Is ${new URL(url).host} in reach?`);
		});
		const date = new Date(response.headers.get("date") ?? "");
		this.#clock = Number.isNaN(date.getTime()) ? undefined : date;
		const text = await response.text();
		if (response.ok) return text === "" ? undefined : JSON.parse(text);
		if (response.status === 401) {
			throw new ApiError(
				request,
				401,
				"the token is not accepted. Run `aptible login` again, or renew APTIBLE_ACCESS_TOKEN.",
			);
		}
		throw new ApiError(request, response.status, `HTTP ${response.status}: ${errorMessage(text)}`);
	}

	async #findToken(): Promise<string> {
		const token = await findToken(this.authRoot);
		if (token !== undefined) return token;
		throw new AptibleError(
			`no Aptible token: APTIBLE_ACCESS_TOKEN is not set and "${tokensFile()}" has none for ${this.authRoot}. Run \`aptible login\`.`,
		);
	}
}

/** The `message` of an API error (`{code, error, message}`), or the start of whatever came instead. */
function errorMessage(text: string): string {
	try {
		const { message } = z.looseObject({ message: z.string() }).parse(JSON.parse(text));
		return message;
	} catch {
		return text.slice(0, 200);
	}
}
