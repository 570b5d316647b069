import type { Operation } from "../model.ts";
import type { Store } from "../store.ts";
import { forgetIfGone } from "./backups.ts";
import { provision } from "./database-operations.ts";

/** Carries out an operation on a backup. */
export function settleBackup(store: Store, operation: Operation): void {
	const backup = store.get("backup", operation.resource_id);
	if (operation.type === "restore") {
		provision(store, store.get("database", operation.creates_id ?? 0), operation);
		return;
	}
	for (const copy of store.list("backup")) {
		if (copy.id === backup.id || copy.copied_from_id === backup.id) store.remove(copy.id);
	}
	forgetIfGone(store, backup.database_id);
}
