/** One look at a whole environment, for drift and adoption: lists of the CLI side by side, and of the API what only it shows. */
import type { z } from "zod";
import { noSettings, readAppSettings } from "../aptible/api/app.ts";
import { type DatabaseSettings, readDatabaseSettings } from "../aptible/api/database.ts";
import {
	ApiLogDrain,
	ApiMetricDrain,
	type DrainTarget,
	type ListedDrain,
	listDrains,
	readDrain,
} from "../aptible/api/drain.ts";
import { readEndpointDetails } from "../aptible/api/endpoint.ts";
import { listServices, readPolicy } from "../aptible/api/service.ts";
import type { LiveApp } from "../aptible/app/differences.ts";
import type { LiveService } from "../aptible/app/services.ts";
import { type CliApp, listApps, readConfig } from "../aptible/cli/app.ts";
import { type CliDatabase, listDatabases } from "../aptible/cli/database.ts";
import { type EndpointPlace, listEndpoints } from "../aptible/cli/endpoint.ts";
import {
	type CliBackupRetention,
	type CliEnvironment,
	listEnvironments,
	readBackupRetention,
} from "../aptible/cli/environment.ts";
import type { Context } from "../aptible/context.ts";
import type { LiveEndpoint } from "../aptible/endpoint/observe.ts";
import { isRenewable } from "../aptible/endpoint/renewal.ts";

/** Every CLI is a process of about 0.8 s (recorded runs), most of it work for a processor. */
const callsAtATime = 8;

/** A database with its endpoints. `settings` and `endpoints` are missing where nobody asked for them. */
export interface SnapshotDatabase {
	listed: CliDatabase;
	settings: DatabaseSettings | undefined;
	endpoints: LiveEndpoint[];
}

/** An app with its endpoints. */
export interface SnapshotApp extends LiveApp {
	endpoints: LiveEndpoint[];
}

/** An environment with all that is in it. Holds secrets: config values, URLs, tokens. */
export interface Snapshot {
	environment: CliEnvironment;
	retention: CliBackupRetention;
	databases: SnapshotDatabase[];
	/** In full those that were asked for; `listed` has all of them. */
	apps: SnapshotApp[];
	listedApps: CliApp[];
	logDrains: ApiLogDrain[];
	metricDrains: ApiMetricDrain[];
}

/** Of which objects everything is read. */
export interface SnapshotScope {
	/** An app in full takes two calls of the CLI and some of the API. */
	app(live: CliApp): boolean;
	/** A database's endpoints take one call of the CLI. */
	databaseEndpoints(live: CliDatabase): boolean;
	/** Whether ports and certificates of endpoints are read, which only the API shows. */
	endpointDetails: "all" | "none" | ((id: number) => boolean);
}

const everything: SnapshotScope = { app: () => true, databaseEndpoints: () => true, endpointDetails: "all" };

/**
 * Reads an environment.
 *
 * @returns undefined where the token sees none that `find` takes
 */
export async function readSnapshot(
	context: Context,
	find: (environments: readonly CliEnvironment[]) => CliEnvironment | undefined,
	{ guess, scope = everything }: { guess?: string; scope?: SnapshotScope } = {},
): Promise<Snapshot | undefined> {
	const limit = limiter(callsAtATime);
	// Under the handle that it very likely has, so that the lists need not wait for the one that says so.
	const early = guess === undefined ? undefined : settled(readLists(context, limit, guess));
	const environment = find(await limit(() => listEnvironments(context.cli)));
	if (environment === undefined) return undefined;
	const { handle, id } = environment;
	const [contents, logDrains, metricDrains] = await Promise.all([
		readContents(
			{ context, limit, environment: handle, scope },
			handle === guess && early !== undefined ? early.then((result) => result()) : readLists(context, limit, handle),
		),
		readDrains(context, "log_drains", id, ApiLogDrain),
		readDrains(context, "metric_drains", id, ApiMetricDrain),
	]);
	return { environment, ...contents, logDrains, metricDrains };
}

