import {
	type DatabaseFacts,
	type DatabaseSpec,
	refuseDatabaseChange,
	refuseRestoreInPlace,
} from "../../wire/database.ts";
import { compare, type Difference } from "../../wire/difference.ts";
import { wasRestoredAs } from "../api/backup.ts";
import {
	type Database,
	type DatabaseSettings,
	listNamedDatabases,
	readDatabase,
	readDatabaseSettings,
	setAutomaticBackups,
	unlinkReplica,
} from "../api/database.ts";
import { readBackupRetention } from "../api/environment.ts";
import { createOperation } from "../api/operation.ts";
import { refuseForeign } from "../claims/foreign.ts";
import { describeDatabase } from "../claims/live.ts";
import { renameDatabase, restartDatabase, setIops } from "../cli/database.ts";
import { ApiError, AptibleError, unlessGone } from "../client/errors.ts";
import { readUntil } from "../client/lag.ts";
import type { Context } from "../context.ts";
import { environmentNamed } from "../find.ts";
import { databaseObject, findIdleDatabase } from "./find.ts";
import { refuseLoss } from "./gone.ts";
import { finishCopy, makeDatabase } from "./origin.ts";
import { removeDatabase } from "./removal.ts";

/**
 * Brings a database to what the spec says. Makes it (empty, from a backup, as a replica), finishes what an earlier run began,
 * renames, resizes, has it backed up or not, ends its being a replica.
 */
export async function apply(
	context: Context,
	spec: DatabaseSpec,
	previous: DatabaseFacts | undefined,
): Promise<DatabaseFacts> {
	const found = await findIdleDatabase(context, spec, previous);
	if (found !== undefined && previous === undefined) {
		const taken = { place: `databases.${spec.handle}`, describe: () => describeDatabase(found) };
		await refuseForeign(context, databaseObject(found), taken);
	}
	let live = found && (await finishCopy(context, spec, found));
	if (live === undefined) {
		if (previous !== undefined) await refuseLoss(context, spec, previous);
		if (!spec.automaticBackups) await refuseBackupsOff(context, spec);
		live = await makeDatabase(context, spec, previous);
	}
	await refuseOtherIdentity(context, spec, live);
	if (live.id === previous?.id) await refuseOtherBackup(context, spec, previous);
	if (live.status !== "provisioned") live = await provisionAgain(context, spec, live);
	live = await readWhole(context, live);
	if (live.handle !== spec.handle) {
		context.progress(`database "${live.handle}": renaming to "${spec.handle}"...`);
		await renameDatabase(context.cli, spec.environment, live.handle, spec.handle);
		live = await reread(context, live, ({ handle }) => handle === spec.handle);
	}
	live = { ...live, ...(await syncSettings(context, spec, live)) };
	if (spec.leavesSizes !== true) await resize(context, spec, live);
	return {
		id: live.id,
		environmentId: live.environmentId,
		handle: spec.handle,
		type: live.type,
		version: live.version,
		...(spec.restoreFrom === undefined ? {} : { restoredFrom: spec.restoreFrom }),
		warnings: [],
	};
}

const sizes = ["containerMb", "containerProfile", "diskGb", "iops"] as const satisfies readonly (keyof Database)[];

/** What is compared of every database. */
const compared = [...sizes, "automaticBackups"] as const;

/** What is compared of a database and Aptible does not show. */
export function unknownFigures(live: Database): string[] {
	return compared.filter((field) => live[field] === undefined);
}

/** Deprovisions the database; see `removeDatabase`. */
export const remove = removeDatabase;

/** Sizes of a database. */
export type DatabaseSizes = Pick<DatabaseSpec, (typeof sizes)[number]>;

/** How a live database differs in what can be changed in place. */
export function diffDatabase(spec: DatabaseSpec, live: Database): Difference[] {
	const { automaticBackups, leavesSizes } = spec;
	return [
		...(leavesSizes === true ? [] : diffSizes(spec, live)),
		...compare({ automaticBackups }, { automaticBackups: live.automaticBackups }),
	];
}

/** How a live database differs in its sizes. */
export function diffSizes(
	{ containerMb, containerProfile, diskGb, iops }: DatabaseSizes,
	live: Database,
): Difference[] {
	return compare({ containerMb, containerProfile, diskGb, iops }, { ...live });
}

/** Reads a database again after a change, for as long as Aptible may not show it yet. */
async function reread(context: Context, live: Database, isSeen: (again: Database) => boolean): Promise<Database> {
	const read = () => readDatabase(context.api, live.id).catch(unlessGone);
	const again = await readUntil(context, read, (found) => found !== undefined && isSeen(found));
	if (again === undefined) throw new AptibleError(`database "${live.handle}" has gone while it was being worked on.`);
	return again;
}

