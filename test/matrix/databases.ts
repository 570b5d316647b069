/** Databases of the matrix. */
import { setClock } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { postgresql, redis } from "../support/database-spec.ts";
import type { Spec } from "./reconcilers.ts";
import type { Subject } from "./subject.ts";
import type { World } from "./world.ts";

const sizes: Subject["changes"] = {
	containerMb: { to: { containerMb: 2048 } },
	containerProfile: { to: { containerProfile: "r" } },
	diskGb: { to: { diskGb: 20 }, oneWay: true },
	iops: { to: { iops: 4000 } },
	"containerMb, diskGb": { to: { containerMb: 2048, diskGb: 20 }, oneWay: true },
	automaticBackups: { to: { automaticBackups: false } },
	finalBackup: { to: { finalBackup: true } },
};

const fixed = [
	"environment",
	"handle",
	"renamedFrom",
	"type",
	"version",
	"restoreFrom",
	"acceptLossOf",
	"replicaOf",
	"kmsKeyArn",
	"leavesSizes",
];

const key = "arn:aws:kms:ca-central-1:111111111111:key/aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";

async function makePrimary(world: World): Promise<Spec> {
	await world.applied("database", postgresql);
	return {};
}

async function makeBackup(world: World): Promise<Spec> {
	await makePrimary(world);
	await world.cli("db:backup", "main", "--environment", "acme-test");
	const [backup] = (await world.cli("backup:list", "main", "--environment", "acme-test")) as { id: number }[];
	return { restoreFrom: backup?.id };
}

const { automaticBackups: _, ...withBackups } = sizes;

const at = ["--environment", "acme-test"];

const loss: NonNullable<Subject["loss"]> = {
	refused: /is gone from Aptible/,
	answers: {
		"then restored": async (world) => {
			const [backup] = (await world.cli("backup:orphaned", ...at)) as { id: number }[];
			return { restoreFrom: backup?.id };
		},
		"then given up": async (_world, { id }) => ({ acceptLossOf: id }),
	},
};

/** The policy keeps no final backup, and there is one by hand of two years ago. */
async function haveOldBackup(world: World): Promise<void> {
	await world.cli("backup_retention_policy:set", "acme-test", "--no-keep-final", "--force");
	setClock(world.dir, -2 * 365 * 24 * 60 * 60_000);
	await world.cli("db:backup", "main", ...at);
	setClock(world.dir, 0);
}

export const databases: readonly Subject[] = [
	{ name: "redis", kind: "database", spec: redis, changes: sizes, renamed: "cache2", loss, fixed },
	{
		name: "postgresql with a key of one's own and a last backup",
		kind: "database",
		spec: { ...postgresql, kmsKeyArn: key, finalBackup: true },
		changes: withBackups,
		renamed: "main2",
		beforeRemoval: { "with an old backup": haveOldBackup },
		loss,
		fixed: [...fixed, "automaticBackups"],
	},
	{
		name: "restored",
		kind: "database",
		setup: makeBackup,
		spec: { ...postgresql, handle: "copy", diskGb: 20 },
		changes: { iops: { to: { iops: 4000 } }, containerMb: { to: { containerMb: 2048 } } },
		renamed: "copy2",
		loss: { ...loss, answers: { "then given up": async (_world, { id }) => ({ acceptLossOf: id }) } },
		fixed: [...fixed, "automaticBackups", "finalBackup", "diskGb", "containerProfile"],
	},
	{
		name: "replica",
		kind: "database",
		setup: makePrimary,
		spec: { ...postgresql, handle: "copy", replicaOf: { handle: "main", logical: false } },
		changes: {
			iops: { to: { iops: 4000 } },
			diskGb: { to: { diskGb: 20 }, oneWay: true },
			replicaOf: { to: { replicaOf: undefined }, oneWay: true },
		},
		renamed: "copy2",
		fixed: [...fixed.filter((field) => field !== "replicaOf"), "automaticBackups", "finalBackup", "containerProfile"],
	},
	{
		name: "logical replica",
		kind: "database",
		setup: makePrimary,
		spec: { ...postgresql, handle: "copy", version: "17", replicaOf: { handle: "main", logical: true } },
		changes: { replicaOf: { to: { replicaOf: undefined }, oneWay: true } },
		fixed: [...fixed.filter((field) => field !== "replicaOf"), "automaticBackups", "finalBackup", "containerProfile"],
	},
];
