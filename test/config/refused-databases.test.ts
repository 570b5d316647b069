import assert from "node:assert/strict";
import { test } from "node:test";
import { mapValues } from "../../config/map-values.ts";
import { parseStage } from "../../config/parse.ts";
import { problemsOf, testRefused } from "./refused.ts";
import { absent, stageWith } from "./stage-file.ts";

testRefused({
	"a version without quotes": {
		change: { "databases/main/version": 16 },
		says: [
			"databases.main.version: 16 is a number, not text; write in quotes what is meant (YAML makes 23 of 0027, 31 of 0x1F and 1.1 of 1.10, and rounds long numbers)",
		],
	},
	"a version that is none": {
		change: { "databases/main/version": "9.6" },
		says: [
			'databases.main.version: "9.6" is not a version of postgresql; allowed: "14", "15", "16", "17", or adopt: true where the database exists',
		],
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
			'databases.main.type: "postgres" is not a database type; allowed: postgresql, mysql, redis, mongodb, elasticsearch, influxdb, rabbitmq, sftp; did you mean "postgresql"?',
		],
	},
	"a type that was given up": {
		change: { "databases/main/type": "couchdb" },
		says: ['databases.main.type: "couchdb" was given up by Aptible on 2024-10-31; move its data to another type'],
	},
	"no type": {
		change: { "databases/main/type": absent },
		says: [
			"databases.main.type: is missing; give a database type: postgresql, mysql, redis, mongodb, elasticsearch, influxdb, rabbitmq, sftp",
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
		says: ['databases.main.renamedFrom: "main" is its handle now; remove the line'],
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
			'databases.Main2: "Main2" is not a handle; allowed: 1 to 64 lower-case letters, digits, dots, underscores and hyphens, a letter or digit first',
		],
	},
	"a database without a block": {
		change: { "databases/main": null },
		says: [
			"databases.main: has no value; give a database: a block with type, version, containerMb, containerProfile, diskGb, iops, restoreFrom, acceptLossOf, replicaOf, logical, kmsKeyArn, automaticBackups, finalBackup, endpoints, adopt, renamedFrom, protect; or remove the line",
		],
	},
	"a flavor of Redis as its type": {
		change: { "databases/cache/type": "redis-aof" },
		says: [
			'databases.cache.type: "redis-aof" is a flavor of Redis, which its version names; write type: redis and version: "8.2-aof"',
		],
	},
	"a backup that is no number": {
		change: { "databases/cache/restoreFrom": "173" },
		says: ['databases.cache.restoreFrom: "173" is not a whole number of 1 or more (id of a backup); remove the quotes'],
	},
	"a lost database without an id": {
		change: { "databases/cache/acceptLossOf": 0 },
		says: ["databases.cache.acceptLossOf: 0 is not a whole number of 1 or more (id of a database that is gone)"],
	},
	"a restored database that exists": {
		change: { "databases/cache/restoreFrom": 173, "databases/cache/adopt": true },
		says: [
			"databases.cache.restoreFrom: 173 is not allowed with adopt: true, which takes over a database that exists; remove one of them",
		],
	},
	"a restored replica": {
		change: { "databases/copy": { type: "postgresql", version: "16", replicaOf: "main", restoreFrom: 173 } },
		says: [
			"databases.copy.restoreFrom: 173 is not allowed beside replicaOf; a database is made from a backup or follows another, not both",
		],
	},
	"a replica of a database that is not declared": {
		change: { "databases/copy": { type: "postgresql", version: "16", replicaOf: "mian" } },
		says: [
			'databases.copy.replicaOf: "mian" is not a database of this stage; declared: main, cache; did you mean "main"?',
		],
	},
	"a replica of itself": {
		change: { "databases/main/replicaOf": "main" },
		says: ['databases.main.replicaOf: "main" is the database itself; name the one that it follows'],
	},
	"a replica of a replica": {
		change: {
			"databases/copy": { type: "postgresql", version: "16", replicaOf: "main" },
			"databases/second": { type: "postgresql", version: "16", replicaOf: "copy" },
		},
		says: ['databases.second.replicaOf: "copy" is a replica itself; name the database that it follows, "main"'],
	},
	"a replica of a type that has none": {
		change: {
			"databases/queue": { type: "rabbitmq", version: "4.2" },
			"databases/copy": { type: "rabbitmq", version: "4.2", replicaOf: "queue" },
		},
		says: [
			'databases.copy.replicaOf: "queue" is rabbitmq, of which Aptible makes no replicas; allowed: postgresql, mysql, redis, mongodb',
		],
	},
	"a replica of another type": {
		change: { "databases/copy": { type: "redis", version: "8.2", replicaOf: "main" } },
		says: ['databases.copy.type: "redis" is not the type of "main", which it follows; write postgresql'],
	},
	"a streaming replica of another version": {
		change: { "databases/copy": { type: "postgresql", version: "17", replicaOf: "main" } },
		says: [
			'databases.copy.version: "17" is not the version of "main", which it follows; write "16", or logical: true for an upgrade',
		],
	},
	"a logical replica that is not newer": {
		change: { "databases/copy": { type: "postgresql", version: "16", replicaOf: "main", logical: true } },
		says: [
			'databases.copy.version: "16" is not newer than the "16" of "main"; a logical replica is the way to a newer version',
		],
	},
	"a logical replica of Redis": {
		change: { "databases/copy": { type: "redis", version: "8.2", replicaOf: "cache", logical: true } },
		says: ["databases.copy.logical: true is for postgresql alone, and this is redis; remove the line"],
	},
	"a logical database that follows none": {
		change: { "databases/main/logical": true },
		says: ["databases.main.logical: true is for a replica; name its primary in replicaOf"],
	},
	"a KMS key that is no ARN": {
		change: { "databases/main/kmsKeyArn": "alias/portal" },
		says: [
			'databases.main.kmsKeyArn: "alias/portal" is not the ARN of a KMS key; allowed: for example arn:aws:kms:ca-central-1:111111111111:key/aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
		],
	},
	"a KMS key of another region than the shared stack's": {
		change: {
			"environment/phi": false,
			"environment/stack": "shared-ca-central-1",
			"databases/main/kmsKeyArn": "arn:aws:kms:us-east-1:111111111111:key/aaaa",
		},
		says: [
			'databases.main.kmsKeyArn: "arn:aws:kms:us-east-1:111111111111:key/aaaa" is a key of us-east-1; the key has to be in the region of stack "shared-ca-central-1"',
		],
	},
	"health information that is not backed up": {
		change: { "databases/main/automaticBackups": false, "databases/cache/finalBackup": false },
		says: [
			"databases.main.automaticBackups: false is not allowed with phi: true; remove the line",
			"databases.cache.finalBackup: false is not allowed with phi: true; remove the line",
		],
	},
});

test("a version that is no longer made new is right where the database gets it from elsewhere", () => {
	const change = {
		"databases/adopted": { type: "postgresql", version: "12", adopt: true },
		"databases/restored": { type: "postgresql", version: "13", restoreFrom: 173 },
		"databases/copy": { type: "postgresql", version: "12", replicaOf: "adopted" },
		"databases/next": { type: "postgresql", version: "17", replicaOf: "adopted", logical: true },
		"databases/log": { type: "redis", version: "8.2-aof" },
	};
	assert.deepEqual(problemsOf(stageWith(change)), []);
});

test("with health information every database gets a last backup, but a replica's data is its primary's", () => {
	const replica = { type: "postgresql", version: "16", replicaOf: "main", automaticBackups: false };
	const { databases } = parseStage(stageWith({ "databases/copy": replica }), { file: "Pulumi.test.yaml" });
	assert.deepEqual(
		mapValues(databases, ({ finalBackup }) => finalBackup),
		{ main: true, cache: true, copy: false },
	);
});
