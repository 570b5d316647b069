import { setTimeout as sleep } from "node:timers/promises";
import { readDatabaseSettings } from "./api/databases.ts";
import { objectExists } from "./api/existence.ts";
import { type ListedObject, listObjects } from "./api/listed.ts";
import { listOperations, type OperationTarget } from "./api/operations.ts";
import { listServices } from "./api/services.ts";
import { findUserEmail } from "./api/token.ts";
import { type ClaimedNoun, claimedTargets, partsOf } from "./claims-live.ts";
import { deprovisionApp } from "./cli/apps.ts";
import { deprovisionDrain } from "./cli/drains.ts";
import { listEndpoints } from "./cli/endpoints.ts";
import { listEnvironments } from "./cli/environments.ts";
import type { Context } from "./context.ts";
import { removeDatabase } from "./database-removal.ts";
import { ApiError } from "./errors.ts";
import { DatabaseSpec } from "./specs/database.ts";
import { isHandleOf } from "./specs/drain.ts";
import { ClaimedHandles, claimsVariable, type LeftoversFacts, type LeftoversSpec } from "./specs/leftovers.ts";

/** A live object under a claimed handle. */
interface Claimed extends ListedObject {
	noun: ClaimedNoun;
	/** As the claims name it: `databases.main`. */
	place: string;
}

/** Where it is. */
interface Environment {
	id: number;
	handle: string;
}

/** A list may lag behind: what is missing from three is not there. */
const pausesMs = [500, 1000, 0];

/** Nothing: what a failed create leaves is the next update's to finish. */
export async function apply(): Promise<LeftoversFacts> {
	return { warnings: [] };
}

/**
 * Takes away what this stack claimed and Pulumi never recorded, as its create failed or was killed. It runs after everything that is
 * recorded is gone, and before the environment goes, which Aptible deletes only when it is empty.
 *
 * Only what was made after its claim, and by nobody but the users who claimed it or run this, is taken for such a leftover. The rest
 * stays, and the environment's removal names it.
 */
export async function remove(context: Context, spec: LeftoversSpec): Promise<void> {
	const claims = ClaimedHandles.safeParse(JSON.parse(process.env[claimsVariable] ?? "null")).data;
	const environment = claims && (await findEnvironment(context, spec.environment));
	if (claims === undefined || environment === undefined) return;
	const user = await findUserEmail(context.api.authRoot);
	for (const live of await findClaimed(context, environment, claims)) {
		const mark = claims.marks[live.place];
		if (mark === undefined || live.id <= mark.after || live.id === mark.id) continue;
		if (spec.protected.includes(live.place)) continue;
		const users = await unlessGone(usersOf(context, environment, live));
		if (users === undefined || !users.every((one) => one !== undefined && (one === mark.by || one === user))) continue;
		context.progress(`${live.place} was never recorded: it goes with its environment`);
		await take(context, environment, live, !spec.withoutFinalBackup.includes(live.place));
	}
}

async function findEnvironment(context: Context, handle: string): Promise<Environment | undefined> {
	for (const pauseMs of pausesMs) {
		const found = (await listEnvironments(context.cli)).find((one) => one.handle === handle);
		if (found !== undefined) return found;
		await sleep(pauseMs);
	}
	return undefined;
}

