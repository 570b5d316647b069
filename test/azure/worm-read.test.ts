import assert from "node:assert/strict";
import { test } from "node:test";
import { type FoundWorm, listRefusals } from "../../components/azure/worm-read.ts";
import type { StorageContainer } from "../../config/azure/storage.ts";

const place = { account: "maplefiles", resourceGroup: { name: "maple-files", existing: true } };
const found: FoundWorm = { id: "id", days: 60, isLocked: false, holds: [] };
const refusals = (container: object, there: FoundWorm | undefined) =>
	listRefusals("storage.containers.documents", { name: "documents", ...container } as StorageContainer, there, place);

test("what only a person may do is refused with the command for it, in words that nobody can mistake", () => {
	const locked = { immutable: { days: 60, locked: true } };
	const where = "--resource-group maple-files --account-name maplefiles --container-name documents";
	assert.deepEqual(refusals(locked, found), [
		`storage.containers.documents.immutable.locked: true says that the retention of "documents" is locked in Azure, and it is not; whoever answers for it locks it, which nobody can undo: \`az storage container immutability-policy lock ${where} --if-match "$(az storage container immutability-policy show ${where} --query etag --output tsv)"\`; or remove the line`,
	]);
	const notYet = /and it is not; remove the line until the retention is there$/;
	assert.match(refusals(locked, undefined)[0] ?? "", notYet);
	assert.match(refusals(locked, { id: "id", isLocked: false, holds: [] })[0] ?? "", notYet);
});

test("what is as Azure has it is not refused, nor a container that is not there yet", () => {
	assert.deepEqual(refusals({ immutable: { days: 60, locked: true } }, { ...found, isLocked: true }), []);
	assert.deepEqual(refusals({ immutable: { days: 5, locked: false }, legalHold: ["case1"] }, found), []);
	assert.deepEqual(refusals({ legalHold: ["case1", "case2"] }, { ...found, holds: ["case1"] }), []);
	assert.deepEqual(refusals({ immutable: { days: 5, locked: false }, legalHold: ["case1"] }, undefined), []);
});