/**
 * Reads on while Aptible does not show everything that is compared: what is unknown would count as different, and be changed on each run.
 *
 * @throws AptibleError that names what stays unknown
 */
export async function readWhole(context: Context, live: Database): Promise<Database> {
	if (unknownFigures(live).length === 0) return live;
	const whole = await reread(context, live, (shown) => unknownFigures(shown).length === 0);
	const unknown = unknownFigures(whole);
	if (unknown.length === 0) return whole;
	throw new AptibleError(
		`database "${live.handle}": Aptible does not show its ${unknown.join(", ")}, so whether it is as declared is unknown, and nothing of ` +
			"it is changed. Run `pulumi up` again. If it fails again, ask Aptible's support (https://app.aptible.com/support).",
	);
}

/**
 * Finishes the record of a creation that failed or was cut off: it holds no data yet, and its handle is taken. The CLI has no
 * command for it, only `db:create`, which refuses the handle (recorded runs 101, 102).
 */
async function provisionAgain(context: Context, spec: DatabaseSpec, live: Database): Promise<Database> {
	if (spec.restoreFrom !== undefined || spec.replicaOf !== undefined || live.status === "deprovision_failed") {
		throw new AptibleError(
			`database "${live.handle}" is ${live.status}, and only a person can say what is in it. If it is of no use, delete it ` +
				`(\`aptible db:deprovision ${live.handle} --environment ${spec.environment}\`) and run \`pulumi up\` again.`,
		);
	}
	await context.operate(databaseObject(live), { doing: "provisioning again", carries: { type: "provision" } }, () =>
		createOperation(context.api, "databases", live.id, {
			type: "provision",
			container_size: spec.containerMb,
			instance_profile: spec.containerProfile,
			disk_size: spec.diskGb,
			provisioned_iops: spec.iops,
		}),
	);
	return reread(context, live, ({ status }) => status === "provisioned");
}

/** Backups on or off, and the end of being a replica: both take no operation. */
async function syncSettings(context: Context, spec: DatabaseSpec, live: Database): Promise<DatabaseSettings> {
	const { automaticBackups } = spec;
	const endsReplica = live.primaryId !== undefined && spec.replicaOf === undefined;
	if (live.automaticBackups === automaticBackups && !endsReplica) return live;
	if (live.automaticBackups !== automaticBackups) {
		if (!automaticBackups) await refuseBackupsOff(context, spec);
		context.progress(`database "${spec.handle}": turning automatic backups ${automaticBackups ? "on" : "off"}...`);
		await setAutomaticBackups(context.api, live.id, automaticBackups).catch((error: unknown) => {
			if (automaticBackups || !(error instanceof ApiError) || error.status !== 422) throw error;
			throw new AptibleError(backupsStayOn(spec, error.message));
		});
	}
	if (endsReplica) {
		context.progress(`database "${spec.handle}": unlinking it from its primary...`);
		await unlinkReplica(context.api, live.id);
	}
	const isAsDeclared = (now: DatabaseSettings) =>
		now.automaticBackups === automaticBackups && !(endsReplica && now.primaryId !== undefined);
	const now = await readUntil(context, () => readDatabaseSettings(context.api, live.id), isAsDeclared);
	if (isAsDeclared(now)) return now;
	throw new AptibleError(
		`database "${spec.handle}" was changed, but Aptible still shows automaticBackups: ${now.automaticBackups}` +
			`${now.primaryId === undefined ? "" : ` and a link to database ${now.primaryId}`}. Run \`pulumi up\` again.`,
	);
}

/**
 * Point-in-time recovery needs backups, and Aptible turns it on for every PostgreSQL database of an environment that keeps a
 * day of it or more, which only its support changes (Aptible docs: point-in-time recovery; terraform-provider-aptible PR #169).
 */
async function refuseBackupsOff(context: Context, spec: DatabaseSpec): Promise<void> {
	if (spec.type !== "postgresql") return;
	const { id } = await environmentNamed(context, spec.environment);
	const days = (await readBackupRetention(context.api, id)).pitrDays ?? 0;
	if (days > 0) {
		const because = `the environment keeps ${days} ${days === 1 ? "day" : "days"} of point-in-time recovery for PostgreSQL`;
		throw new AptibleError(backupsStayOn(spec, because));
	}
}

