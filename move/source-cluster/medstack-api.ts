/**
 * MedStack's API, as far as its documentation and a public script of a customer's show it (facts/move.md §7). What it answers of a service
 * is not documented: what is not understood is said, and nothing is guessed of it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { exchange } from "../../aptible/api/exchange.ts";
import { isLoadBalancerOrMover, replicaPlaces } from "./service-fields.ts";

/** The token of a company, and where it is good for. */
export interface MedstackAccess {
	/** Address of the API with its version. */
	url: string;
	key: string;
	value: string;
}

/** A cluster of the token's company. */
export interface Cluster {
	id: string;
	/** Path of what is in it. */
	path: string;
	label: string;
}

/** A service as the cluster shows it. */
export interface ClusterService {
	id: string;
	name: string;
	/** How many containers are wanted; undefined where the answer says it in no way that is known. */
	replicas: number | undefined;
	/** Whether nobody may stop it: the load balancer, and the mover. */
	isKept: boolean;
}

export interface ServiceList {
	services: readonly ClusterService[];
	/** What of the answer is not understood, a line each. */
	unknown: readonly string[];
}

/** MedStack has refused or not answered a request. */
export class MedstackError extends Error {
	override name = "MedstackError";
	/** Whether the same request may well succeed later. */
	readonly isPassing: boolean;

	constructor(request: string, reason: string, isPassing: boolean) {
		super(`MedStack's API: ${request}: ${reason}`);
		this.isPassing = isPassing;
	}
}

/** Pauses and deadlines, in milliseconds. */
export interface ApiTiming {
	/** For one answer. */
	requestMs: number;
	/** For how long a read that fails for a passing reason is tried again. */
	readMs: number;
	/** Between two tries, and between two looks at a change that takes its time. */
	pauseMs: number;
}

const Id = z.union([z.string().min(1), z.int()]).transform(String);
const Company = z.looseObject({ id: Id });
const List = z.looseObject({ data: z.array(z.looseObject({})) });
const Named = z.looseObject({ id: Id, name: z.string().optional(), label: z.string().optional() });

/** What is known to stand beside the entries of a list. */
const LIST_KEYS: ReadonlySet<string> = new Set(["data", "object", "next", "links", "has_more"]);
/** More than a company has; an API that names a further page without end is left. */
const MOST_PAGES = 50;

/** A list, from all of its pages. */
interface Entries {
	data: readonly Readonly<Record<string, unknown>>[];
	/** What of the answers is not understood, a line each. */
	unknown: string[];
}

export class MedstackApi {
	readonly #access: MedstackAccess;
	readonly #timing: ApiTiming;
	readonly #signal: AbortSignal;

	/** @param signal ends the wait for an answer that does not come */
	constructor(access: MedstackAccess, timing: ApiTiming, signal: AbortSignal) {
		this.#access = access;
		this.#signal = signal;
		this.#timing = timing;
	}

	/** The cluster of this label or id. @throws MedstackError that names the company's clusters where it is none of them */
	async findCluster(wanted: string): Promise<Cluster> {
		const { id: company } = await this.#read("/companies/current", Company);
		const path = `/companies/${encodeURIComponent(company)}/clusters`;
		const { data, unknown } = await this.#list(path);
		const clusters = data.flatMap((one) => {
			const cluster = Named.safeParse(one);
			return cluster.success ? [{ id: cluster.data.id, label: cluster.data.label ?? cluster.data.id }] : [];
		});
		const found = clusters.filter(({ id, label }) => id === wanted || label === wanted);
		if (found.length === 1 && found[0] !== undefined) {
			return { ...found[0], path: `${path}/${encodeURIComponent(found[0].id)}` };
		}
		const known = clusters.map(({ id, label }) => `${label} (${id})`).join(", ") || "none";
		throw new MedstackError(
			"clusters",
			[
				`move.from.cluster is "${wanted}", and ${found.length === 0 ? "no cluster" : "more than one"} of the token's company has that label or id; its clusters: ${known}`,
				...unknown,
			].join("; "),
			false,
		);
	}

	/** Everything that runs in a cluster; the first is the load balancer. */
	async listServices({ path }: Cluster): Promise<ServiceList> {
		const { data, unknown } = await this.#list(`${path}/services`);
		const services = data.flatMap((one, index): ClusterService[] => {
			const parsed = Named.safeParse(one);
			const name = parsed.data?.name ?? parsed.data?.label;
			const fields = Object.keys(one).join(", ");
			if (parsed.data === undefined || name === undefined) {
				unknown.push(`MedStack's API: entry ${index + 1} of the services has no id and name; its fields: ${fields}`);
				return [];
			}
			const shown = replicasIn(one);
			// Two numbers that differ are none.
			const replicas = new Set(shown.map(([, count]) => count)).size === 1 ? shown[0]?.[1] : undefined;
			const isKept = index === 0 || isLoadBalancerOrMover(name, one.image);
			if (replicas === undefined && !isKept) {
				const what = shown.length === 0 ? "no number of replicas" : shown.map((each) => each.join(" ")).join(" and ");
				unknown.push(`MedStack's API: service ${name} shows ${what}; its fields: ${fields}`);
			}
			return [{ id: parsed.data.id, name, replicas, isKept }];
		});
		return { services, unknown };
	}