type Limit = <T>(call: () => Promise<T>) => Promise<T>;

interface Read {
	context: Context;
	limit: Limit;
	environment: string;
	scope: SnapshotScope;
}

type Lists = [CliBackupRetention, CliApp[], CliDatabase[]];

async function readContents(
	read: Read,
	lists: Promise<Lists>,
): Promise<Pick<Snapshot, "retention" | "databases" | "apps" | "listedApps">> {
	const [retention, listedApps, listedDatabases] = await lists;
	for (const { connection_url: url, credentials } of listedDatabases) {
		for (const each of [url, ...credentials.map(({ connection_url }) => connection_url)]) {
			if (each) read.context.redactor.addUrl(each);
		}
	}
	const [databases, apps] = await Promise.all([
		Promise.all(listedDatabases.map((listed) => readDatabase(read, listed))),
		Promise.all(listedApps.filter((app) => read.scope.app(app)).map((app) => readApp(read, app))),
	]);
	return { retention, databases, apps, listedApps };
}

function readLists({ cli }: Context, limit: Limit, environment: string): Promise<Lists> {
	return Promise.all([
		limit(() => readBackupRetention(cli, environment)),
		limit(() => listApps(cli, environment)),
		limit(() => listDatabases(cli, environment)),
	]);
}

async function readDatabase({ context, limit, environment, scope }: Read, listed: CliDatabase) {
	// The CLI fails on a database that was never provisioned; it has no endpoint.
	const hasEndpoints = listed.status === "provisioned" && scope.databaseEndpoints(listed);
	const [settings, endpoints] = await Promise.all([
		readDatabaseSettings(context.api, listed.id),
		hasEndpoints ? readEndpoints(context, limit, scope, { database: listed.handle, environment }) : [],
	]);
	return { listed, settings, endpoints };
}

async function readApp({ context, limit, environment, scope }: Read, app: CliApp): Promise<SnapshotApp> {
	const isReleased = app.status === "provisioned";
	const place = { environment, app: app.handle };
	const [endpoints, config, settings, services] = await Promise.all([
		readEndpoints(context, limit, scope, place),
		isReleased ? limit(() => readConfig(context.cli, place)) : new Map<string, string>(),
		isReleased ? readAppSettings(context.api, app.id) : noSettings,
		isReleased ? readAllServices(context, app) : [],
	]);
	for (const [key, value] of config) context.redactor.addFound(key, value);
	return { app, config, settings, services, endpoints };
}

async function readAllServices({ api }: Context, app: CliApp): Promise<LiveService[]> {
	const [options, policies] = await Promise.all([
		listServices(api, app.id),
		Promise.all(app.services.map(({ id }) => readPolicy(api, id))),
	]);
	return app.services.map((service, index) => ({
		...service,
		policy: policies[index],
		options: options.find(({ id }) => id === service.id),
	}));
}

async function readEndpoints(
	{ cli, api }: Context,
	limit: Limit,
	{ endpointDetails }: SnapshotScope,
	place: EndpointPlace,
): Promise<LiveEndpoint[]> {
	const listed = await limit(() => listEndpoints(cli, place));
	const wants = (id: number) =>
		typeof endpointDetails === "function" ? endpointDetails(id) : endpointDetails === "all";
	return Promise.all(
		listed.map(async (one) => ({
			listed: one,
			details: wants(one.id) ? await readEndpointDetails(api, one.id) : undefined,
			isRenewable: await isRenewable(one),
		})),
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

/** A promise that may fail before anybody waits for it. */
function settled<T>(promise: Promise<T>): Promise<() => T> {
	return promise.then(
		(value) => () => value,
		(error: unknown) => () => {
			throw error;
		},
	);
}

/** Runs at most `most` calls at a time, in the order in which they come. */
function limiter(most: number): Limit {
	let running = 0;
	const waiting: (() => void)[] = [];
	return async (call) => {
		if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
		else running += 1;
		try {
			return await call();
		} finally {
			const next = waiting.shift();
			if (next === undefined) running -= 1;
			else next();
		}
	};
}
