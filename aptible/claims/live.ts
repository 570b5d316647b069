/** What lives on Aptible under the handles that a stage claims. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClaimsSpec } from "../../wire/claims.ts";
import { isHandleOf } from "../../wire/drain.ts";
import { type ListedDrain, listDrains } from "../api/drain.ts";
import { type CliApp, listApps } from "../cli/app.ts";
import { type CliDatabase, listDatabases } from "../cli/database.ts";
import { listEnvironments } from "../cli/environment.ts";
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

/** An object as messages tell it. */
export interface LiveObject {
	id: number;
	text: string;
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
	const environments = await listEnvironments(context.cli);
	const environment = findByIdentity(environments, spec, undefined);
	const read = <T>(noun: ClaimedNoun, list: (environment: { id: number; handle: string }) => Promise<T[]>) =>
		environment !== undefined && places.some((place) => partsOf(place)[0] === noun) ? list(environment) : [];
	const [databases, apps, logDrains, metricDrains] = await Promise.all([
		read("databases", ({ handle }) => listDatabases(context.cli, handle)),
		read("apps", ({ handle }) => listApps(context.cli, handle)),
		read("logDrains", ({ id }) => listDrains(context.api, "log_drains", id)),
		read("metricDrains", ({ id }) => listDrains(context.api, "metric_drains", id)),
	]);
	const drainsAt = (drains: readonly ListedDrain[], name: string) =>
		drains
			.filter(({ handle, status }) => {
				return isHandleOf(handle, { name, adopt: true }, environment?.id ?? 0) && status !== "deprovisioned";
			})
			.map(({ id, handle, drain_type, status }) => ({ id, text: `"${handle}", ${drain_type}, ${status}` }));
	const lists = { databases, apps, logDrains, metricDrains };
	return {
		at: (place, renamedFrom) => {
			if (place === "environment") {
				return environment === undefined
					? []
					: [{ id: environment.id, text: `"${environment.handle}" on stack ${environment.stack.name}` }];
			}
			const [noun, handle] = partsOf(place);
			if (noun === "logDrains" || noun === "metricDrains") return drainsAt(lists[noun], handle);
			const [database, app] = [
				noun === "databases" ? findByIdentity(databases, { handle, renamedFrom }, undefined) : undefined,
				noun === "apps" ? findByIdentity(apps, { handle, renamedFrom }, undefined) : undefined,
			];
			return [
				...(database === undefined ? [] : [{ id: database.id, text: describeDatabase(database) }]),
				...(app === undefined ? [] : [{ id: app.id, text: describeApp(app) }]),
			];
		},
		newest: (place) => {
			const list: readonly { id: number }[] = place === "environment" ? environments : lists[partsOf(place)[0]];
			return Math.max(0, ...list.map(({ id }) => id));
		},
	};
}

export function describeDatabase(live: CliDatabase): string {
	const sizes = `${live.container_size ?? "?"} MB, disk ${live.disk_size ?? "?"} GB`;
	return `"${live.handle}", ${live.type} ${live.version}, ${sizes}, ${live.status}`;
}

export function describeApp(live: CliApp): string {
	const services = live.services.map(({ service, container_count, container_size }) => {
		return `${service} ${container_count} x ${container_size} MB`;
	});
	return `"${live.handle}", ${services.length === 0 ? "never deployed" : services.join(", ")}`;
}
