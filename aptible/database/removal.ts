import type { DatabaseFacts, DatabaseSpec } from "../../wire/database.ts";
import { type Backup, listManualBackups } from "../api/backup.ts";
import { type Database, listReplicas } from "../api/database.ts";
import { readBackupRetention } from "../api/environment.ts";
import { objectExists } from "../api/existence.ts";
import { listOperations, type Operation } from "../api/operation.ts";
import { findUserEmail } from "../api/token.ts";
import { backUp } from "../cli/backup.ts";
import { deprovisionDatabase } from "../cli/database.ts";
import { AptibleError } from "../client/errors.ts";
import { findUntilThere } from "../client/lag.ts";
import type { Context } from "../context.ts";
import { findRecorded, liveEnvironmentOf } from "../find.ts";
import { databaseObject, findIdleDatabase } from "./find.ts";

/** A last backup that an earlier, interrupted removal took is as good as a new one for this long. */
const freshMs = 60 * 60_000;
/** Aptible's clock is read, and its times are shown, to the second. */
const secondMs = 1_000;

/**
 * Deprovisions the database. With `finalBackup`, where Aptible would keep none, a backup is taken first, and nothing is deleted
 * before it is listed. It is a manual one, which outlives its database until it is purged (Aptible docs: database backups).
 */
export async function removeDatabase(
	context: Context,
	spec: DatabaseSpec,
	previous: DatabaseFacts | undefined,
): Promise<void> {
	const { id: environmentId, handle: environment } = await liveEnvironmentOf(context, spec.environment, previous);
	const place = { ...spec, environment };
	const live = await findIdleDatabase(context, place, previous, findRecorded);
	if (live === undefined) return;
	await refuseWithReplicas(context, live);
	if (spec.finalBackup) await ensureLastBackup(context, { id: environmentId, handle: environment }, live);
	await context.deprovision(
		databaseObject(live),
		() => deprovisionDatabase(context.cli, environment, live.handle),
		// By id: a list may leave out what is there.
		() => objectExists(context.api, "databases", live.id),
	);
}

/** Aptible refuses it too, but only in the operation, after the last backup. */
async function refuseWithReplicas(context: Context, live: Database): Promise<void> {
	const replicas = await listReplicas(context.api, live.id);
	if (replicas.length === 0) return;
	throw new AptibleError(
		`database "${live.handle}" cannot be deleted before its replicas: ${replicas.map((handle) => `"${handle}"`).join(", ")}. ` +
			"Remove those from the stage file first; or, where one has been promoted, remove its replicaOf line, which unlinks it.",
	);
}

async function ensureLastBackup(
	context: Context,
	{ id: environmentId, handle: environment }: { id: number; handle: string },
	live: Database,
): Promise<void> {
	// It holds nothing.
	if (live.status === "provision_failed" || live.status === "pending") return;
	const policy = await readBackupRetention(context.api, environmentId);
	// A database that is left out of automatic backups gets no final one, whatever the policy says (the same page).
	if (policy.keepFinal && live.automaticBackups === true) return;
	const earlier = await listOperations(context.api, "databases", live.id);
	const interrupted = await findInterruptedBackup(context, live, earlier);
	const latest = interrupted && (await findBackup(context, live, interrupted));
	if (latest !== undefined) {
		context.progress(`database "${live.handle}": backup ${latest.id} is its last one`);
		return;
	}
	const mark = earlier[0]?.id ?? 0;
	await context
		.operate(databaseObject(live), { doing: "taking a last backup", carries: { type: "backup" } }, () =>
			backUp(context.cli, environment, live.handle),
		)
		.catch(async (error: unknown) => {
			if (live.status !== "deprovision_failed" || !(error instanceof AptibleError)) throw error;
			const newest = (await listManualBackups(context.api, live.id)).sort((a, b) => b.id - a.id)[0];
			const known =
				newest === undefined
					? "It has no manual backup"
					: `Its newest manual backup is ${newest.id} of ${newest.createdAt}`;
			throw new AptibleError(
				`${error.message}\ndatabase "${live.handle}" is not deleted: an earlier deletion of it failed, and it has no last backup. ` +
					`${known}. If its data is not needed beyond that, run \`aptible db:deprovision ${live.handle} --environment ` +
					`${environment}\`, then this command again.`,
			);
		});
	const operations = await listOperations(context.api, "databases", live.id);
	const sent = operations.findLast(({ id, type, status }) => id > mark && type === "backup" && status === "succeeded");
	const taken = sent && (await findBackup(context, live, sent));
	if (taken === undefined) {
		throw new AptibleError(
			`database "${live.handle}" is not deleted: its last backup was taken (operation ${sent?.id ?? "unknown"}), but \`aptible ` +
				`backup:list ${live.handle} --environment ${environment}\` does not show it. Run the command again once it does.`,
		);
	}
	context.progress(
		`database "${live.handle}": backup ${taken.id} is its last one, kept until \`aptible backup:purge ${taken.id}\``,
	);
}

/**
 * The operation by which a removal that was interrupted took its backup: the newest but for deletions, sent within the hour by this
 * token's user. The deletion has to have been sent after it: without one, a person may have taken it by hand and gone on writing, which
 * is no operation.
 *
 * @param operations newest first, read just now
 */
async function findInterruptedBackup(
	{ api }: Context,
	{ status }: Database,
	operations: readonly Operation[],
): Promise<Operation | undefined> {
	if (status !== "deprovision_failed" && operations[0]?.type !== "deprovision") return undefined;
	const newest = operations.find(({ type }) => type !== "deprovision");
	if (newest?.type !== "backup" || newest.status !== "succeeded") return undefined;
	if (!isFresh(newest, api.clock)) return undefined;
	const user = await findUserEmail(api.authRoot);
	return user !== undefined && newest.user_email === user ? newest : undefined;
}

/** Whether an operation is a backup such as a removal that was killed within the hour may have taken. */
export function isFreshBackup({ api }: Context, operation: Operation): boolean {
	return operation.type === "backup" && isFresh(operation, api.clock);
}

function isFresh({ created_at }: Operation, clock: Date | undefined): boolean {
	const ageMs = (clock?.getTime() ?? Number.NaN) - Date.parse(created_at ?? "");
	return ageMs > -secondMs && ageMs < freshMs;
}

/** The backup that an operation took, which the list may show late. */
async function findBackup(context: Context, live: Database, operation: Operation): Promise<Backup | undefined> {
	return findUntilThere(context, async () =>
		(await listManualBackups(context.api, live.id)).find((backup) => isOf(backup, operation)),
	);
}

function isOf({ operationId, createdAt }: Backup, operation: Operation): boolean {
	if (operationId !== undefined) return operationId === operation.id;
	return Date.parse(createdAt) > Date.parse(operation.created_at ?? "") - secondMs;
}
