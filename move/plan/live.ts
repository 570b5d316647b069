/** What Aptible has of the stage, as far as a plan needs it; nothing is changed there. */
import { X509Certificate } from "node:crypto";
import { z } from "zod";
import { type ListedApp, listApps, readApp, readConfig } from "../../aptible/api/app.ts";
import { listNamedDatabases } from "../../aptible/api/database.ts";
import { type Endpoint, listEndpointsIn } from "../../aptible/api/endpoint.ts";
import { listEnvironments } from "../../aptible/api/environment.ts";
import { listServicesIn } from "../../aptible/api/service.ts";
import { ApiError } from "../../aptible/client/errors.ts";
import type { Context } from "../../aptible/context.ts";
import { findEnvironment } from "../session.ts";
import type { MoveStage } from "../stage.ts";
import type { LiveConfig } from "./old-names.ts";

/** What runs of the stage's apps, and where it is reached. */
export interface LiveApps {
	/** By the handles of apps. */
	endpoints: ReadonlyMap<string, readonly Endpoint[]>;
	/** Of each service, by APP.SERVICE; undefined where Aptible does not say. */
	containers: ReadonlyMap<string, number | undefined>;
}

export interface LiveStage extends LiveApps {
	/** Ends of validity of certificates by their ids, as far as the token's role may see them. */
	validUntil: ReadonlyMap<number, Date>;
	/** Handles of databases. */
	databases: ReadonlySet<string>;
	config: LiveConfig;
}

const Certificate = z.looseObject({ id: z.int(), certificate_body: z.string().nullish() });

/**
 * Reads it.
 *
 * @returns undefined where the environment is not there
 * @throws what the API's client throws
 */
export async function readLive({ api }: Context, { stage }: MoveStage): Promise<LiveStage | undefined> {
	const environment = (await listEnvironments(api)).find(({ handle }) => handle === stage.environment.handle);
	if (environment === undefined) return undefined;
	const [{ apps, ...live }, databases, certificates] = await Promise.all([
		readApps(api, environment.id, stage),
		listNamedDatabases(api, environment.id),
		api
			.list(`${api.root}/accounts/${environment.id}/certificates?per_page=5000`, "certificates", Certificate)
			.catch((error) => {
				if (error instanceof ApiError && error.status === 403) return [];
				throw error;
			}),
	]);
	const config = await Promise.all(
		apps.map(async ({ id, handle }) => [handle, await readConfig(api, await readApp(api, id))] as const),
	);
	return {
		...live,
		validUntil: new Map(
			certificates.flatMap(({ id, certificate_body: body }) => {
				const until = readEnd(body ?? "");
				return until === undefined ? [] : [[id, until] as const];
			}),
		),
		databases: new Set(databases.map(({ handle }) => handle)),
		config: new Map(config),
	};
}

/** Reads what runs of the stage's apps. @throws what the API's client throws */
export async function readApps(
	api: Context["api"],
	environmentId: number,
	stage: MoveStage["stage"],
): Promise<LiveApps & { apps: readonly ListedApp[] }> {
	const [all, services] = await Promise.all([listApps(api, environmentId), listServicesIn(api, environmentId)]);
	const own = services.filter(({ appId }) => appId !== undefined);
	const byService = await listEndpointsIn(api, environmentId, own, { hasSettings: false, areAll: false });
	const apps = all.filter(({ handle }) => Object.hasOwn(stage.apps, handle));
	const servicesOf = (app: ListedApp) => own.filter(({ appId }) => appId === app.id);
	return {
		apps,
		endpoints: new Map(
			apps.map((app) => [app.handle, servicesOf(app).flatMap((service) => byService.get(service.id) ?? [])]),
		),
		containers: new Map(
			apps.flatMap((app) =>
				servicesOf(app).map(({ service, containerCount }) => [`${app.handle}.${service}`, containerCount] as const),
			),
		),
	};
}

/** As `readApps`, in the stage's environment. @throws where that is not there */
export async function readStageApps(context: Context, moved: MoveStage): Promise<LiveApps> {
	return readApps(context.api, (await findEnvironment(context, moved)).id, moved.stage);
}

/** End of validity of the first certificate in a PEM text; undefined where there is none. */
function readEnd(pem: string): Date | undefined {
	try {
		return new X509Certificate(pem).validToDate;
	} catch {
		return undefined;
	}
}
