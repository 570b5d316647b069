import assert from "node:assert/strict";
import { test } from "node:test";
import { refuseDatabaseChange, refuseRestoreInPlace } from "../../../wire/database.ts";

const main = { handle: "main", type: "postgresql", version: "16", diskGb: 10 };

test("a database that is there is made from no backup, and the line may be removed", () => {
	assert.equal(
		refuseRestoreInPlace("main", undefined, 173),
		'database "main" exists and cannot be made from backup 173 in place. Declare a second database with restoreFrom: 173, move to it, then remove this one.',
	);
	assert.equal(
		refuseRestoreInPlace("main", 170, 173),
		'database "main" was made from backup 170 and cannot be made from backup 173 in place. Declare a second database with restoreFrom: 173, move to it, then remove this one.',
	);
	assert.equal(refuseRestoreInPlace("main", 173, undefined), undefined);
	assert.equal(refuseRestoreInPlace("main", 173, 173), undefined);
});

test("a replica keeps its primary, under whatever handle, and may stop being one", () => {
	const replica = { ...main, replicaOf: { handle: "first", logical: false } };
	const renamed = { ...main, replicaOf: { handle: "second", renamedFrom: "first", logical: false } };
	assert.equal(refuseDatabaseChange(replica, renamed), undefined);
	assert.equal(refuseDatabaseChange(replica, main), undefined);
	assert.equal(
		refuseDatabaseChange(replica, { ...main, replicaOf: { handle: "second", logical: true } }),
		'database "main" is a streaming replica of "first" and cannot become a logical replica of "second" in place. Declare a second database with that replicaOf, then remove this one.',
	);
	assert.match(
		refuseDatabaseChange(main, replica) ?? "",
		/is no replica and cannot become a streaming replica of "first"/,
	);
});

test("a key is fixed, also where there is none", () => {
	const kmsKeyArn = "arn:aws:kms:ca-central-1:111111111111:key/aaaa";
	assert.match(
		refuseDatabaseChange(main, { ...main, kmsKeyArn }) ?? "",
		/with Aptible's own key and cannot go to arn:/,
	);
	assert.match(
		refuseDatabaseChange({ ...main, kmsKeyArn }, main) ?? "",
		/key\/aaaa and cannot go to Aptible's own key/,
	);
});
