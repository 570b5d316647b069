import { listDrains } from "./api/drains.ts";
import { type CliApp, listApps } from "./cli/apps.ts";
import { type CliDatabase, listDatabases } from "./cli/databases.ts";
import { listEnvironments } from "./cli/environments.ts";
import type { Context } from "./context.ts";
import { claimAllEndpoints } from "./endpoint-claims.ts";
import { AptibleError } from "./errors.ts";
import { findByIdentity } from "./find.ts";
import type { ClaimsFacts, ClaimsSpec } from "./specs/claims.ts";
import { isHandleOf } from "./specs/drain.ts";

/** Something that lives on Aptible under a handle which the stage declares and which was not claimed before. */
interface Found {
	place: string;
	text: string;
	adopt: boolean;
}

/**
 * Claims the stage's handles: each one that is new must be free, or its object must be marked `adopt`.
 *
 * Pulumi records a resource only after its create has succeeded. When that create is killed half-way, the next run finds an
 * object and cannot know whose it is. The claims are recorded before the first create, so there is no question: what was
 * claimed while it was free is ours.
 *
 * @throws AptibleError naming every handle that is taken, what lives there, and the line that adopts it.
 */
export async function apply(
	context: Context,
	spec: ClaimsSpec,
	previous: ClaimsFacts | undefined,
): Promise<ClaimsFacts> {
	const known = new Set([...(previous?.claimed ?? []), ...renamedPlaces(spec, previous?.claimed ?? [])]);
	const claimed = placesOf(spec).sort();
	const isNew = (place: string) => !known.has(place);
	const endpoints = await claimAllEndpoints(context, spec, previous);
	const handles = claimed.some(isNew) ? await findAll(context, spec) : [];
	const found = [...handles.filter(({ place }) => isNew(place)), ...endpoints.found];
	const taken = found.filter(({ adopt }) => !adopt);
	if (taken.length > 0) {
		throw new AptibleError(
			[
				"these exist on Aptible and were not made by this stack:",
				...taken.map(({ place, text }) => `  ${place}: ${text}`),
				"To take one over as the stage file describes it, set `adopt: true` on it; what differs will then be changed. To leave " +
					"it alone, choose another handle.",
			].join("\n"),
		);
	}
	for (const { place, text } of found) context.progress(`${place} is adopted: ${text}`);
	return { claimed, endpoints: endpoints.claims, warnings: [] };
}

/** Nothing: a claim is only a record. */
export async function remove(): Promise<void> {}

function placesOf(spec: ClaimsSpec): string[] {
	return [
		"environment",
		...Object.keys(spec.databases).map((handle) => `databases.${handle}`),
		...Object.keys(spec.apps).map((handle) => `apps.${handle}`),
		...Object.keys(spec.logDrains).map((name) => `logDrains.${name}`),
		...Object.keys(spec.metricDrains).map((name) => `metricDrains.${name}`),
	];
}

/** What was claimed under the former handles of objects that are renamed, under their new ones. */
function renamedPlaces(spec: ClaimsSpec, claimed: readonly string[]): string[] {
	return [spec.databases, spec.apps].flatMap((nouns, index) =>
		Object.entries(nouns).flatMap(([handle, { renamedFrom }]) => {
			const kind = index === 0 ? "databases" : "apps";
			const [former, present] = [`${kind}.${renamedFrom}`, `${kind}.${handle}`];
			const places = claimed.filter((place) => place === former || place.startsWith(`${former}.`));
			return places.map((place) => present + place.slice(former.length));
		}),
	);
}

async function findAll(context: Context, spec: ClaimsSpec): Promise<Found[]> {
	const environment = findByIdentity(await listEnvironments(context.cli), spec.environment, undefined);
	if (environment === undefined) return [];
	const { handle } = environment;
	const [databases, apps] = await Promise.all([listDatabases(context.cli, handle), listApps(context.cli, handle)]);
	const found: Found[] = [];
	const add = (place: string, { adopt }: { adopt: boolean }, text: string) => found.push({ place, text, adopt });
	add("environment", spec.environment, `"${handle}" on stack ${environment.stack.name}`);
	for (const [name, claim] of Object.entries(spec.databases)) {
		const live = findByIdentity(databases, { handle: name, ...claim }, undefined);
		if (live !== undefined) add(`databases.${name}`, claim, describeDatabase(live));
	}
	for (const [name, claim] of Object.entries(spec.apps)) {
		const live = findByIdentity(apps, { handle: name, ...claim }, undefined);
		if (live !== undefined) add(`apps.${name}`, claim, describeApp(live));
	}
	for (const { place, claims, target } of drainClaims(spec)) {
		const drains = Object.keys(claims).length === 0 ? [] : await listDrains(context.api, target, environment.id);
		for (const [name, claim] of Object.entries(claims)) {
			const live = drains.find(({ handle }) => isHandleOf(handle, { name, adopt: true }, environment.id));
			if (live !== undefined) add(`${place}.${name}`, claim, `"${live.handle}", ${live.drain_type}, ${live.status}`);
		}
	}
	return found;
}

function drainClaims({ logDrains, metricDrains }: ClaimsSpec) {
	return [
		{ place: "logDrains", claims: logDrains, target: "log_drains" },
		{ place: "metricDrains", claims: metricDrains, target: "metric_drains" },
	] as const;
}

function describeDatabase(live: CliDatabase): string {
	const sizes = `${live.container_size ?? "?"} MB, disk ${live.disk_size ?? "?"} GB`;
	return `"${live.handle}", ${live.type} ${live.version}, ${sizes}, ${live.status}`;
}

function describeApp(live: CliApp): string {
	const services = live.services.map(({ service, container_count, container_size }) => {
		return `${service} ${container_count} x ${container_size} MB`;
	});
	return `"${live.handle}", ${services.length === 0 ? "never deployed" : services.join(", ")}`;
}
