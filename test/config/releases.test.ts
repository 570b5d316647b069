import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStage } from "../../config/parse.ts";
import { readReleases } from "../../config/releases.ts";
import { stageWith } from "./stage-file.ts";

const stage = parseStage(stageWith({ "apps/portal/releasedBy": "ci" }), { file: "Pulumi.test.yaml" });

function read(text: string): string[] {
	process.env.MEDSTACK_TO_APTIBLE_RELEASE = text;
	try {
		return [...readReleases(stage)];
	} finally {
		delete process.env.MEDSTACK_TO_APTIBLE_RELEASE;
	}
}

test("the apps that a run is told to release are those of CI", () => {
	assert.deepEqual([...readReleases(stage)], []);
	assert.deepEqual(read(""), []);
	assert.deepEqual(read("portal, portal,"), ["portal"]);
	assert.throws(() => read("portla"), {
		message:
			'--release (MEDSTACK_TO_APTIBLE_RELEASE): "portla" is no app of this stage; it has: portal; did you mean "portal"?',
	});
	const released = parseStage(stageWith({}), { file: "Pulumi.test.yaml" });
	process.env.MEDSTACK_TO_APTIBLE_RELEASE = "portal";
	assert.throws(
		() => readReleases(released),
		/app "portal" is released by the stage file: `pulumi up` deploys what changes there by itself/,
	);
	delete process.env.MEDSTACK_TO_APTIBLE_RELEASE;
});
