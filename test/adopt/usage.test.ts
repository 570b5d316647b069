import assert from "node:assert/strict";
import { test } from "node:test";
import { runNode } from "../support/run-node.ts";

for (const [entry, usage] of [
	["adopt/main.ts", /^usage: npm run adopt -- --environment HANDLE/],
	["drift/main.ts", /^usage: npm run drift -- --stack STACK/],
	["up/main.ts", /^usage: npm run up -- \[--release APP\]/],
] as const) {
	test(`${entry} --help says how it is used, and does nothing`, async () => {
		const { code, stdout } = await runNode(entry, ["--help"], {});
		assert.equal(code, 0);
		assert.match(stdout, usage);
	});
}

test("an option that adopt does not have is named, with those that there are", async () => {
	const { code, stderr } = await runNode("adopt/main.ts", ["--nope"], {});
	assert.equal(code, 1);
	assert.match(stderr, /Unknown option '--nope'.*\nusage: npm run adopt/s);
});
