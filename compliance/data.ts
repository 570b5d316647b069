/** Backups, encryption at rest, and what keeps data from being deleted. */
import type { Stage } from "../config/stage.ts";
import type { SnapshotDatabase } from "../drift/snapshot.ts";
import {
	type Control,
	holds,
	judge,
	liveOf,
	namesOf,
	notDeclared,
	type Row,
	readLive,
	type Seen,
	shown,
	unknown,
} from "./control.ts";
import { hipaa, hitrust, pipeda } from "./references.ts";

const backupReferences = [...hipaa("308(a)(7)(ii)(A)"), ...pipeda("4.7.1"), ...hitrust("09.l")];

type Policy = Pick<
	NonNullable<Stage["environment"]["backups"]>,
	"daily" | "monthly" | "yearly" | "makeCopy" | "keepFinal"
>;

/** A database on one side or both. */
function databaseRows(
	seen: Seen,
	row: (
		declared: Stage["databases"][string] | undefined,
		live: (read: LiveReader) => ReturnType<LiveReader>,
	) => Omit<Row, "object">,
): Row[] {
	const { databases } = seen.stage;
	const there = liveOf(seen)?.snapshot.databases;
	return namesOf(
		Object.keys(databases),
		there?.map(({ listed }) => listed.handle),
	).map((handle) => ({
		object: `database ${handle}`,
		...row(Object.hasOwn(databases, handle) ? databases[handle] : undefined, (read) =>
			readLive(seen, ({ snapshot }) => snapshot.databases.find(({ listed }) => listed.handle === handle)?.listed, read),
		),
	}));
}

type LiveReader = (found: SnapshotDatabase["listed"]) => ReturnType<typeof holds>;

export const data: readonly Control[] = [
	{
		id: "backup-retention",
		title: "Backups and their retention",
		requires: "a daily backup of each database is kept, and the last one of a database that is deleted",
		references: backupReferences,
		on: "both",
		phiKeys: ["environment.backups.keepFinal"],
		rows: (seen) => {
			const { environment } = seen.stage;
			return [
				{
					object: `environment ${environment.handle}`,
					declared: environment.backups === undefined ? shown("left to Aptible") : readPolicy(environment.backups),
					live: readLive(seen, ({ snapshot }) => snapshot.retention, readPolicy),
					isCompared: environment.backups !== undefined,
				},
				{
					object: "point-in-time recovery of PostgreSQL",
					live: readLive(
						seen,
						({ snapshot }) => snapshot.retention,
						({ pitrDays }) => shown(pitrDays === undefined ? "Aptible does not say" : `${pitrDays} days`),
					),
				},
			];
		},
	},
	{
		id: "automatic-backups",
		title: "Every database is backed up",
		requires: "no database is without its daily backup, but a replica, whose data is its primary's",
		references: backupReferences,
		on: "both",
		phiKeys: ["databases.NAME.automaticBackups"],
		rows: (seen) =>
			databaseRows(seen, (declared, live) => ({
				declared:
					declared === undefined
						? notDeclared
						: readBackups(declared.automaticBackups, declared.replicaOf !== undefined),
				live: live(({ automaticBackups, primaryId }) =>
					automaticBackups === undefined
						? unknown("Aptible does not say")
						: readBackups(automaticBackups, primaryId !== undefined),
				),
				isCompared: true,
			})),
	},
	{
		id: "final-backup",
		title: "A last backup before a deletion",
		requires: "a database is never deleted without a last backup, but a replica",
		references: backupReferences,
		on: "file",
		phiKeys: ["databases.NAME.finalBackup"],
		rows: ({ stage }) =>
			Object.entries(stage.databases).map(([handle, { finalBackup, replicaOf }]) => ({
				object: `database ${handle}`,
				declared: judge(finalBackup || replicaOf !== undefined, finalBackup ? "made first" : "not asked for"),
			})),
	},
	{
		id: "encryption-at-rest",
		title: "Encryption at rest",
		requires:
			"every disk and backup is encrypted: Aptible does so for all of them (docs/facts/aptible.md §3.3); what can differ is the key",
		references: [...hipaa("312(a)(2)(iv)"), ...pipeda("4.7.3")],
		on: "both",
		phiKeys: [],
		rows: (seen) =>
			databaseRows(seen, (declared, live) => ({
				declared: declared === undefined ? notDeclared : readKey(declared.kmsKeyArn),
				live: live(({ kmsKeyArn }) => readKey(kmsKeyArn)),
				isCompared: true,
			})),
	},
	{
		id: "protection",
		title: "Protected from deletion",
		requires:
			"pulumi refuses to delete the environment, its databases and apps, and their endpoints (the lock is in Pulumi's state and not on Aptible)",
		references: [...hipaa("312(c)(1)"), ...pipeda("4.7.1")],
		on: "file",
		phiKeys: [],
		rows: ({ stage: { environment, databases, apps } }) => {
			const row = (object: string, isProtected: boolean): Row => ({
				object,
				declared: judge(isProtected, isProtected ? "protected" : "not protected"),
			});
			const owners = [...Object.entries(databases), ...Object.entries(apps)];
			// The mover's endpoint goes with the move, by design.
			const endpoints = owners.flatMap(([owner, one]) => {
				const mover = "mover" in one ? one.mover?.endpoint : undefined;
				return Object.entries(one.endpoints)
					.filter(([name]) => name !== mover)
					.map(([name, { protect }]) => row(`endpoint ${owner}.${name}`, protect));
			});
			return [
				row(`environment ${environment.handle}`, environment.protect),
				...Object.entries(databases).map(([handle, { protect }]) => row(`database ${handle}`, protect)),
				...Object.entries(apps).map(([handle, { protect }]) => row(`app ${handle}`, protect)),
				...endpoints,
			];
		},
	},
];

function readPolicy({ daily, monthly, yearly, makeCopy, keepFinal }: Policy) {
	const copies = makeCopy ? "a copy in another region" : "no copy in another region";
	const last = keepFinal ? "the last one kept" : "the last one deleted";
	const value = `${daily} daily, ${monthly} monthly, ${yearly} yearly, ${copies}, ${last}`;
	return judge(daily >= 1 && keepFinal, value);
}

function readBackups(isOn: boolean, isReplica: boolean) {
	const value = isOn ? "backed up daily" : isReplica ? "replica, not backed up" : "not backed up";
	return judge(isOn || isReplica, value);
}

function readKey(arn: string | undefined) {
	return holds(arn === undefined ? "AES-256, Aptible's key" : `AES-256, and by ${arn}`);
}
