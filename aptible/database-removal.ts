import { listReplicas, readDatabaseSettings } from "./api/databases.ts";
import type { Operation } from "./api/operations.ts";
import { backUp, type CliBackup, listBackups } from "./cli/backups.ts";
import { type CliDatabase, deprovisionDatabase } from "./cli/databases.ts";
import { readBackupRetention } from "./cli/environments.ts";
import type { Context } from "./context.ts";
import { databaseObject, findDatabase, findSettledDatabase } from "./database-find.ts";
import { AptibleError } from "./errors.ts";
import { environmentOf } from "./find.ts";
import type { DatabaseFacts, DatabaseSpec } from "./specs/database.ts";

/** A last backup that an earlier, interrupted removal took is as good as a new one for this long. */
const freshMs = 60 * 60_000;

/**
 * Deprovisions the database. With `finalBackup`, where Aptible would keep none, a backup is taken first, and nothing is deleted
 * before it is listed. It is a manual one, which outlives its database until it is purged (Aptible docs: database backups).
 */
export async function removeDatabase(
	context: Context,
	spec: DatabaseSpec,
	previous: DatabaseFacts | undefined,
): Promise<void> {
	const environment = await environmentOf(context, spec.environment, previous);
	const place = { ...spec, environment };
	const { live, newest } = await findSettledDatabase(context, place, previous);
	if (live === undefined) return;
	await refuseWithReplicas(context, live);
	if (spec.finalBackup) await ensureLastBackup(context, environment, live, newest);
	await context.deprovision(
		databaseObject(live),
		() => deprovisionDatabase(context.cli, environment, live.handle),
		async () => (await findDatabase(context, place, live)) !== undefined,
	);
}

/** Aptible refuses it too, but only in the operation, after the last backup. */
async function refuseWithReplicas(context: Context, live: CliDatabase): Promise<void> {
	const replicas = await listReplicas(context.api, live.id);
	if (replicas.length === 0) return;
	throw new AptibleError(
		`database "${live.handle}" cannot be deleted before its replicas: ${replicas.map((handle) => `"${handle}"`).join(", ")}. ` +
			"Take those out of the stage file first; or, where one has been promoted, take its replicaOf line out, which unlinks it.",
	);
}

async function ensureLastBackup(
	context: Context,
	environment: string,
	live: CliDatabase,
	newest: Operation | undefined,
): Promise<void> {
	// It holds nothing.
	if (live.status === "provision_failed" || live.status === "pending") return;
	const settings = await readDatabaseSettings(context.api, live.id);
	const policy = await readBackupRetention(context.cli, environment);
	// A database that is left out of automatic backups gets no final one, whatever the policy says (the same page).
	if (policy.keep_final && settings.automaticBackups) return;
	const before = await listManualBackups(context, environment, live);
	const latest = before[0];
	if (latest !== undefined && isOfInterruptedRemoval(latest, newest)) {
		context.progress(`database "${live.handle}": backup ${latest.id} is its last one`);
		return;
	}
	await context.operate(databaseObject(live), { doing: "taking a last backup", carries: { type: "backup" } }, () =>
		backUp(context.cli, environment, live.handle),
	);
	const known = new Set(before.map(({ id }) => id));
	const taken = (await listManualBackups(context, environment, live)).find(({ id }) => !known.has(id));
	if (taken === undefined) {
		throw new AptibleError(
			`database "${live.handle}" is not deleted: its last backup was taken, but \`aptible backup:list ${live.handle} ` +
				`--environment ${environment}\` does not show it. Run the command again once it does.`,
		);
	}
	context.progress(
		`database "${live.handle}": backup ${taken.id} is its last one, kept until \`aptible backup:purge ${taken.id}\``,
	);
}

/** Newest first. */
async function listManualBackups(context: Context, environment: string, live: CliDatabase): Promise<CliBackup[]> {
	const backups = await listBackups(context.cli, environment, live.handle);
	return backups
		.filter(({ manual, copied_from }) => manual === true && copied_from == null)
		.sort((a, b) => b.id - a.id);
}

/** Whether the newest thing that happened to a database is the backup, or the deletion that failed after it. */
function isOfInterruptedRemoval(latest: CliBackup, newest: Operation | undefined): boolean {
	if (newest?.type === "deprovision") return true;
	if (newest?.type !== "backup" || newest.status !== "succeeded") return false;
	return Date.now() - Date.parse(latest.created_at) < freshMs;
}
