/** One look at a whole environment, for drift and adoption: its lists side by side, and of each app what no list has. */
import type { z } from "zod";
import type { Api } from "../aptible/api/api.ts";
import { type App, listWholeApps, noSettings, readAppSettings, readConfig } from "../aptible/api/app.ts";
import { type Database, type DatabaseUrls, listDatabasesWithUrls } from "../aptible/api/database.ts";
import {
	ApiLogDrain,
	ApiMetricDrain,
	type DrainTarget,
	type ListedDrain,
	listDrains,
	readDrain,
} from "../aptible/api/drain.ts";
import { type Endpoint, listEndpointsIn, listFingerprints, readEndpointDetails } from "../aptible/api/endpoint.ts";
import {
	type Environment,
	type LiveRetention,
	listEnvironments,
	type PlacedEnvironment,
	readBackupRetention,
	withStack,
} from "../aptible/api/environment.ts";
import { refuseMissingPart, unlessObjectGone } from "../aptible/api/existence.ts";
import {
	type ApiPolicy,
	listPoliciesIn,
	listServicesIn,
	type Service,
	type ServicesOwner,
	servicesOf,
} from "../aptible/api/service.ts";
import type { LiveApp } from "../aptible/app/differences.ts";
import { rememberUrls } from "../aptible/app/values.ts";
import { ApiError, unlessGone } from "../aptible/client/errors.ts";
import type { Context } from "../aptible/context.ts";
import type { LiveEndpoint } from "../aptible/endpoint/observe.ts";
import { isRenewable } from "../aptible/endpoint/renewal.ts";
import { type LivePermissions, readPermissions } from "../aptible/environment/permissions.ts";

/** A database with its endpoints, which are missing where nobody asked for them. */
export interface SnapshotDatabase {
	listed: Database & DatabaseUrls;
	endpoints: LiveEndpoint[];
}

/** An app with its endpoints. */
export interface SnapshotApp extends Omit<LiveApp, "config"> {
	config: LiveApp["config"] | "hidden";
	endpoints: LiveEndpoint[];
}

/** An environment with all that is in it. Holds secrets: config values, URLs, tokens. */
export interface Snapshot {
	environment: PlacedEnvironment;
	retention: LiveRetention;
	/** Absent where nobody asked for them; `hidden` from a token that may not see them. */
	permissions?: LivePermissions | "hidden" | undefined;
	databases: SnapshotDatabase[];
	/** In full those that were asked for; `listed` has all of them. */
	apps: SnapshotApp[];
	listedApps: App[];
	logDrains: ApiLogDrain[];
	metricDrains: ApiMetricDrain[];
}

/** Of which objects everything is read. */
export interface SnapshotScope {
	permissions: boolean;
	/** An app in full takes two requests, and one for each endpoint that has settings. */
	app(live: App): boolean;
	databaseEndpoints(live: Database): boolean;
	/** Whether ports and certificates of endpoints are compared. */
	endpointDetails: "all" | "none" | ((id: number) => boolean);
}

const everything: SnapshotScope = {
	permissions: true,
	app: () => true,
	databaseEndpoints: () => true,
	endpointDetails: "all",
};

/** How many apps there are to be read, and how many have been. */
export type OnProgress = (read: number, of: number) => void;

/**
 * Reads an environment.
 *
 * @returns undefined where the token sees none that `find` takes
 */
export async function readSnapshot(
	context: Context,
	find: (environments: readonly Environment[]) => Environment | undefined,
	{ scope = everything, onProgress = () => {} }: { scope?: SnapshotScope; onProgress?: OnProgress } = {},
): Promise<Snapshot | undefined> {
	const { api } = context;
	const found = find(await listEnvironments(api));
	if (found === undefined) return undefined;
	const { id } = found;
	const [environment, retention, permissions, services, listedApps, logDrains, metricDrains] = await Promise.all([
		withStack(api, found),
		readBackupRetention(api, id),
		scope.permissions ? readPermissions(context, id).catch(unlessHidden) : undefined,
		listServicesIn(api, id),
		listWholeApps(api, id),
		readDrains(context, "log_drains", id, ApiLogDrain),
		readDrains(context, "metric_drains", id, ApiMetricDrain),
	]);
	const currentDatabases = await listDatabasesWithUrls(api, id, services);
	for (const database of currentDatabases) rememberUrls(context, database);
	const scopedApps = listedApps.filter((app) => scope.app(app));
	onProgress(0, scopedApps.length);
	const { owned, gone } = await readOwned(api, services, scopedApps, currentDatabases, scope);
	const wantedApps = scopedApps.filter((app) => !gone.has(appKey(app)));
	const listedDatabases = currentDatabases.filter((one) => !gone.has(databaseKey(one)));
	const wantedServices = [...owned.values()].flat();
	const servicesOfApps = wantedApps.flatMap((app) => owned.get(appKey(app)) ?? []);
	const [endpoints, policies] = await Promise.all([
		wantedServices.length === 0
			? noEndpoints
			: listEndpointsIn(api, id, wantedServices, { hasSettings: true, areAll: false }),
		servicesOfApps.length === 0 ? noPolicies : listPoliciesIn(api, id, services, servicesOfApps),
	]);
	const areCompared = [...endpoints.values()].flat().some((one) => hasCertificate(one) && wantsDetails(scope, one));
	const fingerprints = areCompared ? await listFingerprints(api, id) : noFingerprints;
	const read: Read = { context, scope, owned, endpoints, policies, fingerprints };
	const [databases, apps] = await Promise.all([
		Promise.all(
			listedDatabases.map(async (listed) => ({ listed, endpoints: await endpointsOf(read, databaseKey(listed)) })),
		),
		eachToldOf(wantedApps, (app) => readApp(read, app).catch(unlessGone), onProgress),
	]);
	// One may be removed since it was listed.
	const there = apps.filter((app) => app !== undefined);
	return { environment, retention, permissions, databases, apps: there, listedApps, logDrains, metricDrains };
}

