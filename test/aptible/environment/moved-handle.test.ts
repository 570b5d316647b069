/** The environment of what was recorded has another handle now, and another environment has that one. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { portalSpec } from "../../support/app-spec.ts";
import { redis } from "../../support/database-spec.ts";
import { syslogDrain } from "../../support/drain-spec.ts";
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

/** Has it in an environment that the token does not see any more, and a namesake in one that has the handle now. */
async function openHidden(
	t: TestContext,
	kind: string,
	spec: object,
): Promise<{ aptible: ReconcilerUnderTest; previous: object }> {
	const aptible = await openReconciler(t);
	await aptible.applied("environment", { ...namesake, handle: "acme-new" });
	const previous = await aptible.applied(kind, { ...spec, environment: "acme-new" });
	await aptible.cli("environment:rename", "acme-new", "acme-old");
	await aptible.cli("environment:rename", "acme-test", "acme-new");
	await aptible.applied(kind, { ...spec, environment: "acme-new" });
	aptible.newWrites();
	aptible.fault({ name: "not-found-race", command: "GET /accounts$", times: 1000 });
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

for (const [kind, { spec }] of Object.entries(nouns)) {
	test(`${kind}: where its environment is not listed, its removal refuses, and leaves the namesake elsewhere alone`, async (t) => {
		const { aptible, previous } = await openHidden(t, kind, spec);
		const { code, stderr } = await aptible.remove(kind, { ...spec, environment: "acme-new" }, { previous });
		assert.equal(code, 1);
		assert.match(stderr, /environment "acme-new" \(id \d+\) is not among those that this token sees/);
		assert.deepEqual(aptible.newWrites(), []);
	});
}

test("a drain in an environment that is not listed is neither removed nor made in the one that has its handle now", async (t) => {
	const { aptible, previous } = await openHidden(t, "log-drain", syslogDrain);
	const renamed = { ...syslogDrain, environment: "acme-new" };
	const applied = await aptible.apply("log-drain", renamed, { previous });
	assert.equal(applied.code, 1);
	assert.match(
		applied.stderr,
		/log drain "siem-\d+" \(id \d+\) is in environment \d+, and "acme-new" is environment \d+\./,
	);
	assert.equal((await aptible.remove("log-drain", renamed, { previous })).code, 1);
	assert.deepEqual(aptible.newWrites(), []);
});
