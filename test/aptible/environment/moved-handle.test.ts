/** The environment of what was recorded has another handle now, and another environment has that one. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { portalSpec } from "../../support/app-spec.ts";
import { redis } from "../../support/database-spec.ts";
import { openReconciler, type ReconcilerUnderTest } from "../../support/reconcile.ts";

const namesake = { handle: "acme-test", stack: "shared-ca-central-1", phi: false };
const nouns = {
	app: { spec: portalSpec(), changed: portalSpec({ config: { A: "2" } }) },
	database: { spec: redis, changed: { ...redis, containerMb: 1024 } },
} as const;

/** Renames the environment by hand, and has another one under its handle with the same objects in it. */
async function open(
	t: TestContext,
	kind: string,
	spec: object,
): Promise<{ aptible: ReconcilerUnderTest; previous: object }> {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied(kind, spec);
	await aptible.cli("environment:rename", "acme-test", "acme-old");
	await aptible.applied("environment", namesake);
	await aptible.applied(kind, spec);
	aptible.newWrites();
	return { aptible, previous };
}

for (const [kind, { spec, changed }] of Object.entries(nouns)) {
	test(`${kind}: nothing is sent to the namesake in the environment that has the handle now`, async (t) => {
		const { aptible, previous } = await open(t, kind, spec);
		for (const wanted of [spec, changed]) {
			const { code, stderr } = await aptible.apply(kind, wanted, { previous });
			assert.equal(code, 1);
			assert.match(stderr, /is in environment \d+, and "acme-test" is environment \d+\. .*`aptible environment:rename/);
		}
		assert.deepEqual(aptible.newWrites(), []);
	});
}
