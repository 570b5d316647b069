import type { UncopiedType } from "./configuration.ts";
import type { Finding } from "./findings.ts";

/** What to do instead with a database that the mover does not copy (facts/move.md §1.5). */
const INSTEAD: Readonly<Record<UncopiedType, string>> = {
	couchdb:
		"replicate it with CouchDB's own replication from a container in the MedStack cluster, through the target's endpoint",
	elasticsearch:
		"build its indexes again from the database that feeds them, which the move copies; or restore a snapshot from object storage",
	influxdb: "export it with influxd backup in the MedStack cluster and restore it through aptible db:tunnel",
	// mongorestore promises nothing across major versions.
	mongodb:
		"Aptible's managed one is 4.0: a newer one (db.version() tells) goes to MongoDB Atlas with its live migration, under a BAA for health data, as no tool goes back; 4.0 and older, with the application stopped, by mongodump and mongorestore 100.x of one version from a container in the MedStack cluster, then compare db.collection.countDocuments() and dbHash",
	rabbitmq:
		"export its definitions with rabbitmqctl export_definitions, and let its queues run empty before the freeze",
	sftp: "copy its files with sftp from a container in the MedStack cluster",
};

/** What stands against a database of a type that the mover does not copy. */
export function checkUncopied(type: UncopiedType): Finding {
	const line = `${type} is not copied by the mover; ${INSTEAD[type]}. Then leave it out of move.databases of the stage file, and hand that over: npm run move -- credentials --stack STACK --replace`;
	return { trap: "not-copied", severity: "blocker", object: type, line };
}
