import assert from "node:assert/strict";
import { test } from "node:test";
import { filesOf, readText } from "../support/repository.ts";

interface Answer {
	question: string;
	file: string;
	names: string[];
	hops: number;
}

const answers: Answer[] = [
	...readText("docs/finding-things.md").matchAll(/^\| (.+\?) \| `(\S+)` \| (.+?) \| (\d+) \|/gm),
].map(([, question = "", file = "", names = "", hops]) => ({
	question,
	file,
	names: [...names.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name),
	hops: Number(hops),
}));

/** Whether a file declares a name, at its top level. */
function declares(file: string, name: string): boolean {
	return new RegExp(`^(?:export )?(?:async )?(?:function|const|let|class|interface|type) ${name}\\b`, "m").test(
		readText(file),
	);
}

test("the page answers ten questions", () => assert.equal(answers.length, 10));

for (const { question, file, names, hops } of answers) {
	test(`there is what answers "${question}"`, () => {
		assert.ok(filesOf(".ts").includes(file), file);
		assert.ok(names.length > 0);
		for (const name of names) assert.ok(declares(file, name), `${file} has no ${name}`);
		assert.equal(hops, file.split("/").length);
	});
}
