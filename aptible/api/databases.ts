import { z } from "zod";
import type { Api } from "./api.ts";

const link = z.looseObject({ href: z.string() }).nullish();

const Database = z.looseObject({
	enable_backups: z.boolean(),
	current_kms_arn: z.string().nullish(),
	_links: z.looseObject({ initialize_from: link }),
});

const Dependent = z.looseObject({ handle: z.string() });

/** What of a database the CLI does not show (facts/terraform-provider.md §3.6). */
export interface DatabaseSettings {
	/** Whether Aptible backs it up every day. */
	automaticBackups: boolean;
	/** Key of AWS KMS for its disk, where it is not Aptible's own. */
	kmsKeyArn: string | undefined;
	/** Id of the database that it is a replica of. */
	primaryId: number | undefined;
}

/** Reads it without the credentials that the API would send along. */
export async function readDatabaseSettings(api: Api, id: number): Promise<DatabaseSettings> {
	const answer = await api.read(`${api.root}/databases/${id}`, { Prefer: "no_sensitive_extras=true" });
	const { enable_backups, current_kms_arn, _links } = Database.parse(answer);
	const primary = /\/databases\/(\d+)$/.exec(_links.initialize_from?.href ?? "")?.[1];
	return {
		automaticBackups: enable_backups,
		kmsKeyArn: current_kms_arn || undefined,
		primaryId: primary === undefined ? undefined : Number(primary),
	};
}

/** Handles of a database's replicas. */
export async function listReplicas(api: Api, id: number): Promise<string[]> {
	const dependents = await api.list(`${api.root}/databases/${id}/dependents`, "databases", Dependent);
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
