import { createOperation } from "./api/operations.ts";
import {
	type CliDatabase,
	createDatabase,
	deprovisionDatabase,
	listDatabases,
	renameDatabase,
	restartDatabase,
	setIops,
} from "./cli/databases.ts";
import type { Context, OperationObject } from "./context.ts";
import { compare, type Difference } from "./difference.ts";
import { AptibleError } from "./errors.ts";
import { environmentOf, findByIdentity } from "./find.ts";
import { type DatabaseFacts, type DatabaseSpec, databaseIdentity } from "./specs/database.ts";

/** Brings a database to what the spec says. Creates it, finishes what an earlier run began, renames, resizes. */
export async function apply(
	context: Context,
	spec: DatabaseSpec,
	previous: DatabaseFacts | undefined,
): Promise<DatabaseFacts> {
	const { cli, api } = context;
	let live = findByIdentity(await listDatabases(cli, spec.environment), spec, previous);
	if (live === undefined) {
		const failure = await context.create(`database "${spec.handle}"`, "creating", () =>
			createDatabase(cli, spec.environment, spec.handle, {
				type: spec.type,
				version: spec.version,
				containerSize: spec.containerMb,
				containerProfile: spec.containerProfile,
				diskSize: spec.diskGb,
				iops: spec.iops,
			}),
		);
		live = findByIdentity(await listDatabases(cli, spec.environment), spec, previous);
		if (live === undefined) {
			throw (
				failure ??
				new AptibleError(`database "${spec.handle}" is not in the list after it was created. Run \`pulumi up\` again.`)
			);
		}
		await context.confirm(objectOf(live), "creating", 0, failure);
		live = await reread(context, spec, live);
	}
	refuseOtherIdentity(spec, live);
	await context.settled(objectOf(live));
	live = await reread(context, spec, live);
	if (live.status !== "provisioned") {
		// The record of a creation that failed or was cut off: it holds no data yet, and its handle is taken. The CLI has no
		// command to provision it again, only `db:create`, which refuses the handle (recorded runs 101, 102).
		const { id } = live;
		await context.operate(objectOf(live), "provisioning again", () =>
			createOperation(api, "databases", id, {
				type: "provision",
				container_size: spec.containerMb,
				instance_profile: spec.containerProfile,
				disk_size: spec.diskGb,
				provisioned_iops: spec.iops,
			}),
		);
		live = await reread(context, spec, live);
	}
	if (live.handle !== spec.handle) {
		context.progress(`database "${live.handle}": renaming to "${spec.handle}"...`);
		await renameDatabase(cli, spec.environment, live.handle, spec.handle);
		live = await reread(context, spec, live);
	}
	await resize(context, spec, live);
	return {
		id: live.id,
		environmentId: live.environment.id,
		handle: spec.handle,
		type: live.type,
		version: live.version,
		warnings: [],
	};
}

/** Deprovisions the database. Whether a final backup stays is the environment's backup policy (`keepFinal`). */
export async function remove(context: Context, spec: DatabaseSpec, previous: DatabaseFacts | undefined): Promise<void> {
	const environment = await environmentOf(context, spec.environment, previous);
	const find = async () => findByIdentity(await listDatabases(context.cli, environment), spec, previous);
	const live = await find();
	if (live === undefined) return;
	await context.deprovision(
		objectOf(live),
		() => deprovisionDatabase(context.cli, environment, live.handle),
		async () => (await find()) !== undefined,
	);
}

async function reread(context: Context, spec: DatabaseSpec, live: CliDatabase): Promise<CliDatabase> {
	const again = (await listDatabases(context.cli, spec.environment)).find(({ id }) => id === live.id);
	if (again === undefined) throw new AptibleError(`database "${live.handle}" has gone while it was being worked on.`);
	return again;
}

/** How a live database differs in what can be changed in place. */
export function databaseDifferences(spec: DatabaseSpec, live: CliDatabase): Difference[] {
	const { containerMb, containerProfile, diskGb, iops } = spec;
	return compare(
		{ containerMb, containerProfile, diskGb, iops },
		{
			containerMb: live.container_size,
			containerProfile: live.container_profile,
			diskGb: live.disk_size,
			iops: live.disk_provisioned_iops,
		},
	);
}

/** Size, profile and disk take one restart; IOPS alone takes none (facts/aptible.md §3.2). */
async function resize(context: Context, spec: DatabaseSpec, live: CliDatabase): Promise<void> {
	const differing = new Set(databaseDifferences(spec, live).map(({ field }) => field));
	if (differing.size === 0) return;
	const { handle, environment } = spec;
	if (differing.size === 1 && differing.has("iops")) {
		await context.operate(objectOf(live), `setting ${spec.iops} IOPS`, () =>
			setIops(context.cli, environment, handle, spec.iops),
		);
	} else {
		const sizes = {
			...(differing.has("containerMb") ? { containerSize: spec.containerMb } : {}),
			...(differing.has("containerProfile") ? { containerProfile: spec.containerProfile } : {}),
			...(differing.has("diskGb") ? { diskSize: spec.diskGb } : {}),
			...(differing.has("iops") ? { iops: spec.iops } : {}),
		};
		await context.operate(objectOf(live), "restarting with new sizes", () =>
			restartDatabase(context.cli, environment, handle, sizes),
		);
	}
	const left = databaseDifferences(spec, await reread(context, spec, live));
	if (left.length === 0) return;
	const text = left.map(({ field, declared, live: shown }) => `${field} ${shown} instead of ${declared}`).join(", ");
	throw new AptibleError(
		`database "${handle}" was resized, but Aptible still shows ${text}. A disk can be changed about once a day; run ` +
			"`pulumi up` again later.",
	);
}

function refuseOtherIdentity(spec: DatabaseSpec, live: CliDatabase): void {
	const { handle, type, version, disk_size } = live;
	const refused = databaseIdentity({ handle, type, version, diskGb: disk_size ?? 0 }, spec);
	if (refused !== undefined) throw new AptibleError(refused);
}

function objectOf(live: CliDatabase): OperationObject {
	return { target: "databases", id: live.id, label: `database "${live.handle}"` };
}
