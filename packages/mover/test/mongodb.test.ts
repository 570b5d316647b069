import assert from "node:assert/strict";
import { test } from "node:test";
import { checkMongodb, checkOther } from "../mongodb.ts";

test("a MongoDB that is newer than Aptible's is a blocker with what to do, and so is one that the mover does not copy", () => {
	const line = (version?: string) =>
		checkMongodb(version)
			.map(({ severity, line }) => `${severity}: ${line}`)
			.join();
	assert.match(line("6.0.14"), /^blocker: the source is MongoDB 6\.0\.14.*4\.0.*Atlas/);
	assert.match(line("4.2.0"), /^blocker: the source is MongoDB 4\.2\.0/);
	assert.match(line("4.0.28"), /^blocker: .*mongodump and mongorestore.*dbHash/);
	assert.match(line(), /^blocker: .*unknown.*db\.version\(\)/);
});

test("each other type of database of Aptible's has a line of what to do instead", () => {
	for (const type of ["couchdb", "elasticsearch", "influxdb", "rabbitmq", "sftp"]) {
		const [finding] = checkOther(type);
		assert.equal(finding?.severity, "blocker");
		assert.match(finding?.line ?? "", new RegExp(`^${type} is not copied by the mover; `));
		assert.doesNotMatch(finding?.line ?? "", /move's plan/);
	}
	assert.match(checkOther("oracle")[0]?.line ?? "", /move's plan/);
	for (const type of ["postgresql", "mysql", "redis", "mongodb"]) assert.deepEqual(checkOther(type), []);
});
