import { z } from "zod";
import { ApiError } from "../client/errors.ts";
import type { Api } from "./api.ts";
import { readDatabaseImage } from "./database.ts";
import { Link, linkedId } from "./link.ts";
import { listOperations } from "./operation.ts";

const BackupForm = z.looseObject({
	id: z.int(),
	created_at: z.string().refine((text) => !Number.isNaN(Date.parse(text)), "not a date"),
	manual: z.boolean().nullish(),
	database_handle: z.string().nullish(),
	_links: z
		.looseObject({
			copied_from: Link,
			created_from_operation: Link,
			/** Also of a database that is deleted (aptible-api-ruby, backup.rb). */
			database: Link,
			database_image: Link,
			database_with_deleted: Link,
		})
		.nullish(),
	_embedded: z.looseObject({ copied_from: z.looseObject({ id: z.int().nullish() }).nullish() }).nullish(),
});

/** A backup. */
export interface Backup {
	id: number;
	/** `2026-11-23 06:16:23 UTC`, as the CLI prints it: sorts as it reads. */
	createdAt: string;
	isManual: boolean;
	/** Whether it is a copy, in another region. */
	isCopy: boolean;
	/** The backup that it is a copy of; absent where the API does not say. */
	copiedFromId: number | undefined;
	databaseId: number | undefined;
	/** Handle that its database had. */
	databaseHandle: string | undefined;
	/** Operation that took it (aptible-cli 0.26.6, resource_formatter.rb); absent where the API does not say. */
	operationId: number | undefined;
}

const ApiBackup = BackupForm.transform(
	({ id, created_at, manual, database_handle, _links: links, _embedded: embedded }): Backup => ({
		id,
		createdAt: `${new Date(created_at).toISOString().slice(0, 19).replace("T", " ")} UTC`,
		isManual: manual ?? false,
		isCopy: Boolean(links?.copied_from ?? embedded?.copied_from),
		copiedFromId: linkedId(links?.copied_from) ?? embedded?.copied_from?.id ?? undefined,
		databaseId: linkedId(links?.database_with_deleted) ?? linkedId(links?.database),
		databaseHandle: database_handle ?? undefined,
		operationId: linkedId(links?.created_from_operation),
	}),
);

/** Backups of one database (aptible-cli 0.26.6, subcommands/backup.rb). */
export function listBackups(api: Api, databaseId: number): Promise<Backup[]> {
	return api.list(`${api.root}/databases/${databaseId}/backups?per_page=1000`, "backups", ApiBackup);
}

/** Backups of the environment's deleted databases (aptible-api-ruby, account.rb). */
export function listOrphanedBackups(api: Api, environmentId: number): Promise<Backup[]> {
	return api.list(`${api.root}/accounts/${environmentId}/backups?orphaned=true&per_page=1000`, "backups", ApiBackup);
}

/** What a backup was taken of. */
export interface BackupOrigin {
	/** Handle that its database had. */
	handle: string;
	/** Absent where the API does not say. */
	databaseId: number | undefined;
	type: string | undefined;
	version: string | undefined;
}

/** What a backup was taken of; nothing where there is no such backup. */
export async function readBackupOrigin(api: Api, id: number): Promise<BackupOrigin | undefined> {
	try {
		const backup = await api.read(`${api.root}/backups/${id}`, BackupForm);
		const imageId = linkedId(backup._links?.database_image);
		const { type, version } = imageId === undefined ? {} : await readDatabaseImage(api, imageId);
		const { databaseHandle: handle = "a database", databaseId } = ApiBackup.parse(backup);
		return { handle, databaseId, type, version };
	} catch (error) {
		if (error instanceof ApiError && error.status === 404) return undefined;
		throw error;
	}
}

/** Whether a database with one of these handles was restored from a backup; true where that backup is gone. */
export async function wasRestoredAs(api: Api, id: number, handles: readonly (string | undefined)[]): Promise<boolean> {
	try {
		const operations = await listOperations(api, "backups", id);
		return operations.some(
			({ type, status, handle }) =>
				type === "restore" && status === "succeeded" && handles.includes(handle ?? undefined),
		);
	} catch (error) {
		if (error instanceof ApiError && error.status === 404) return true;
		throw error;
	}
}

/** Backups of a database that somebody had taken, without copies in another region. */
export async function listManualBackups(api: Api, databaseId: number): Promise<Backup[]> {
	return (await listBackups(api, databaseId)).filter(({ isManual, isCopy }) => isManual && !isCopy);
}
