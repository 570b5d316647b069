import { z } from "zod";
import { ApiError } from "../errors.ts";
import type { Api } from "./api.ts";

const Backup = z.looseObject({
	created_at: z.string(),
	database_handle: z.string().nullish(),
	_links: z.looseObject({ database_image: z.looseObject({ href: z.string() }).nullish() }),
});

const DatabaseImage = z.looseObject({ type: z.string(), version: z.string() });

/** What a backup was taken of. */
export interface BackupOrigin {
	/** Handle that its database had. */
	handle: string;
	/** Absent where the API does not say. */
	type: string | undefined;
	version: string | undefined;
}

/** What a backup was taken of, which the CLI does not show; nothing where there is no such backup. */
export async function readBackupOrigin(api: Api, id: number): Promise<BackupOrigin | undefined> {
	try {
		const backup = Backup.parse(await api.read(`${api.root}/backups/${id}`));
		const image = backup._links.database_image?.href;
		const { type, version } = image ? DatabaseImage.parse(await api.read(image)) : {};
		return { handle: backup.database_handle ?? "a database", type, version };
	} catch (error) {
		if (error instanceof ApiError && error.status === 404) return undefined;
		throw error;
	}
}
