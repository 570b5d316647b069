import assert from "node:assert/strict";
import { test } from "node:test";
import { commonestSize } from "../../aptible/services.ts";

const small = { containers: 1, containerMb: 512, containerProfile: "m" } as const;
const large = { containers: 2, containerMb: 2048, containerProfile: "m" } as const;

test("new services are deployed with the size that most of them have, the first among equals", () => {
	assert.deepEqual(commonestSize([large, small, small]), small);
	assert.deepEqual(commonestSize([large, small]), large);
	assert.equal(commonestSize([]), undefined);
});
