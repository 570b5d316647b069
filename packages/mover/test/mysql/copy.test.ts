import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { copyMysql, type MysqlCopy } from "../../mysql/copy.ts";
import { verifyMysql } from "../../mysql/verify.ts";
import { memorySteps } from "../support/memory-steps.ts";
import { type MysqlPair, startMysqlPair } from "../support/mysql.ts";

let pair: MysqlPair;
before(async () => {
	pair = await startMysqlPair();
});
after(() => pair?.stop());

function copyOf(options: Partial<MysqlCopy> = {}): MysqlCopy {
	return { source: pair.from, target: pair.into, steps: memorySteps(), jobs: 2, report: () => {}, ...options };
}

test("a clinic is copied with all that is in it, and both sides are equal", async () => {
	const result = await copyMysql(copyOf());
	const proof = await verifyMysql({ source: pair.from, target: pair.into, jobs: 2, report: () => {} });
	assert.deepEqual(proof.differences, []);
	console.log(result);
	assert.equal(result.tables, 8);
});
