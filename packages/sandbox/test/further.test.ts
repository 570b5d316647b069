import assert from "node:assert/strict";
import { test } from "node:test";
import { listFurther } from "../further.ts";

const stateWith = (...resources: object[]) => JSON.stringify({ checkpoint: { latest: { resources } } });

test("a stage that refuses to be deleted is told how the sandbox forgets it", () => {
	const state = stateWith({ type: "pulumi:pulumi:Stack" }, { type: "medstack-to-aptible:index:App", protect: true });
	const text = listFurther("prod", { option: " --stack prod", state });
	assert.doesNotMatch(text, /-- .*destroy$/m);
	assert.match(text, /^ {2}npm run sandbox -- reset {2,}forgets .*; pulumi destroy refuses a protected stage$/m);
	assert.match(text, /^ {2}npm run sandbox -- --stack prod pulumi preview /m);
});

test("one that does not may be destroyed too", () => {
	const text = listFurther("staging", { option: "", state: stateWith({ protect: false }, {}) });
	assert.match(text, /^ {2}npm run sandbox -- pulumi destroy$/m);
	assert.match(text, /^ {2}npm run sandbox -- reset {2,}forgets everything: stages, moves, the emulated clouds$/m);
});
