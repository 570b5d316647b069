import { z } from "zod";
import type { Api } from "./api.ts";

const link = z.looseObject({ href: z.string() }).nullish();

const Database = z.looseObject({
	enable_backups: z.boolean(),
	current_kms_arn: z.string().nullish(),
	_links: z.looseObject({ initialize_from: link }),
});

const Named = z.looseObject({ id: z.int(), handle: z.string() });

/** What of a database the CLI does not show (facts/terraform-provider.md §3.6). */
export interface DatabaseSettings {
	/** Whether Aptible backs it up every day. */
	automaticBackups: boolean;
	/** Key of AWS KMS for its disk, where it is not Aptible's own. */
	kmsKeyArn: string | undefined;
	/** Id of the database that it is a replica of. */
	primaryId: number | undefined;
}

/** Handles of an environment's databases. */
export async function listHandles(api: Api, environmentId: number): Promise<string[]> {
	const url = `${api.root}/accounts/${environmentId}/databases?per_page=200&no_embed=true`;
	return (await api.list(url, "databases", Named)).map(({ handle }) => handle);
}

export async function readDatabaseSettings(api: Api, id: number): Promise<DatabaseSettings> {
	const { enable_backups, current_kms_arn, _links } = await readDatabase(api, id);
	const primary = /\/databases\/(\d+)$/.exec(_links.initialize_from?.href ?? "")?.[1];
	return {
		automaticBackups: enable_backups,
		kmsKeyArn: current_kms_arn || undefined,
		primaryId: primary === undefined ? undefined : Number(primary),
	};
}

/** Reads it without the credentials that the API would send along. */
function readDatabase(api: Api, id: number): Promise<z.infer<typeof Database>> {
	return api.read(`${api.root}/databases/${id}`, Database, { Prefer: "no_sensitive_extras=true" });
}

/** Handles of a database's replicas. */
export async function listReplicas(api: Api, id: number): Promise<string[]> {
	const dependents = await api.list(`${api.root}/databases/${id}/dependents`, "databases", Named);
	return dependents.map(({ handle }) => handle);
}

/** Has a database backed up every day, or not; it takes no operation. */
export function setAutomaticBackups(api: Api, id: number, on: boolean): Promise<void> {
	return api.send("PATCH", `${api.root}/databases/${id}`, { enable_backups: on });
}

/**
 * Ends the link between a replica and its primary, so that the primary can be deleted first. It ends no replication: that is
 * done in the database. The dashboard's own call (app-ui `src/deploy/database`).
 */
export function unlinkReplica(api: Api, id: number): Promise<void> {
	return api.send("POST", `${api.root}/databases/${id}/unlink`);
}
