import { z } from "zod";
import { ApiError } from "../client/errors.ts";
import type { Api } from "./api.ts";
import { listOperations } from "./operation.ts";

const link = z.looseObject({ href: z.string() }).nullish();

const Backup = z.looseObject({
	id: z.int(),
	created_at: z.string(),
	manual: z.boolean().nullish(),
	database_handle: z.string().nullish(),
	_links: z.looseObject({
		copied_from: link,
		created_from_operation: link,
		database: link,
		database_image: link,
		database_with_deleted: link,
	}),
	_embedded: z.looseObject({ copied_from: z.looseObject({}).nullish() }).nullish(),
});

const DatabaseImage = z.looseObject({ type: z.string(), version: z.string() });

/** What a backup was taken of. */
export interface BackupOrigin {
	/** Handle that its database had. */
	handle: string;
	/** Absent where the API does not say. */
	databaseId: number | undefined;
	type: string | undefined;
	version: string | undefined;
}

/** What a backup was taken of, which the CLI does not show; nothing where there is no such backup. */
export async function readBackupOrigin(api: Api, id: number): Promise<BackupOrigin | undefined> {
	try {
		const { database_handle, _links } = await api.read(`${api.root}/backups/${id}`, Backup);
		const image = _links.database_image?.href;
		const { type, version } = image ? await api.read(image, DatabaseImage) : {};
		const databaseId = idIn(_links.database_with_deleted) ?? idIn(_links.database);
		return { handle: database_handle ?? "a database", databaseId, type, version };
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

/** A backup that somebody had taken. */
export interface ManualBackup {
	id: number;
	createdAt: string;
	/** Operation that took it (aptible-cli 0.26.6, resource_formatter.rb); absent where the API does not say. */
	operationId: number | undefined;
}

/** Manual backups of a database, without copies in another region. */
export async function listManualBackups(api: Api, databaseId: number): Promise<ManualBackup[]> {
	const backups = await api.list(`${api.root}/databases/${databaseId}/backups?per_page=200`, "backups", Backup);
	return backups
		.filter(({ manual, _links, _embedded }) => manual === true && !_links.copied_from && !_embedded?.copied_from)
		.map(({ id, created_at, _links }) => ({
			id,
			createdAt: created_at,
			operationId: idIn(_links.created_from_operation),
		}));
}

function idIn(link: { href: string } | null | undefined): number | undefined {
	const id = /\/(\d+)$/.exec(link?.href ?? "")?.[1];
	return id === undefined ? undefined : Number(id);
}
