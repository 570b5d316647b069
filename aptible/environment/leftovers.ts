import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseSpec } from "../../wire/database.ts";
import { isHandleOf } from "../../wire/drain.ts";
import {
	ClaimedHandles,
	claimsVariable,
	environmentHint,
	type LeftoversFacts,
	type LeftoversSpec,
} from "../../wire/leftovers.ts";
import { environmentKey } from "../../wire/template.ts";
import { listReplicas, readDatabaseSettings } from "../api/database.ts";
import { listEnvironments } from "../api/environment.ts";
import { objectExists } from "../api/existence.ts";
import { type ListedObject, listObjects } from "../api/listed.ts";
import { listOperations, type Operation } from "../api/operation.ts";
import { judgeOrigin } from "../claims/foreign.ts";
import { type ClaimedNoun, claimedTargets, partsOf } from "../claims/live.ts";
import { deprovisionApp } from "../cli/app.ts";
import { deprovisionDrain } from "../cli/drain.ts";
import { unlessGone } from "../client/errors.ts";
import { findUntilThere } from "../client/lag.ts";
import type { Context } from "../context.ts";
import { isFreshBackup, removeDatabase } from "../database/removal.ts";
import { listEndpointsOf } from "../endpoint/owner.ts";

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

/** Operations by which a database comes up, or a replica of it. */
const creations = ["provision", "restore", "replicate", "replicate_logical", "clone"];

/** Nothing: what a failed create leaves is the next update's to finish. */
export async function apply(): Promise<LeftoversFacts> {
	return { warnings: [] };
}

/**
 * Removes what this stack claimed and no resource deletes, as its create failed or was killed. It runs after everything that is
 * recorded is gone, and before the environment goes, which Aptible deletes only when it is empty.
 *
 * Only what was made after its claim, and by nobody but the users who claimed it or run this, is taken for such a leftover. It may also
 * have been recorded and removed from the state on purpose (`pulumi state delete`): what may be in use stays, and the environment's
 * removal names it with its command.
 */
export async function remove(context: Context, spec: LeftoversSpec): Promise<void> {
	const claims = ClaimedHandles.safeParse(JSON.parse(process.env[claimsVariable] ?? "null")).data;
	const environment = claims && (await findEnvironment(context, spec.environment));
	if (claims === undefined || environment === undefined) return;
	for (const live of await findClaimed(context, environment, claims)) {
		const mark = claims.marks[live.place];
		if (mark === undefined || live.id === mark.id || spec.protected.includes(live.place)) continue;
		const object = { target: claimedTargets[live.noun], id: live.id };
		// An earlier removal may have been killed, and the object be gone meanwhile.
		if ((await judgeOrigin(context, mark, object).catch(unlessGone)) !== "ours") continue;
		const state = await judgeUse(context, live).catch(unlessGone);
		if (state === undefined || state === "in use") continue;
		context.progress(`${live.place} was claimed by this stack and ${state}: it goes with its environment`);
		await take(context, environment, live);
	}
}

/**
 * What can be said of an object. Of a recorded one and of one whose create was killed in the end Aptible shows the same, so that an app
 * that has run, and a database on which anything was done, may be in use.
 */
async function judgeUse(
	context: Context,
	{ noun, id, handle, status }: Claimed,
): Promise<"in use" | "never came up" | "has no other use"> {
	if (noun === "logDrains" || noun === "metricDrains") return "has no other use";
	const operations = await listOperations(context.api, claimedTargets[noun], id, 0);
	if (noun === "apps") {
		const hasRun = operations.some((one) => one.status === "succeeded" && one.type !== "deprovision");
		return hasRun || (await listEndpointsOf(context, { app: handle }, id)).length > 0 ? "in use" : "never came up";
	}
	// Of a copy, the operation is one of what it was made from.
	const neverCameUp = status === "provision_failed" || status === "pending";
	if (neverCameUp && operations.every(({ type }) => creations.includes(type) || type === "deprovision")) {
		return "never came up";
	}
	const isOwn = (operation: Operation) =>
		creations.includes(operation.type) || operation.type === "deprovision" || isFreshBackup(context, operation);
	if (!operations.every(isOwn) || (await listReplicas(context.api, id)).length > 0) return "in use";
	const endpoints = await listEndpointsOf(context, { database: handle }, id);
	return endpoints.length > 0 ? "in use" : "has no other use";
}

/** By its id, where the Command was told it. */
async function findEnvironment(context: Context, handle: string): Promise<Environment | undefined> {
	const known = process.env[environmentKey(environmentHint)];
	return findUntilThere(context, async () =>
		(await listEnvironments(context.api)).find((one) =>
			known === undefined ? one.handle === handle : one.id === Number(known),
		),
	);
}

/** What lives under claimed handles, in the order in which it can go: drains before the databases that they go to, replicas before primaries. */
async function findClaimed(context: Context, environment: Environment, claims: ClaimedHandles): Promise<Claimed[]> {
	const found = new Map<string, Claimed>();
	const look = async (noun: ClaimedNoun) => {
		const places = [...claims.claimed, ...Object.keys(claims.kept)].filter((place) => place.startsWith(`${noun}.`));
		if (places.length === 0) return;
		for (const live of await listObjects(context.api, claimedTargets[noun], environment.id)) {
			const place = places.find((one) => isAt(one, live, environment) && isStillClaimed(one, live, claims));
			if (place !== undefined) found.set(`${noun} ${live.id}`, { ...live, noun, place });
		}
	};
	for (const pauseMs of pausesMs) {
		await Promise.all((["logDrains", "metricDrains", "apps", "databases"] as const).map(look));
		await sleep(pauseMs);
	}
	const all = [...found.values()];
	const databases = all.filter(({ noun }) => noun === "databases");
	const settings = await Promise.all(
		databases.map(({ id }) => readDatabaseSettings(context.api, id).catch(unlessGone)),
	);
	const [replicas, primaries] = [true, false].map((isReplica) =>
		databases.filter((_, index) => (settings[index]?.primaryId !== undefined) === isReplica),
	);
	const under = (...nouns: ClaimedNoun[]) => all.filter(({ noun }) => nouns.includes(noun));
	return [...under("logDrains", "metricDrains"), ...under("apps"), ...(replicas ?? []), ...(primaries ?? [])];
}

function isAt(place: string, { handle }: ListedObject, environment: Environment): boolean {
	const [noun, name] = partsOf(place);
	return noun.endsWith("Drains") ? isHandleOf(handle, { name, adopt: false }, environment.id) : name === handle;
}

/** Of a line that is gone, only the object that lived under it then. */
function isStillClaimed(place: string, { id }: ListedObject, { claimed, kept }: ClaimedHandles): boolean {
	return claimed.includes(place) || kept[place] === id;
}

function take(context: Context, environment: Environment, live: Claimed): Promise<void> {
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
			return removeUnrecorded(context, environment, live);
	}
}

function removeUnrecorded(context: Context, environment: Environment, { id, handle, type }: Claimed): Promise<void> {
	const kind = { handle, type: type ?? "", version: "" };
	// Its sizes do not matter to a removal.
	const sizes = { containerMb: 1024, containerProfile: "m", diskGb: 10, iops: 3000 };
	const spec = DatabaseSpec.parse({ environment: environment.handle, ...kind, ...sizes, finalBackup: true });
	return removeDatabase(context, spec, { id, environmentId: environment.id, ...kind, warnings: [] });
}
