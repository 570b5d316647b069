/** What Aptible has of the stage, as far as a plan needs it; nothing is changed there. */
import { X509Certificate } from "node:crypto";
import { z } from "zod";
import { listApps, readApp, readConfig } from "../../aptible/api/app.ts";
import { listNamedDatabases } from "../../aptible/api/database.ts";
import { type Endpoint, listEndpointsIn } from "../../aptible/api/endpoint.ts";
import { listEnvironments } from "../../aptible/api/environment.ts";
import { listServicesIn } from "../../aptible/api/service.ts";
import { ApiError } from "../../aptible/client/errors.ts";
import type { Context } from "../../aptible/context.ts";
import type { MoveStage } from "../stage.ts";
import type { LiveConfig } from "./old-names.ts";

export interface LiveStage {
	/** By the handles of apps. */
	endpoints: ReadonlyMap<string, readonly Endpoint[]>;
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
	const [apps, services, databases, certificates] = await Promise.all([
		listApps(api, environment.id),
		listServicesIn(api, environment.id),
		listNamedDatabases(api, environment.id),
		api
			.list(`${api.root}/accounts/${environment.id}/certificates?per_page=5000`, "certificates", Certificate)
			.catch((error) => {
				if (error instanceof ApiError && error.status === 403) return [];
				throw error;
			}),
	]);
	const own = services.filter(({ appId }) => appId !== undefined);
	const byService = await listEndpointsIn(api, environment.id, own, { hasSettings: false, areAll: false });
	const declared = apps.filter(({ handle }) => Object.hasOwn(stage.apps, handle));
	const config = await Promise.all(
		declared.map(async ({ id, handle }) => [handle, await readConfig(api, await readApp(api, id))] as const),
	);
	return {
		endpoints: new Map(
			declared.map(({ id, handle }) => [
				handle,
				own.filter(({ appId }) => appId === id).flatMap((service) => byService.get(service.id) ?? []),
			]),
		),
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

/** End of validity of the first certificate in a PEM text; undefined where there is none. */
function readEnd(pem: string): Date | undefined {
	try {
		return new X509Certificate(pem).validToDate;
	} catch {
		return undefined;
	}
}
