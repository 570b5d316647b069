import type { Finding } from "./findings.ts";

/** What to do instead with a database that the mover does not copy. */
const INSTEAD: Readonly<Record<string, string>> = {
	couchdb:
		"replicate it with CouchDB's own replication from a container in the MedStack cluster, through the target's endpoint",
	elasticsearch:
		"build its indexes again from the database that feeds them, which the move copies; or restore a snapshot from object storage",
	influxdb: "export it with influxd backup in the MedStack cluster and restore it through aptible db:tunnel",
	rabbitmq:
		"export its definitions with rabbitmqctl export_definitions, and let its queues run empty before the freeze",
	sftp: "copy its files with sftp from a container in the MedStack cluster",
};

/**
 * What stands against a MongoDB that moves to Aptible: its managed one is 4.0, and `mongorestore` promises nothing across major
 * versions (facts/move.md §1.5).
 *
 * @param version the source's, such as `6.0.14`; nothing where it is unknown
 */
export function checkMongodb(version: string | undefined): Finding[] {
	const [, major, minor] = /^(\d+)\.(\d+)/.exec(version ?? "") ?? [];
	if (major === undefined || minor === undefined) {
		return [
			{
				trap: "mongodb-version",
				severity: "blocker",
				line: "the source's version of MongoDB is unknown, and Aptible's managed one is 4.0; run db.version() on it",
			},
		];
	}
	if (Number(major) > 4 || (Number(major) === 4 && Number(minor) > 0)) {
		return [
			{
				trap: "mongodb-version",
				severity: "blocker",
				line: `the source is MongoDB ${version}, and Aptible's managed one is 4.0, to which no tool goes back; use MongoDB Atlas (with a BAA for health data) and its live migration, or move the application to PostgreSQL`,
			},
		];
	}
	return [
		{
			trap: "mongodb-copy",
			severity: "blocker",
			line: `MongoDB ${version} is not copied by the mover; with the application stopped, run mongodump and mongorestore 100.x, the same version on both sides, from a container in the MedStack cluster, and compare db.collection.countDocuments() and dbHash`,
		},
	];
}

/** What stands against a database of another type than the mover copies; nothing for those that it does. */
export function checkOther(type: string): Finding[] {
	if (["postgresql", "mysql", "redis", "mongodb"].includes(type)) return [];
	const instead = INSTEAD[type] ?? "say in the move's plan who copies it, and how both sides are proved equal";
	return [
		{ trap: "not-copied", severity: "blocker", object: type, line: `${type} is not copied by the mover; ${instead}` },
	];
}
