/** From a live environment to the blocks of a stage file that describes it as it is. Pure. */

import { isOwner } from "../aptible/environment/permissions.ts";
import { isSharedStack } from "../config/catalogue.ts";
import { Database } from "../config/database.ts";
import type { Snapshot, SnapshotDatabase } from "../drift/snapshot.ts";
import { type Block, lean } from "../stage-file/block.ts";
import { nameInHandle } from "../wire/drain.ts";
import { permissionScopes } from "../wire/permissions.ts";
import { adoptApp } from "./app.ts";
import { DatabaseValues } from "./database-values.ts";
import { adoptLogDrain, adoptMetricDrain } from "./drains.ts";
import { adoptDatabaseEndpoints } from "./endpoints.ts";
import type { Notes } from "./notes.ts";

/**
 * Blocks of a stage file, all with `adopt: true`. Values that may be secrets are references, and go into the notes.
 *
 * @param phi whether the environment holds health information, which Aptible does not say: undefined takes every dedicated stack for
 * one that does
 */
export function adoptStage(snapshot: Snapshot, phi: boolean | undefined, notes: Notes): Record<string, Block> {
	const { environment, databases, apps, logDrains, metricDrains } = snapshot;
	const { handle, stack } = environment;
	if (phi === undefined && !isSharedStack(stack.name)) {
		notes.add(
			`environment "${handle}"`,
			"phi: true is a guess, as its stack is a dedicated one; say so, or set it to false",
		);
	}
	const listed = databases.map((database) => database.listed);
	const values = new DatabaseValues(databases);
	return {
		environment: {
			handle,
			stack: stack.name,
			phi: phi ?? !isSharedStack(stack.name),
			adopt: true,
			permissions: permissionsOf(snapshot, notes),
			backups: backupsOf(snapshot, notes),
		},
		databases: named(
			databases,
			(one) => one.listed.handle,
			(one) => adoptDatabase(one, databases, notes),
		),
		apps: named(
			apps,
			({ app }) => app.handle,
			(app) => adoptApp(app, values, notes),
		),
		logDrains: named(logDrains, nameDrains(logDrains, environment.id), (drain) => adoptLogDrain(drain, listed, notes)),
		metricDrains: named(metricDrains, nameDrains(metricDrains, environment.id), (drain) =>
			adoptMetricDrain(drain, listed, notes),
		),
	};
}

/** Of roles whose names tell them apart, less owners, who need none. */
function permissionsOf({ permissions: live, environment }: Snapshot, notes: Notes): Block | undefined {
	const label = `environment "${environment.handle}"`;
	if (live === "hidden") {
		notes.add(label, "this token may not see its organization's roles; their permissions are left alone");
	}
	if (live === undefined || live === "hidden") return undefined;
	const block: Block = {};
	for (const role of [...live.roles].sort((a, b) => (a.name < b.name ? -1 : 1))) {
		const scopes = live.permissions.filter(({ roleId }) => roleId === role.id).map(({ scope }) => scope);
		if (scopes.length === 0 || isOwner(role)) continue;
		const unknown = scopes.find((scope) => !permissionScopes.some((known) => known === scope));
		if (live.roles.some(({ id, name }) => id !== role.id && name === role.name)) {
			notes.add(label, `several roles are called "${role.name}"; their permissions are left alone`);
		} else if (unknown !== undefined) {
			notes.add(
				label,
				`role "${role.name}" has ${unknown}, which a stage file does not know; its permissions are left alone`,
			);
		} else {
			block[role.name] = [...new Set(scopes)].sort();
		}
	}
	return Object.keys(block).length === 0 ? undefined : block;
}

function backupsOf({ retention, environment }: Snapshot, notes: Notes): Block | undefined {
	const { daily, monthly, yearly, makeCopy, keepFinal, pitrDays = 0 } = retention;
	// One day is Aptible's own; more is what somebody has asked its support for.
	const recovery = pitrDays > 1 ? { pitrDays } : {};
	if (daily >= 1) return { daily, monthly, yearly, makeCopy, keepFinal, ...recovery };
	notes.add(
		`environment "${environment.handle}"`,
		"it keeps no daily backups, which a stage file cannot say; its policy is left alone",
	);
	return undefined;
}

const databaseDefaults: Block = Database.parse({ type: "postgresql", version: "16" });

function adoptDatabase(
	{ listed, endpoints }: SnapshotDatabase,
	all: readonly SnapshotDatabase[],
	notes: Notes,
): Block | undefined {
	const { handle, type, version, status } = listed;
	const label = `database "${handle}"`;
	if (status !== "provisioned") {
		notes.add(label, `it is ${status}; once that is over, run this again`);
		return undefined;
	}
	if (listed.automaticBackups === undefined) {
		notes.add(
			label,
			"Aptible does not show whether it backs it up; automaticBackups is left out, which backs it up: write false where it is not",
		);
	}
	const primary = all.find((one) => one.listed.id === listed.primaryId)?.listed;
	if (listed.primaryId !== undefined && primary === undefined) {
		notes.add(label, "it is a replica of a database that is not in this environment; `pulumi up` would end that");
	}
	return {
		type,
		version,
		...lean(
			{
				containerMb: listed.containerMb,
				containerProfile: listed.containerProfile,
				diskGb: listed.diskGb,
				iops: listed.iops,
				replicaOf: primary?.handle,
				logical: primary !== undefined && primary.version !== version,
				kmsKeyArn: listed.kmsKeyArn,
				automaticBackups: listed.automaticBackups,
			},
			databaseDefaults,
		),
		...(endpoints.length === 0 ? {} : { endpoints: adoptDatabaseEndpoints(handle, endpoints, notes) }),
		adopt: true,
	};
}

/** A drain keeps the name that a stage gave it, unless another one would have the same. */
function nameDrains(
	drains: readonly { handle: string }[],
	environmentId: number,
): (drain: { handle: string }) => string {
	const names = drains.map(({ handle }) => nameInHandle(handle, environmentId));
	return ({ handle }) => {
		const name = nameInHandle(handle, environmentId);
		return names.filter((one) => one === name).length === 1 ? name : handle;
	};
}

function named<T>(
	objects: readonly T[],
	handleOf: (object: T) => string,
	make: (object: T) => Block | undefined,
): Record<string, Block> {
	const sorted = [...objects].sort((a, b) => (handleOf(a) < handleOf(b) ? -1 : 1));
	return Object.fromEntries(
		sorted.flatMap((object) => {
			const block = make(object);
			return block === undefined ? [] : [[handleOf(object), block]];
		}),
	);
}
