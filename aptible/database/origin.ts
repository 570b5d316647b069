/** Makes databases: empty ones, copies of a backup, and replicas. */

import type { DatabaseFacts, DatabaseSpec, ReplicaOf } from "../../wire/database.ts";
import { readBackupOrigin } from "../api/backup.ts";
import { type Database, listNamedDatabases, readDatabase } from "../api/database.ts";
import { withStack } from "../api/environment.ts";
import { objectExists } from "../api/existence.ts";
import { listOperations } from "../api/operation.ts";
import type { Carried } from "../carried.ts";
import { restoreBackup } from "../cli/backup.ts";
import type { CliOptions } from "../cli/command-line.ts";
import { createDatabase, deprovisionDatabase, replicateDatabase } from "../cli/database.ts";
import { AptibleError, isAlreadyThere, mayHaveArrived, unlessGone } from "../client/errors.ts";
import { findUntilThere, readUntil } from "../client/lag.ts";
import type { Context, OperationObject, Sending } from "../context.ts";
import { environmentNamed } from "../find.ts";
import { databaseObject, findDatabase, findNamedDatabase } from "./find.ts";

const cleanUpUrl = "https://www.aptible.com/docs/how-to-guides/database-guides/upgrade-postgresql#cleanup";

/**
 * Makes a database that is not there. What an earlier run that was killed has under way is waited for instead.
 *
 * @throws AptibleError before anything is sent, where it is plain that it cannot work; OperationError with the operation's log,
 * where it failed.
 */
export async function makeDatabase(
	context: Context,
	spec: DatabaseSpec,
	previous: DatabaseFacts | undefined,
): Promise<Database> {
	if (spec.kmsKeyArn !== undefined) await refuseForeignKey(context, spec, spec.kmsKeyArn);
	if (spec.restoreFrom !== undefined) return restore(context, spec, previous, spec.restoreFrom);
	if (spec.replicaOf !== undefined) return replicate(context, spec, previous, spec.replicaOf);
	const { type, version } = spec;
	const sent = await context.create(`database "${spec.handle}"`, "creating", () =>
		createDatabase(context.cli, spec.environment, spec.handle, { type, version, ...sizesOf(spec) }),
	);
	const { failure } = sent;
	const look = () => findNamedDatabase(context, spec, previous);
	const listed = await (mayHaveArrived(failure) ? findUntilThere(context, look) : look());
	if (listed === undefined) throw failure ?? notListed(spec);
	const object = databaseObject(listed);
	// Sent twice by the CLI's HTTP library: the record is there, and nobody has provisioned it yet.
	if (isAlreadyThere(failure) && listed.status === "pending" && (await context.waitUntilIdle(object)) === undefined)
		return readMade(context, listed, () => true);
	await context.confirm(object, { doing: "creating", carries: { type: "provision" } }, 0, sent);
	return readMade(context, listed, isProvisioned);
}

/**
 * Waits for a copy that an earlier run has under way, and takes away the record of one that never came up, so that it can be made
 * again. Provisioning such a record again would bring up a database, and nobody says with what in it; and nothing is lost, since
 * all of it is still where it was copied from.
 *
 * @returns the database, unless it has been taken away
 */
export async function finishCopy(context: Context, spec: DatabaseSpec, found: Database): Promise<Database | undefined> {
	if ((spec.restoreFrom === undefined && spec.replicaOf === undefined) || found.status === "provisioned") return found;
	const source = await sourceOf(context, spec);
	// A backup may have been purged since.
	if (source !== undefined) await context.waitUntilIdle(source).catch(unlessGone);
	await context.waitUntilIdle(databaseObject(found));
	const live = (await findDatabase(context, spec, found)) ?? found;
	if (live.status !== "provision_failed") return live;
	const operations = await listOperations(context.api, "databases", live.id);
	if (operations.some(({ status }) => status === "succeeded")) return live;
	await context.deprovision(
		databaseObject(live),
		() => deprovisionDatabase(context.cli, spec.environment, live.handle),
		() => objectExists(context.api, "databases", live.id),
	);
	return undefined;
}

/** What the operation that makes a copy runs on. */
async function sourceOf(
	context: Context,
	{ environment, handle, restoreFrom, replicaOf }: DatabaseSpec,
): Promise<OperationObject | undefined> {
	const label = `database "${handle}"`;
	if (restoreFrom !== undefined) return { target: "backups", id: restoreFrom, label };
	const { id } = await environmentNamed(context, environment);
	const primary = (await listNamedDatabases(context.api, id)).find((each) => each.handle === replicaOf?.handle);
	return primary && { target: "databases", id: primary.id, label };
}