function backupsStayOn({ handle, environment }: DatabaseSpec, because: string): string {
	return (
		`database "${handle}": its automatic backups cannot be turned off: ${because}, which needs them. Remove ` +
		`databases.${handle}.automaticBackups, or have Aptible's support turn point-in-time recovery off for environment ` +
		`"${environment}" first (https://app.aptible.com/support).`
	);
}

/**
 * Size, profile and disk take one restart; IOPS alone takes none (facts/aptible.md §3.2).
 *
 * @param reason why it is restarted though no size may differ
 */
export async function resize(
	context: Context,
	spec: DatabaseSizes & Pick<DatabaseSpec, "handle" | "environment">,
	live: Database,
	reason?: string,
): Promise<void> {
	const differing = new Set(diffSizes(spec, live).map(({ field }) => field));
	if (differing.size === 0 && reason === undefined) return;
	const { handle, environment } = spec;
	if (differing.size === 1 && differing.has("iops") && reason === undefined) {
		const carries = { type: "modify", iops: spec.iops };
		await context.operate(databaseObject(live), { doing: `setting ${spec.iops} IOPS`, carries }, () =>
			setIops(context.cli, environment, handle, spec.iops),
		);
	} else {
		const sizes = {
			...(differing.has("containerMb") ? { containerSize: spec.containerMb } : {}),
			...(differing.has("containerProfile") ? { containerProfile: spec.containerProfile } : {}),
			...(differing.has("diskGb") ? { diskSize: spec.diskGb } : {}),
			...(differing.has("iops") ? { iops: spec.iops } : {}),
		};
		const { containerSize: containerMb, containerProfile, diskSize: diskGb, iops } = sizes;
		const carries = { type: "restart", containerMb, containerProfile, diskGb, iops };
		const doing = ["restarting", differing.size > 0 ? "with new sizes" : "", reason ?? ""].filter(Boolean).join(" ");
		await context.operate(databaseObject(live), { doing, carries }, () =>
			restartDatabase(context.cli, environment, handle, sizes),
		);
	}
	const leftOf = (shown: Database) => diffSizes(spec, shown);
	const left = leftOf(await reread(context, live, (shown) => leftOf(shown).length === 0));
	if (left.length === 0) return;
	const text = left.map(({ field, declared, live: shown }) => `${field} ${shown} instead of ${declared}`).join(", ");
	throw new AptibleError(
		`database "${handle}" was resized, but Aptible still shows ${text}. A disk can be changed about once a day; run ` +
			"`pulumi up` again later.",
	);
}

/** Aptible does not say of a database what it was restored from, only of a backup what was restored from it. */
async function refuseOtherBackup(context: Context, spec: DatabaseSpec, previous: DatabaseFacts): Promise<void> {
	const { handle, restoreFrom } = spec;
	const refused = refuseRestoreInPlace(handle, previous.restoredFrom, restoreFrom);
	if (refused === undefined || restoreFrom === undefined) return;
	const handles = [handle, spec.renamedFrom, previous.handle];
	// An older version of this program did not record it.
	if (previous.restoredFrom === undefined && (await wasRestoredAs(context.api, restoreFrom, handles))) return;
	throw new AptibleError(refused);
}

async function refuseOtherIdentity(context: Context, spec: DatabaseSpec, live: Database): Promise<void> {
	// Whether the API shows the key of a copy is not documented.
	const copied = spec.restoreFrom !== undefined || spec.replicaOf !== undefined;
	const liveKey = live.kmsKeyArn ?? (copied ? spec.kmsKeyArn : undefined);
	const refused = refuseDatabaseChange(
		{
			handle: spec.handle,
			type: live.type,
			version: live.version,
			diskGb: live.diskGb ?? 0,
			replicaOf: spec.replicaOf && (await livePrimary(context, spec, live)),
			// Without one in the stage file, a key that somebody chose by hand stays.
			kmsKeyArn: spec.kmsKeyArn && liveKey,
		},
		spec,
	);
	if (refused !== undefined) throw new AptibleError(refused);
}

/** What a database follows; whether it streams or is logical shows nowhere. */
async function livePrimary(
	context: Context,
	{ environment, replicaOf }: DatabaseSpec,
	{ primaryId }: Database,
): Promise<DatabaseSpec["replicaOf"]> {
	if (primaryId === undefined || replicaOf === undefined) return undefined;
	const { id } = await environmentNamed(context, environment);
	const primary = (await listNamedDatabases(context.api, id)).find((one) => one.id === primaryId);
	return { handle: primary?.handle ?? `database ${primaryId}`, logical: replicaOf.logical };
}
