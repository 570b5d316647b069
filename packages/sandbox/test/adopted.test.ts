import assert from "node:assert/strict";
import { it } from "node:test";
import { describeNext } from "../adopted.ts";

it("says how pulumi runs in the sandbox on a stage file that was adopted into the checkout", () => {
	const next =
		"In the sandbox `pulumi` is `npm run sandbox -- --stack willow pulumi`: npm run sandbox -- --stack willow pulumi preview";
	assert.equal(describeNext(["--environment", "acme", "--output", "Pulumi.willow.yaml"], "/checkout"), next);
	assert.equal(describeNext(["--output=/checkout/Pulumi.willow.yaml", "--phi", "true"], "/checkout"), next);
});

it("says nothing of a file that no stage of the checkout is, nor without one", () => {
	for (const args of [["--output", "stage.yaml"], ["--output", "/elsewhere/Pulumi.willow.yaml"], [], ["--output"]])
		assert.equal(describeNext(args, "/checkout"), undefined);
});
