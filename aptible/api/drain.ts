import { z } from "zod";
import { type DrainKinds, logDrainKinds } from "../../wire/drain-kinds.ts";
import { ApiError } from "../client/errors.ts";
import type { Api } from "./api.ts";
import { Link, linkedId, RequiredLink } from "./link.ts";

/** The two kinds of drain, as the API's paths name them. */
export type DrainTarget = "log_drains" | "metric_drains";

/** A port may come as a number, and what is not set as null, as "" or not at all. */
const text = z
	.union([z.string(), z.number()])
	.nullish()
	.transform((value) => (value == null || value === "" ? undefined : String(value)));

const links = z.looseObject({ account: RequiredLink, database: Link });

/** A drain in a list, whose secrets nobody asked for. */
const ListedDrain = z.looseObject({ id: z.int(), handle: z.string(), drain_type: z.string(), status: z.string() });
export type ListedDrain = z.infer<typeof ListedDrain>;

function shownFields(kinds: DrainKinds): Record<string, typeof text> {
	const names = Object.values(kinds).flatMap(({ fields }) => Object.values(fields).flatMap(({ api }) => api ?? []));
	return Object.fromEntries(names.map((name) => [name, text]));
}

/** A log drain with its secrets, as far as the token may see them (OpenAPI of the Deploy API: `log_drain`). */
export const ApiLogDrain = ListedDrain.extend({
	drain_apps: z.boolean(),
	drain_databases: z.boolean(),
	drain_ephemeral_sessions: z.boolean(),
	drain_proxies: z.boolean(),
	...shownFields(logDrainKinds),
	_links: links,
});
export type ApiLogDrain = z.infer<typeof ApiLogDrain>;

/** A metric drain with its secrets, as far as the token may see them (OpenAPI: `metric_drain`). */
export const ApiMetricDrain = ListedDrain.extend({
	drain_configuration: z.record(z.string(), text).nullish(),
	_links: links,
});
export type ApiMetricDrain = z.infer<typeof ApiMetricDrain>;

/** A drain that was read by its id. */
export type ReadDrain = ListedDrain & { _links: z.infer<typeof links> };

/** Id of the environment that a drain is in. */
export function environmentIdOf(drain: ReadDrain): number {
	return linkedId(drain._links.account);
}

/** The number at the end of a drain's link to its database. */
export function databaseIdOf(drain: { _links: z.infer<typeof links> }): number | undefined {
	return linkedId(drain._links.database);
}

/** All drains of an environment. */
export function listDrains(api: Api, target: DrainTarget, environmentId: number): Promise<ListedDrain[]> {
	return api.list(`${api.root}/accounts/${environmentId}/${target}?per_page=5000`, target, ListedDrain);
}

/**
 * Reads a drain with its secrets, which no list is asked for.
 *
 * @returns undefined where there is none. Only a 404 says so: any other failure is thrown, or a drain that still runs would be
 * taken for gone.
 */
export async function readDrain<Drain extends z.ZodType>(
	api: Api,
	target: DrainTarget,
	id: number,
	form: Drain,
): Promise<z.infer<Drain> | undefined> {
	const url = `${api.root}/${target}/${id}`;
	try {
		return await api.read(url, form, { secrets: true });
	} catch (error) {
		if (error instanceof ApiError && error.status === 404) return undefined;
		throw error;
	}
}

/** Makes the record of a drain, which sends nothing until it is provisioned. */
export function createDrain(
	api: Api,
	target: DrainTarget,
	environmentId: number,
	body: Record<string, unknown>,
): Promise<{ id: number }> {
	return api.create(`${api.root}/accounts/${environmentId}/${target}`, body, z.looseObject({ id: z.int() }));
}

/** Changes what a log drain sends: the one thing about a drain that can change (OpenAPI: `UpdateLogDrain`). */
export function setLogDrainSources(api: Api, id: number, sources: Record<string, boolean>): Promise<void> {
	return api.send("PUT", `${api.root}/log_drains/${id}`, sources);
}