	/** Asks for a number of containers; whether it comes to be is seen in `listServices`. @throws MedstackError */
	async setReplicas({ path }: Cluster, { id }: ClusterService, replicas: number): Promise<void> {
		await this.#ask("PATCH", `${path}/services/${encodeURIComponent(id)}`, { replicas });
	}

	/** Reads a list, page by page where an answer names the next one; what else may mean pages is said. */
	async #list(path: string): Promise<Entries> {
		const data: Entries["data"][number][] = [];
		const unknown = new Set<string>();
		const say = (what: string) => unknown.add(`MedStack's API: the list ${path} ${what}`);
		let at: string | undefined = path;
		for (let page = 1; at !== undefined; page += 1) {
			const answer: z.infer<typeof List> = await this.#read(at, List);
			data.push(...answer.data);
			const keys = Object.keys(answer).filter((key) => !LIST_KEYS.has(key));
			if (keys.length > 0) {
				say(
					`has ${keys.join(", ")} beside its entries, which is not understood; where it has pages, those after the first are not seen`,
				);
			}
			const next = nextOf(answer);
			at = next === undefined ? undefined : pathIn(this.#access.url, at, next);
			if (next !== undefined && at === undefined) say(`names a next page elsewhere, ${next}, which is not asked for`);
			if (next === undefined && answer.has_more === true)
				say("has more entries, and does not say where; they are not seen");
			if (page < MOST_PAGES || at === undefined) continue;
			say(`has more than ${MOST_PAGES} pages, and those after them are not seen`);
			break;
		}
		return { data, unknown: [...unknown] };
	}

	async #read<T>(path: string, schema: z.ZodType<T>): Promise<T> {
		const deadline = Date.now() + this.#timing.readMs;
		for (;;) {
			try {
				const parsed = schema.safeParse(await this.#ask("GET", path));
				if (parsed.success) return parsed.data;
				const places = parsed.error.issues.map((issue) => issue.path.join(".") || "the whole").join(", ");
				throw new MedstackError(`GET ${path}`, `the answer is not as documented in ${places}`, false);
			} catch (error) {
				const isPassing = error instanceof MedstackError && error.isPassing;
				if (!isPassing || this.#signal.aborted || Date.now() > deadline) throw error;
				await sleep(this.#timing.pauseMs, undefined, { signal: this.#signal }).catch(() => {});
			}
		}
	}

	async #ask(method: string, path: string, body?: object): Promise<unknown> {
		const { url, key, value } = this.#access;
		const request = `${method} ${path}`;
		const { status, text } = await exchange(`${url}${path}`, {
			method,
			headers: {
				Authorization: `Basic ${Buffer.from(`${key}:${value}`).toString("base64")}`,
				Accept: "application/json",
				...(body === undefined ? {} : { "Content-Type": "application/json" }),
			},
			body: body && JSON.stringify(body),
			signal: AbortSignal.any([this.#signal, AbortSignal.timeout(this.#timing.requestMs)]),
		}).catch((error: Error) => {
			throw new MedstackError(request, `no answer (${error.message})`, true);
		});
		if (status === 401) {
			throw new MedstackError(
				request,
				"the token is refused (401); set MEDSTACK_TOKEN_KEY and MEDSTACK_TOKEN_VALUE to a token of the cluster's company",
				false,
			);
		}
		// What it says of an error is in no known form, and short: of a domain it is the reason.
		if (status >= 400) throw new MedstackError(request, `${status} ${text.slice(0, 200)}`.trim(), isPassing(status));
		try {
			return text === "" ? undefined : JSON.parse(text);
		} catch {
			throw new MedstackError(request, "the answer is no JSON", true);
		}
	}
}

const isPassing = (status: number) => status >= 500 || [408, 425, 429].includes(status);

/** Each number of replicas that a service shows, with its place. */
function replicasIn(service: object): [place: string, count: number][] {
	return replicaPlaces.flatMap((keys): [string, number][] => {
		const value = valueIn(service, keys);
		return Number.isInteger(value) && Number(value) >= 0 ? [[keys.join("."), Number(value)]] : [];
	});
}

function valueIn(from: unknown, keys: readonly string[]): unknown {
	return keys.reduce<unknown>(
		(value, key) =>
			typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined,
		from,
	);
}

/** Where a list says that its next page is. */
function nextOf(answer: object): string | undefined {
	const found = [valueIn(answer, ["next"]), valueIn(answer, ["links", "next"])];
	return found.find((one): one is string => typeof one === "string" && one !== "");
}

/** The path of an address below the API's; undefined where it is another's, to which the token does not go. */
function pathIn(api: string, at: string, next: string): string | undefined {
	const base = `${api}${at}`;
	if (!URL.canParse(next, base)) return undefined;
	const { href } = new URL(next, base);
	return href.startsWith(`${api}/`) ? href.slice(api.length) : undefined;
}
