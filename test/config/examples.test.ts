import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStage } from "../../config/parse.ts";
import { filesOf, readText } from "../support/repository.ts";
import { readStageFile } from "./stage-file.ts";

const files = filesOf(".yaml").filter((file) => /^examples\/[^/]+\.yaml$/.test(file));

test("there is an example for each way in", () => {
	assert.deepEqual(
		files,
		["ci-deploys", "minimal", "move", "phi"].map((name) => `examples/${name}.yaml`),
	);
	const page = readText("examples/README.md");
	for (const file of files) assert.ok(page.includes(`](${file.replace("examples/", "")})`), file);
});

for (const file of files) {
	test(`the example is a right stage once the secrets are set that its head names: ${file}`, () => {
		const text = readText(file);
		const [head = ""] = text.split("\nconfig:\n");
		assert.match(head, /^# yaml-language-server: \$schema=\.\.\/stage\.schema\.json\n/);
		const named = [...head.matchAll(/'medstack-to-aptible:secrets\.(\w+)'$/gm)].map(([, name]) => name);
		const used = [...text.matchAll(/\$\{secrets\.(\w+)\}/g)].map(([, name]) => name);
		assert.deepEqual(named, [...new Set(used)].sort());
		const raw = readStageFile(file);
		// Nothing opens what stands in for a secret, so that one which nobody has set ends a preview.
		assert.deepEqual(
			Object.entries(raw.secrets ?? {}),
			named.map((name) => [name, "v1:AAAA:BBBB"]),
		);
		const secrets = Object.fromEntries(named.map((name) => [name, "https://sentinel.example"]));
		const stage = parseStage({ ...raw, secrets }, { file, secretKeys: new Set(["secrets"]), now: new Date() });
		assert.ok(Object.keys(stage.apps).length > 0);
	});
}

test("what each example is about is in it", () => {
	const of = (name: string) => {
		return parseStage(readStageFile(`examples/${name}.yaml`), { file: name });
	};
	assert.equal(of("minimal").environment.phi, false);
	assert.equal(of("phi").environment.phi, true);
	assert.equal(of("ci-deploys").apps.portal?.releasedBy, "ci");
	assert.equal(of("move").move?.phase, "prepare");
});