/** What lives under claimed handles, in the order in which it can go: drains before the databases that they go to, replicas before primaries. */
async function findClaimed(context: Context, environment: Environment, claims: ClaimedHandles): Promise<Claimed[]> {
	const found = new Map<string, Claimed>();
	for (const pauseMs of pausesMs) {
		for (const noun of ["logDrains", "metricDrains", "apps", "databases"] as const) {
			const places = [...claims.claimed, ...Object.keys(claims.kept)].filter((place) => place.startsWith(`${noun}.`));
			if (places.length === 0) continue;
			for (const live of await listObjects(context.api, claimedTargets[noun], environment.id)) {
				const place = places.find((one) => isAt(one, live, environment) && isStillClaimed(one, live, claims));
				if (place !== undefined) found.set(`${noun} ${live.id}`, { ...live, noun, place });
			}
		}
		await sleep(pauseMs);
	}
	const all = [...found.values()];
	const databases = all.filter(({ noun }) => noun === "databases");
	const settings = await Promise.all(databases.map(({ id }) => unlessGone(readDatabaseSettings(context.api, id))));
	const [replicas, primaries] = [true, false].map((isReplica) =>
		databases.filter((_, index) => (settings[index]?.primaryId !== undefined) === isReplica),
	);
	const under = (...nouns: ClaimedNoun[]) => all.filter(({ noun }) => nouns.includes(noun));
	return [...under("logDrains", "metricDrains"), ...under("apps"), ...(replicas ?? []), ...(primaries ?? [])];
}

/** What is read of an object that may be going: an earlier removal may have been killed at work. */
async function unlessGone<T>(read: Promise<T>): Promise<T | undefined> {
	try {
		return await read;
	} catch (error) {
		if (error instanceof ApiError && error.status === 404) return undefined;
		throw error;
	}
}

function isAt(place: string, { handle }: ListedObject, environment: Environment): boolean {
	const [noun, name] = partsOf(place);
	return noun.endsWith("Drains") ? isHandleOf(handle, { name, adopt: false }, environment.id) : name === handle;
}

/** Of a line that is gone, only the object that lived under it then. */
function isStillClaimed(place: string, { id }: ListedObject, { claimed, kept }: ClaimedHandles): boolean {
	return claimed.includes(place) || kept[place] === id;
}

/** Users who have worked with an object. An app with an endpoint was recorded, as those come later: an unknown user stands for that. */
async function usersOf(
	{ api, cli }: Context,
	{ handle: environment }: Environment,
	{ noun, id, handle }: Claimed,
): Promise<(string | undefined)[]> {
	const usersOn = async (target: OperationTarget, objectId: number) =>
		(await listOperations(api, target, objectId, 0)).map(({ user_email }) => user_email ?? undefined);
	const users = await usersOn(claimedTargets[noun], id);
	if (noun !== "apps") return users;
	if ((await listEndpoints(cli, { app: handle, environment })).length > 0) return [undefined];
	const services = await listServices(api, id);
	return [...users, ...(await Promise.all(services.map((one) => usersOn("services", one.id)))).flat()];
}

function take(context: Context, environment: Environment, live: Claimed, finalBackup: boolean): Promise<void> {
	const { noun, id, handle } = live;
	const target = claimedTargets[noun];
	const label = `${{ apps: "app", databases: "database", logDrains: "log drain", metricDrains: "metric drain" }[noun]} "${handle}"`;
	const deprovision = (send: () => Promise<void>) =>
		context.deprovision({ target, id, label }, send, () => objectExists(context.api, target, id));
	switch (noun) {
		case "apps":
			return deprovision(() => deprovisionApp(context.cli, { environment: environment.handle, app: handle }));
		case "logDrains":
			return deprovision(() => deprovisionDrain(context.cli, "log_drain", environment.handle, handle));
		case "metricDrains":
			return deprovision(() => deprovisionDrain(context.cli, "metric_drain", environment.handle, handle));
		default:
			return removeUnrecorded(context, environment, live, finalBackup);
	}
}

function removeUnrecorded(
	context: Context,
	environment: Environment,
	{ id, handle, type }: Claimed,
	finalBackup: boolean,
): Promise<void> {
	const kind = { handle, type: type ?? "", version: "" };
	// Its sizes do not matter to a removal.
	const sizes = { containerMb: 1024, containerProfile: "m", diskGb: 10, iops: 3000 };
	const spec = DatabaseSpec.parse({ environment: environment.handle, ...kind, ...sizes, finalBackup });
	return removeDatabase(context, spec, { id, environmentId: environment.id, ...kind, warnings: [] });
}
