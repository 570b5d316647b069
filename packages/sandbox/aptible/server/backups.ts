import type { Backup, Database, RetentionPolicy } from "../model.ts";
import type { Store } from "../store.ts";

/** Where copies of backups go; each region has one of its own, and the sandbox only this one. */
const COPY_REGION = "ca-west-1";

/** Takes a backup of a database as of now, or as of another time; and copies it, where the policy says so. */
export function addBackup(
	store: Store,
	database: Database,
	{ manual, at, operation }: { manual: boolean; at?: Date; operation?: number },
): Backup {
	const account = store.get("account", database.owner);
	const draft = {
		owner: account.id,
		database_id: database.id,
		aws_region: store.get("stack", account.stack_id).region,
		size: 1,
		manual,
		copied_from_id: null,
		operation_id: operation ?? null,
	};
	const backup = store.insert("backup", draft, at?.toISOString());
	if (store.list("backup_retention_policy", account.id)[0]?.make_copy) {
		const copy = { ...draft, aws_region: COPY_REGION, copied_from_id: backup.id };
		store.insert("backup", copy, at?.toISOString());
	}
	return backup;
}

/** A deprovisioned database stays known for as long as it has backups. */
export function forgetIfGone(store: Store, databaseId: number): void {
	const database = store.find("database", databaseId);
	const backups = store.list("backup").some((backup) => backup.database_id === databaseId);
	if (database?.deleted_at && !backups) store.remove(databaseId);
}

/**
 * Deletes what a policy does not keep: automatic backups of live databases beyond its numbers, final backups without
 * `keep_final`, copies without `make_copy`; and with a backup its copies.
 */
export function enforceRetention(store: Store, accountId: number, policy: RetentionPolicy): void {
	const all = store.list("backup", accountId);
	const gone = new Set(beyondPolicy(store, accountId, policy));
	for (const backup of all) {
		const isFinal = !backup.manual && Boolean(store.get("database", backup.database_id).deleted_at);
		if (isFinal && !policy.keep_final) gone.add(backup.id);
		if (backup.copied_from_id !== null && !policy.make_copy) gone.add(backup.id);
	}
	for (const backup of all) {
		if (!gone.has(backup.id) && !gone.has(backup.copied_from_id ?? 0)) continue;
		store.remove(backup.id);
		forgetIfGone(store, backup.database_id);
	}
}

function beyondPolicy(store: Store, accountId: number, policy: RetentionPolicy): number[] {
	const gone: number[] = [];
	const automatic = store
		.list("backup", accountId)
		.filter((backup) => !backup.manual && backup.copied_from_id === null);
	for (const database of store.list("database", accountId)) {
		if (database.deleted_at) continue;
		const newestFirst = automatic
			.filter((backup) => backup.database_id === database.id)
			.sort((a, b) => b.created_at.localeCompare(a.created_at));
		const older = newestFirst.slice(policy.daily);
		const kept = new Set([
			...lastOfPeriods(older, policy.monthly, "2026-11".length),
			...lastOfPeriods(older, policy.yearly, "2026".length),
		]);
		for (const backup of older) if (!kept.has(backup)) gone.push(backup.id);
	}
	return gone;
}

/** The newest backup of each of the last `count` months or years, told apart by the first letters of their dates. */
function lastOfPeriods(newestFirst: Backup[], count: number, letters: number): Backup[] {
	const periodOf = (backup: Backup) => backup.created_at.slice(0, letters);
	return newestFirst
		.filter((backup, index) => index === 0 || periodOf(backup) !== periodOf(newestFirst[index - 1] ?? backup))
		.slice(0, count);
}
