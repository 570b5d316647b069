import type { Database } from "../model.ts";
import { checkHandle, databaseDraft, notFound, unprocessable } from "./resources.ts";
import type { Session } from "./session.ts";

/** What a request for a new database may carry. */
export interface DatabaseRequest {
	handle: string;
	type: string;
	initial_container_size?: number;
	initial_disk_size?: number;
	current_kms_arn?: string;
	/** Address of the image, as the CLI gives it. */
	database_image?: string;
}

/** POST /accounts/{id}/databases: a record only; nothing is provisioned before an operation says so. */
export function createDatabase(session: Session, accountId: number, body: DatabaseRequest): Database {
	return session.write((store) => {
		const account = store.find("account", accountId);
		if (!account) throw notFound();
		const siblings = store.list("database", accountId).filter((database) => !database.deleted_at);
		const handle = checkHandle(body.handle, siblings);
		const images = store.list("database_image").filter((image) => image.type === body.type);
		const wanted = body.database_image?.split("/").at(-1);
		const image =
			wanted === undefined ? images.find((each) => each.default) : images.find(({ id }) => String(id) === wanted);
		if (!image) throw unprocessable("Database image must exist");
		const database = store.insert(
			"database",
			databaseDraft({
				owner: accountId,
				handle,
				type: body.type,
				database_image_id: image.id,
				initial_disk_size: body.initial_disk_size ?? 10,
				initial_container_size: body.initial_container_size ?? null,
				current_kms_arn: body.current_kms_arn ?? null,
			}),
		);
		return {
			result: database,
			handles: [handle],
			write: { create: "databases", on: account.handle, body: { ...body } },
		};
	});
}
