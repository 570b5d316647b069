/** What lives on Aptible under the handles that a stage claims. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClaimsSpec } from "../../wire/claims.ts";
import { isHandleOf } from "../../wire/drain.ts";
import type { Api } from "../api/api.ts";
import { type App, listApps, readApp } from "../api/app.ts";
import { type Database, listNamedDatabases, readDatabase } from "../api/database.ts";
import { type ListedDrain, listDrains } from "../api/drain.ts";
import { listEnvironments, withStack } from "../api/environment.ts";
import type { Context } from "../context.ts";
import { findByIdentity } from "../find.ts";

/** The kinds of object that have handles, as places begin with them, and as the API's paths name them. */
export const claimedTargets = {
	databases: "databases",
	apps: "apps",
	logDrains: "log_drains",
	metricDrains: "metric_drains",
} as const;
export type ClaimedNoun = keyof typeof claimedTargets;

/** An object at a place. */
export interface LiveObject {
	id: number;
	handle: string;
}

/** A place, as `databases.main` is one, in its parts. */
export function partsOf(place: string): [ClaimedNoun, string] {
	const dot = place.indexOf(".");
	return [place.slice(0, dot) as ClaimedNoun, place.slice(dot + 1)];
}

/** One look at the kinds of object that some places are of. */
export interface LivePlaces {
	/** What lives at a place, or under the handle that it had before. */
	at(place: string, renamedFrom?: string): LiveObject[];
	/** What one of them is. */
	describe(place: string, live: LiveObject): Promise<string>;
	/** Newest id of the kind of a place. */
	newest(place: string): number;
}

/** As `readLive`; what was there is gone only when it is missing from three looks, as a list may lag behind. */
export async function readLivePatiently(
	context: Context,
	environment: ClaimsSpec["environment"],
	places: readonly string[],
	wereThere: readonly string[],
): Promise<LivePlaces> {
	for (const pauseMs of [500, 1000]) {
		const live = await readLive(context, environment, [...places, ...wereThere]);
		if (wereThere.every((place) => live.at(place).length > 0)) return live;
		await sleep(pauseMs);
	}
	return readLive(context, environment, [...places, ...wereThere]);
}

async function readLive(
	context: Context,
	spec: ClaimsSpec["environment"],
	places: readonly string[],
): Promise<LivePlaces> {
	const { api } = context;
	const environments = await listEnvironments(api);
	const environment = findByIdentity(environments, spec, undefined);
	const read = <T>(noun: ClaimedNoun, list: (environmentId: number) => Promise<T[]>) =>
		environment !== undefined && places.some((place) => partsOf(place)[0] === noun) ? list(environment.id) : [];
	const [databases, apps, logDrains, metricDrains] = await Promise.all([
		read("databases", (id) => listNamedDatabases(api, id)),
		read("apps", (id) => listApps(api, id)),
		read("logDrains", (id) => listDrains(api, "log_drains", id)),
		read("metricDrains", (id) => listDrains(api, "metric_drains", id)),
	]);
	const drainsAt = (drains: readonly ListedDrain[], name: string) =>
		drains.filter(({ handle, status }) => {
			return isHandleOf(handle, { name, adopt: true }, environment?.id ?? 0) && status !== "deprovisioned";
		});
	const lists = { databases, apps, logDrains, metricDrains };
	return {
		at: (place, renamedFrom) => {
			if (place === "environment") return environment === undefined ? [] : [environment];
			const [noun, handle] = partsOf(place);
			if (noun === "logDrains" || noun === "metricDrains") return drainsAt(lists[noun], handle);
			const found = findByIdentity<LiveObject>(lists[noun], { handle, renamedFrom }, undefined);
			return found === undefined ? [] : [found];
		},
		describe: async (place, { id, handle }) => {
			if (environment !== undefined && place === "environment") {
				return `"${handle}" on stack ${(await withStack(api, environment)).stack.name}`;
			}
			const [noun] = partsOf(place);
			if (noun === "databases") return describeDatabase(await readDatabase(api, id));
			if (noun === "apps") return describeApp(api, id);
			const drain = [...logDrains, ...metricDrains].find((one) => one.id === id);
			return `"${handle}", ${drain?.drain_type}, ${drain?.status}`;
		},
		newest: (place) => {
			const list: readonly { id: number }[] = place === "environment" ? environments : lists[partsOf(place)[0]];
			return Math.max(0, ...list.map(({ id }) => id));
		},
	};
}

/** A database as messages tell it. */
export function describeDatabase(live: Database): string {
	const sizes = `${live.containerMb ?? "?"} MB, disk ${live.diskGb ?? "?"} GB`;
	return `"${live.handle}", ${live.type} ${live.version}, ${sizes}, ${live.status}`;
}

/** An app as messages tell it. */
export async function describeApp(api: Api, id: number): Promise<string> {
	const live: App = await readApp(api, id);
	const services = live.services.map(({ service, containerCount, containerMb }) => {
		return `${service} ${containerCount ?? "?"} x ${containerMb ?? "?"} MB`;
	});
	return `"${live.handle}", ${services.length === 0 ? "never deployed" : services.join(", ")}`;
}
