import { testRefused } from "./refused.ts";
import { absent } from "./stage-file.ts";

testRefused({
	"a version without quotes": {
		change: { "databases/main/version": 16 },
		says: ["databases.main.version: 16 is a number, not text; write it in quotes"],
	},
	"a version that is none": {
		change: { "databases/main/version": "9.6" },
		says: ['databases.main.version: "9.6" is not a version of postgresql; allowed: "14", "15", "16", "17"'],
	},
	"a deprecated version": {
		change: { "databases/main/version": "13" },
		says: [
			'databases.main.version: "13" of postgresql is deprecated: Aptible makes no new ones since 2026-02; allowed: "14", "15", "16", "17", or adopt: true where the database exists',
		],
	},
	"another deprecated version": {
		change: { "databases/queue": { type: "rabbitmq", version: "3.13" } },
		says: [
			'databases.queue.version: "3.13" of rabbitmq is deprecated: Aptible makes no new ones since 2025-10; allowed: "4.1", "4.2", or adopt: true where the database exists',
		],
	},
	"a misspelt type": {
		change: { "databases/main/type": "postgres" },
		says: [
			'databases.main.type: "postgres" is not a database type; allowed: postgresql, mysql, redis, redis-aof, redis-nordb, mongodb, elasticsearch, influxdb, rabbitmq, sftp; did you mean "postgresql"?',
		],
	},
	"a type that was given up": {
		change: { "databases/main/type": "couchdb" },
		says: ['databases.main.type: "couchdb" was given up by Aptible on 2024-10-31; move its data to another type'],
	},
	"no type": {
		change: { "databases/main/type": absent },
		says: [
			"databases.main.type: is missing; give a database type: postgresql, mysql, redis, redis-aof, redis-nordb, mongodb, elasticsearch, influxdb, rabbitmq, sftp",
		],
	},
	"a disk that is too small": {
		change: { "databases/main/diskGb": 5 },
		says: ["databases.main.diskGb: 5 is not a whole number from 10 to 16000 (GB of disk)"],
	},
	"more IOPS than the disk gives": {
		change: { "databases/main/iops": 12000 },
		says: [
			"databases.main.iops: 12000 needs a disk of 24 GB (1 GB for each 500 IOPS), and diskGb is 10; raise diskGb or allow at most 5000",
		],
	},
	"more IOPS than there are": {
		change: { "databases/main/iops": 20000, "databases/main/diskGb": 100 },
		says: ["databases.main.iops: 20000 is not a whole number from 3000 to 16000 (provisioned IOPS of the disk)"],
	},
	"a database renamed from itself": {
		change: { "databases/main/renamedFrom": "main" },
		says: ['databases.main.renamedFrom: "main" is its handle now; take the line out'],
	},
	"a database renamed from another that is declared": {
		change: { "databases/main/renamedFrom": "cache" },
		says: [
			'databases.main.renamedFrom: "cache" is declared too (databases.cache); one handle cannot be both renamed and kept',
		],
	},
	"two databases renamed from one": {
		change: { "databases/main/renamedFrom": "old", "databases/cache/renamedFrom": "old" },
		says: [
			'databases.cache.renamedFrom: "old" is the former handle of databases.main already; only one of them was it',
		],
	},
	"a database handle with a capital": {
		change: { "databases/Main2": { type: "redis", version: "8.2" } },
		says: [
			'databases.Main2: "Main2" is not a handle; allowed: 1 to 64 lower-case letters, digits, dots, underscores and hyphens',
		],
	},
	"a database without a block": {
		change: { "databases/main": null },
		says: [
			"databases.main: has no value; give a database: a block with type, version, containerMb, containerProfile, diskGb, iops, adopt, renamedFrom, protect; or take the line out",
		],
	},
});
