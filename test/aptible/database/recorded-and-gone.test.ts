/** What was recorded and then deleted by hand, with somebody else's object under a handle that it has or had. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { redis } from "../../support/database-spec.ts";
import { openReconciler, type ReconcilerUnderTest } from "../../support/reconcile.ts";

const at = ["--environment", "acme-test"];
const cache = { ...redis, finalBackup: false };
const app = {
	environment: "acme-test",
	handle: "portal",
	image: "acme/portal:1",
	config: {},
	services: { web: { containers: 1, containerMb: 1024, containerProfile: "m" } },
};

/** Makes and deletes each by hand, as anybody can. */
const nouns = {
	database: {
		spec: cache,
		create: (aptible: ReconcilerUnderTest, handle: string) =>
			aptible.cli("db:create", handle, "--type", "redis", "--version", "8.2", ...at),
		deprovision: (aptible: ReconcilerUnderTest, handle: string) => aptible.cli("db:deprovision", handle, ...at),
	},
	app: {
		spec: app,
		create: (aptible: ReconcilerUnderTest, handle: string) => aptible.cli("apps:create", handle, ...at),
		deprovision: (aptible: ReconcilerUnderTest, handle: string) =>
			aptible.cli("apps:deprovision", "--app", handle, ...at),
	},
} as const;

for (const [kind, { spec, create, deprovision }] of Object.entries(nouns)) {
	const { handle } = spec;

	test(`${kind}: what has the former handle of one that is gone is neither renamed nor removed`, async (t) => {
		const aptible = await openReconciler(t);
		const renamed = { ...spec, renamedFrom: "old" };
		const previous = await aptible.applied(kind, renamed);
		await deprovision(aptible, handle);
		await create(aptible, "old");
		aptible.newWrites();
		const { code, stderr } = await aptible.apply(kind, renamed, { previous });
		const writes = aptible.newWrites().join(", ");
		assert.doesNotMatch(writes, /old|rename/);
		if (kind === "database") {
			assert.equal(code, 1);
			assert.match(stderr, /is gone from Aptible, and a new one would be empty/);
		}
		await aptible.removed(kind, renamed, { previous });
		assert.deepEqual(aptible.newWrites(), []);
	});

	test(`${kind}: what somebody made again under the handle of one that is gone is not removed`, async (t) => {
		const aptible = await openReconciler(t);
		const previous = await aptible.applied(kind, spec);
		await deprovision(aptible, handle);
		await create(aptible, handle);
		aptible.newWrites();
		await aptible.removed(kind, spec, { previous });
		assert.deepEqual(aptible.newWrites(), []);
	});
}

test("environment: what somebody made again under the handle of one that is gone is not deleted", async (t) => {
	const aptible = await openReconciler(t);
	const spec = { handle: "acme-test", stack: "shared-ca-central-1", phi: false };
	const previous = await aptible.applied("environment", spec);
	await aptible.removed("environment", spec, { previous });
	await aptible.applied("environment", spec);
	aptible.newWrites();
	await aptible.removed("environment", spec, { previous });
	assert.deepEqual(aptible.newWrites(), []);
});

test("an app that one list misses is removed all the same", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("app", app);
	aptible.newWrites();
	aptible.fault({ name: "not-found-race", command: "GET /accounts/ID/apps", times: 1 });
	await aptible.removed("app", app, { previous });
	assert.deepEqual(aptible.newWrites(), ["deprovision apps portal"]);
});

test("an environment that was just made or renamed may be missing from a list", async (t) => {
	const aptible = await openReconciler(t);
	const spec = { handle: "acme-later", stack: "shared-ca-central-1", phi: false };
	aptible.fault({ name: "not-found-race", command: "GET /accounts$", times: 2 });
	const previous = await aptible.applied("environment", spec);
	aptible.fault({ name: "not-found-race", command: "GET /accounts$", times: 4 });
	await aptible.applied("environment", { ...spec, handle: "acme-last", renamedFrom: "acme-later" }, { previous });
});