/** Roles belong to the organization, which a token may not see. */
function unlessHidden(error: unknown): "hidden" {
	if (error instanceof ApiError && (error.status === 403 || error.status === 404)) return "hidden";
	throw error;
}

const noEndpoints: ReadonlyMap<number, readonly Endpoint[]> = new Map();
const noPolicies: ReadonlyMap<number, ApiPolicy> = new Map();
const noFingerprints: ReadonlyMap<number, string> = new Map();

interface Read {
	context: Context;
	scope: SnapshotScope;
	/** Services by what they belong to. */
	owned: ReadonlyMap<string, readonly Service[]>;
	/** By the ids of services. */
	endpoints: ReadonlyMap<number, readonly Endpoint[]>;
	policies: ReadonlyMap<number, ApiPolicy>;
	/** By the ids of certificates. */
	fingerprints: ReadonlyMap<number, string>;
}

const appKey = ({ id }: { id: number }) => `app ${id}`;
const databaseKey = ({ id }: { id: number }) => `database ${id}`;

/**
 * The services of the apps and databases that are read in full; one that was never provisioned has none. With what is removed since it
 * was listed.
 */
async function readOwned(
	api: Api,
	services: readonly Service[],
	apps: readonly App[],
	databases: readonly Database[],
	scope: SnapshotScope,
): Promise<{ owned: Map<string, readonly Service[]>; gone: Set<string> }> {
	const gone = new Set<string>();
	const own = async (
		key: string,
		target: "apps" | "databases",
		{ id, handle }: App | Database,
		owner: ServicesOwner,
	) => {
		const label = `${target === "apps" ? "app" : "database"} "${handle}"`;
		const found = await servicesOf(api, services, owner).catch(unlessObjectGone(api, target, { id, label }));
		if (found === undefined) gone.add(key);
		return [key, found ?? []] as const;
	};
	const released = apps.filter(({ status }) => status === "provisioned");
	const wanted = databases.filter((one) => one.status === "provisioned" && scope.databaseEndpoints(one));
	const entries = await Promise.all([
		...released.map((app) => own(appKey(app), "apps", app, { appId: app.id })),
		...wanted.map((one) => {
			const { id: databaseId, serviceId } = one;
			return own(databaseKey(one), "databases", one, { databaseId, serviceId });
		}),
	]);
	return { owned: new Map(entries), gone };
}

async function readApp(read: Read, app: App): Promise<SnapshotApp> {
	const { context, owned, policies } = read;
	const isReleased = app.status === "provisioned";
	const { id, handle } = app;
	const [endpoints, config, settings] = await Promise.all([
		endpointsOf(read, appKey(app)),
		isReleased ? readConfig(context.api, app) : new Map<string, string>(),
		isReleased ? readAppSettings(context.api, app) : noSettings,
	]).catch(refuseMissingPart(context.api, "apps", { id, label: `app "${handle}"` }));
	for (const [key, value] of config === "hidden" ? [] : config) context.redactor.addFound(key, value);
	const services = (owned.get(appKey(app)) ?? []).map((service) => ({ ...service, policy: policies.get(service.id) }));
	return { app, config, settings, services, endpoints };
}

function hasCertificate({ certificateId }: Endpoint): boolean {
	return certificateId !== undefined;
}

function wantsDetails({ endpointDetails }: SnapshotScope, { id }: Endpoint): boolean {
	return typeof endpointDetails === "function" ? endpointDetails(id) : endpointDetails === "all";
}

async function endpointsOf(read: Read, owner: string): Promise<LiveEndpoint[]> {
	const { context, owned, endpoints, fingerprints, scope } = read;
	const listed = (owned.get(owner) ?? []).flatMap(({ id }) => endpoints.get(id) ?? []);
	const detailsOf = async (one: Endpoint) => {
		const certificate = fingerprints.get(one.certificateId ?? 0);
		// The list of certificates may lag behind.
		return certificate === undefined ? readEndpointDetails(context.api, one) : { port: one.containerPort, certificate };
	};
	return Promise.all(
		listed.map(async (one) => ({
			listed: one,
			details: wantsDetails(scope, one) ? await detailsOf(one) : undefined,
			isRenewable: await isRenewable(one),
		})),
	);
}

async function eachToldOf<T, U>(items: readonly T[], work: (item: T) => Promise<U>, tell: OnProgress): Promise<U[]> {
	let count = 0;
	return Promise.all(
		items.map(async (item) => {
			const result = await work(item);
			count += 1;
			tell(count, items.length);
			return result;
		}),
	);
}

/** Those of `aptible logs` are left out: nobody made them, and nothing shows them (terraform-provider-aptible PR #140). */
async function readDrains<Drain extends z.ZodType>(
	{ api }: Context,
	target: DrainTarget,
	environmentId: number,
	form: Drain,
): Promise<z.infer<Drain>[]> {
	const isShown = ({ drain_type, status }: ListedDrain) => drain_type !== "tail" && status !== "deprovisioned";
	const listed = (await listDrains(api, target, environmentId)).filter(isShown);
	const drains = await Promise.all(listed.map(({ id }) => readDrain(api, target, id, form)));
	return drains.filter((drain) => drain !== undefined);
}
