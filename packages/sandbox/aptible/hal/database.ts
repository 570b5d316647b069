/** Databases, their images and backups. */
import type { Backup, Database, DatabaseImage } from "../model.ts";
import { type Hal, resource, type View } from "./resource.ts";

export function databaseHal(view: View, database: Database): Hal {
	const { disk, credentials, service_id, database_image_id, initialize_from_id, replica, deleted_at, ...fields } =
		database;
	const path = `/databases/${database.id}`;
	const shown = view.showSecrets ? credentials : [];
	const connectionUrl = shown.find((credential) => credential.default)?.connection_url ?? null;
	return {
		...resource(
			view,
			"database",
			path,
			{ ...fields, connection_url: connectionUrl, provisioned: database.status === "provisioned" },
			{
				account: `/accounts/${database.owner}`,
				database_image: `/database_images/${database_image_id}`,
				service: service_id === null ? null : `/services/${service_id}`,
				initialize_from: replica && initialize_from_id !== null ? `/databases/${initialize_from_id}` : null,
				operations: `${path}/operations`,
			},
		),
		_embedded: {
			disk: disk && { ...disk, _type: "disk" },
			// The CLI asks again for what has none of them (aptible-cli 0.26.6, resource_formatter.rb).
			...(view.showSecrets
				? { database_credentials: shown.map((credential) => ({ ...credential, _type: "database_credential" })) }
				: {}),
		},
	};
}

export function backupHal(view: View, backup: Backup): Hal {
	const { database_id, copied_from_id, operation_id, ...fields } = backup;
	const database = view.store.get("database", database_id);
	const shown = { ...fields, database_handle: database.handle };
	return resource(view, "backup", `/backups/${backup.id}`, shown, {
		account: `/accounts/${backup.owner}`,
		database_image: `/database_images/${database.database_image_id}`,
		database: `/databases/${database_id}`,
		copied_from: copied_from_id === null ? null : `/backups/${copied_from_id}`,
		// aptible-cli 0.26.6, resource_formatter.rb; absent where it was taken by the clock.
		created_from_operation: operation_id === null ? null : `/operations/${operation_id}`,
		operations: `/backups/${backup.id}/operations`,
	});
}

export function databaseImageHal(view: View, image: DatabaseImage): Hal {
	return resource(view, "database_image", `/database_images/${image.id}`, { ...image });
}
