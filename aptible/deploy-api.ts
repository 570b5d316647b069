import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { ApiError, AptibleError } from "./errors.ts";
import { retryReads } from "./retry.ts";

const requestTimeoutMs = 30_000;

const Link = z.looseObject({ href: z.string() });

const Stack = z.looseObject({
	id: z.int(),
	name: z.string(),
	/** Present on dedicated stacks only: the organization that the stack belongs to (facts/terraform-provider.md §3.4). */
	_links: z.looseObject({ organization: Link.nullish() }),
});
export type Stack = z.infer<typeof Stack>;

const Organization = z.looseObject({ id: z.string(), name: z.string() });

const Operation = z.looseObject({ id: z.int(), type: z.string(), status: z.string() });
export type Operation = z.infer<typeof Operation>;

const AppLinks = z.looseObject({ _links: z.looseObject({ current_setting: Link.nullish() }) });

const Settings = z.looseObject({
	settings: z.record(z.string(), z.unknown()).nullish(),
	sensitive_settings: z.record(z.string(), z.unknown()).nullish(),
});

/** Image and registry credentials of an app's release; `undefined` where there is none or the token may not see it. */
export interface AppSettings {
	image: string | undefined;
	registryUsername: string | undefined;
	registryPassword: string | undefined;
}

/** What an operation can be sent to, as the API's path names it. */
export type OperationTarget = "apps" | "databases" | "services" | "vhosts";

/**
 * The Deploy API, for what the CLI cannot do: create and delete an environment, list operations, read an app's image back,
 * and send `provision` to a record whose first provisioning was lost. Routes: facts/terraform-provider.md §3.4, §3.5.
 * It logs in with the CLI's own token.
 */
export class DeployApi {
	readonly #root = (process.env.APTIBLE_API_ROOT_URL ?? "https://api.aptible.com").replace(/\/$/, "");
	readonly #authRoot = (process.env.APTIBLE_AUTH_ROOT_URL ?? "https://auth.aptible.com").replace(/\/$/, "");
	#token: Promise<string> | undefined;

	/** Every stack that the token can see. */
	async stacks(): Promise<Stack[]> {
		const stacks: Stack[] = [];
		// The API answers an empty page after the last one; a wrong total must not keep us here for ever.
		for (let page = 1; page <= 50; page += 1) {
			const answer = await this.#list(`${this.#root}/stacks?page=${page}`, "stacks", Stack);
			if (answer.length === 0) break;
			stacks.push(...answer);
		}
		return stacks;
	}

	/** The organizations of the token's user. */
	organizations(): Promise<z.infer<typeof Organization>[]> {
		return this.#list(`${this.#authRoot}/organizations`, "organizations", Organization);
	}

	/** Creates an environment. It has no operation: it is there when this returns. */
	async createEnvironment(body: {
		handle: string;
		organization_id: string;
		stack_id: number;
		type: "production" | "development";
	}): Promise<void> {
		await this.#request("POST", `${this.#root}/accounts`, body);
	}

	/** Deletes an environment; Aptible refuses while apps, databases, drains or backups are left in it. */
	async deleteEnvironment(id: number): Promise<void> {
		await this.#request("DELETE", `${this.#root}/accounts/${id}`);
	}

	/** The newest operations of an object, newest first. */
	async operations(target: OperationTarget, id: number): Promise<Operation[]> {
		const operations = await this.#list(`${this.#root}/${target}/${id}/operations`, "operations", Operation);
		return operations.sort((a, b) => b.id - a.id);
	}

	/** Sends an operation, for the cases in which the CLI has no command for it. */
	async createOperation(
		target: OperationTarget,
		id: number,
		body: { type: "provision" | "deprovision" } & Record<string, unknown>,
	): Promise<void> {
		await this.#request("POST", `${this.#root}/${target}/${id}/operations`, body);
	}

	/** Image and registry credentials that the app runs with. */
	async appSettings(appId: number): Promise<AppSettings> {
		const app = AppLinks.parse(await this.#read(`${this.#root}/apps/${appId}`));
		const href = app._links.current_setting?.href;
		if (href === undefined) return { image: undefined, registryUsername: undefined, registryPassword: undefined };
		const { settings, sensitive_settings: sensitive } = Settings.parse(
			await this.#read(href, { Prefer: "no_sensitive_extras=false" }),
		);
		const text = (value: unknown) => (typeof value === "string" ? value : undefined);
		return {
			image: text(settings?.APTIBLE_DOCKER_IMAGE),
			registryUsername: text(sensitive?.APTIBLE_PRIVATE_REGISTRY_USERNAME),
			registryPassword: text(sensitive?.APTIBLE_PRIVATE_REGISTRY_PASSWORD),
		};
	}

	async #list<T extends z.ZodType>(url: string, name: string, item: T): Promise<z.infer<T>[]> {
		const List = z.looseObject({ _embedded: z.looseObject({ [name]: z.array(item) }) });
		const parsed = List.safeParse(await this.#read(url));
		if (!parsed.success) {
			throw new ApiError(`GET ${url}`, 200, `unexpected form of answer:\n${z.prettifyError(parsed.error)}`);
		}
		return parsed.data._embedded[name] as z.infer<T>[];
	}

	#read(url: string, headers: Record<string, string> = {}): Promise<unknown> {
		return retryReads(() => this.#request("GET", url, undefined, headers));
	}

	async #request(
		method: string,
		url: string,
		body?: Record<string, unknown>,
		headers: Record<string, string> = {},
	): Promise<unknown> {
		const request = `${method} ${new URL(url).pathname} on the Deploy API`;
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
			signal: AbortSignal.timeout(requestTimeoutMs),
		}).catch((cause: Error) => {
			const reason = cause.cause instanceof Error ? cause.cause.message : cause.message;
			throw new ApiError(request, 0, `${reason}. Is ${new URL(url).host} in reach?`);
		});
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

	/** The CLI's own order: the variable, then its tokens.json under the auth root (helpers/token.rb, aptible-cli 0.26.6). */
	async #findToken(): Promise<string> {
		const given = process.env.APTIBLE_ACCESS_TOKEN;
		if (given !== undefined && given !== "") return given;
		const file = join(process.env.APTIBLE_CONFIG_PATH ?? join(homedir(), ".aptible"), "tokens.json");
		const tokens = await readFile(file, "utf8").then(
			(text) => z.record(z.string(), z.string()).safeParse(JSON.parse(text)).data,
			() => undefined,
		);
		const token = tokens?.[this.#authRoot];
		if (token !== undefined) return token;
		throw new AptibleError(
			`no Aptible token: APTIBLE_ACCESS_TOKEN is not set and "${file}" has none for ${this.#authRoot}. Run \`aptible login\`.`,
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
