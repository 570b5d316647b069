import { type CliApp, listApps } from "./cli/apps.ts";
import { type CliDatabase, listDatabases } from "./cli/databases.ts";
import { type CliEndpoint, listEndpoints } from "./cli/endpoints.ts";
import { listEnvironments } from "./cli/environments.ts";
import type { Context } from "./context.ts";
import { findEndpoint } from "./endpoint.ts";
import { AptibleError } from "./errors.ts";
import { findByIdentity } from "./find.ts";
import type { ClaimsFacts, ClaimsSpec } from "./specs/claims.ts";

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
	const known = new Set(previous?.claimed);
	const claimed = placesOf(spec).sort();
	const isNew = (place: string) => !known.has(place);
	const found = claimed.some(isNew) ? (await findAll(context, spec)).filter(({ place }) => isNew(place)) : [];
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
	return { claimed, warnings: found.map(({ place, text }) => `${place} was adopted: ${text}`) };
}

/** Nothing: a claim is only a record. */
export async function remove(): Promise<void> {}

function placesOf(spec: ClaimsSpec): string[] {
	return [
		"environment",
		...Object.keys(spec.databases).map((handle) => `databases.${handle}`),
		...Object.entries(spec.apps).flatMap(([handle, { endpoints }]) => [
			`apps.${handle}`,
			...Object.keys(endpoints).map((name) => `apps.${handle}.endpoints.${name}`),
		]),
	];
}

async function findAll(context: Context, spec: ClaimsSpec): Promise<Found[]> {
	const environment = findByIdentity(await listEnvironments(context.cli), spec.environment, undefined);
	if (environment === undefined) return [];
	const { handle } = environment;
	const [databases, apps] = await Promise.all([listDatabases(context.cli, handle), listApps(context.cli, handle)]);
	const found: Found[] = [];
	// A declared rename names its object outright, which is as good as `adopt`.
	const add = (place: string, claim: { adopt: boolean; renamedFrom?: string | undefined }, text: string) =>
		found.push({ place, text, adopt: claim.adopt || claim.renamedFrom !== undefined });
	add("environment", spec.environment, `"${handle}" on stack ${environment.stack.name}`);
	for (const [name, claim] of Object.entries(spec.databases)) {
		const live = findByIdentity(databases, { handle: name, ...claim }, undefined);
		if (live !== undefined) add(`databases.${name}`, claim, describeDatabase(live));
	}
	for (const [name, claim] of Object.entries(spec.apps)) {
		const live = findByIdentity(apps, { handle: name, ...claim }, undefined);
		if (live === undefined) continue;
		add(`apps.${name}`, claim, describeApp(live));
		const endpoints = await listEndpoints(context.cli, { environment: handle, app: live.handle });
		for (const [key, endpoint] of Object.entries(claim.endpoints)) {
			const liveEndpoint = findEndpoint(endpoints, endpoint, undefined);
			if (liveEndpoint !== undefined) add(`apps.${name}.endpoints.${key}`, endpoint, describeEndpoint(liveEndpoint));
		}
	}
	return found;
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

function describeEndpoint(live: CliEndpoint): string {
	return `${live.hostname ?? "no host name yet"} on service ${live.service.service}, ${live.status}`;
}