async function restore(
	context: Context,
	spec: DatabaseSpec,
	previous: DatabaseFacts | undefined,
	backup: number,
): Promise<Database> {
	const origin = await readBackupOrigin(context.api, backup);
	if (origin === undefined) {
		throw new AptibleError(
			`database "${spec.handle}": there is no backup ${backup}. Look for it with \`aptible backup:list DATABASE --environment ` +
				`${spec.environment}\` and \`aptible backup:orphaned\`, then fix databases.${spec.handle}.restoreFrom.`,
		);
	}
	const { handle, type = spec.type, version = spec.version } = origin;
	if (type !== spec.type || version !== spec.version) {
		throw new AptibleError(
			`database "${spec.handle}": backup ${backup} is of "${handle}", ${type} ${version}, and a restored database has the type ` +
				`and version of its backup. Set type: ${type} and version: "${version}", or choose another backup.`,
		);
	}
	const carries = { type: "restore", ...carriedBy(spec) };
	return copy(context, spec, previous, { doing: `restoring backup ${backup} of "${handle}"`, carries }, () =>
		restoreBackup(context.cli, backup, { environment: spec.environment, handle: spec.handle, ...sizesOf(spec) }),
	);
}

async function replicate(
	context: Context,
	spec: DatabaseSpec,
	previous: DatabaseFacts | undefined,
	{ handle, logical }: ReplicaOf,
): Promise<Database> {
	const doing = `replicating "${handle}"${logical ? ` to version ${spec.version}` : ""}`;
	const options = { ...sizesOf(spec), ...(logical ? { logical, version: spec.version } : {}) };
	const send = () => replicateDatabase(context.cli, spec.environment, handle, spec.handle, options);
	const advice = logical
		? `Before the next try, clean up what this one left on "${handle}": ${cleanUpUrl}`
		: "Replicas need Aptible's Production or Enterprise plan, and give up after 6 hours (Aptible docs: replication).";
	const carries = { type: logical ? "replicate_logical" : "replicate", ...carriedBy(spec) };
	return copy(context, spec, previous, { doing, carries }, send, () => advice);
}

/** Sends the operation that makes the database, unless one runs that has made or will make it. */
async function copy(
	context: Context,
	spec: DatabaseSpec,
	previous: DatabaseFacts | undefined,
	sending: Sending,
	send: () => Promise<void>,
	advise?: () => string,
): Promise<Database> {
	const source = await sourceOf(context, spec);
	if (source === undefined) {
		throw new AptibleError(
			`database "${spec.handle}" is to be a replica of "${spec.replicaOf?.handle}", which is not on Aptible. Run \`pulumi up\` ` +
				"again.",
		);
	}
	await context.waitUntilIdle(source);
	let live = await findDatabase(context, spec, previous);
	if (live === undefined) {
		await context.operate(source, sending, send, advise);
		live = await findUntilThere(context, () => findDatabase(context, spec, previous));
	}
	if (live === undefined) throw notListed(spec);
	const object = databaseObject(live);
	// A replica has an operation of its own, which begins when its primary's is over.
	const own = { doing: sending.doing, carries: { type: ["provision", sending.carries.type].flat() } };
	if (spec.replicaOf !== undefined || (await context.waitUntilIdle(object)) !== undefined) {
		await context.confirm(object, own, 0, undefined, advise);
	}
	return readMade(context, live, isProvisioned);
}

/** Reads a database that was made just now; Aptible may show it as it was for a moment. */
async function readMade(
	context: Context,
	{ id, handle }: { id: number; handle: string },
	isSeen: (live: Database) => boolean,
): Promise<Database> {
	const read = () => readDatabase(context.api, id).catch(unlessGone);
	const live = await readUntil(context, read, (found) => found !== undefined && isSeen(found));
	if (live !== undefined) return live;
	throw new AptibleError(`database "${handle}" has gone while it was being made. Run \`pulumi up\` again.`);
}

function isProvisioned({ status }: Database): boolean {
	return status === "provisioned";
}

/** A key works only in its own region, and Aptible finds that out only after it has made the record. */
async function refuseForeignKey(context: Context, spec: DatabaseSpec, kmsKeyArn: string): Promise<void> {
	const { stack } = await withStack(context.api, await environmentNamed(context, spec.environment));
	const region = kmsKeyArn.split(":")[3];
	if (stack.region === region) return;
	throw new AptibleError(
		`database "${spec.handle}": its KMS key is in ${region}, and its stack "${stack.name}" in ` +
			`${stack.region}. Set databases.${spec.handle}.kmsKeyArn to a key of that region, shared with Aptible.`,
	);
}

function sizesOf({ containerMb, containerProfile, diskGb, iops, kmsKeyArn }: DatabaseSpec): CliOptions {
	return { containerSize: containerMb, containerProfile, diskSize: diskGb, iops, keyArn: kmsKeyArn };
}

function carriedBy({ handle, containerMb, containerProfile, diskGb, iops }: DatabaseSpec): Omit<Carried, "type"> {
	return { handle, containerMb, containerProfile, diskGb, iops };
}

function notListed({ handle }: DatabaseSpec): AptibleError {
	return new AptibleError(`database "${handle}" is not in the list after it was made. Run \`pulumi up\` again.`);
}
