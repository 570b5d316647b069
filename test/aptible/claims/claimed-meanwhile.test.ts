/** A handle that was free when it was claimed, and under which somebody else made an object before this stack did. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { attributeOperations } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { portalSpec } from "../../support/app-spec.ts";
import { redis } from "../../support/database-spec.ts";
import { openReconciler, type ReconcilerUnderTest } from "../../support/reconcile.ts";

const at = ["--environment", "acme-test"];
const portal = ["--app", "portal", ...at];
const free = { adopt: false };
const claims = {
	environment: { handle: "acme-test", adopt: true },
	databases: { cache: free },
	apps: { portal: { ...free, endpoints: {} } },
	logDrains: {},
	metricDrains: {},
};

const nouns = {
	database: {
		place: "databases.cache",
		spec: redis,
		make: async (aptible: ReconcilerUnderTest) => {
			await aptible.cli("db:create", "cache", "--type", "redis", "--version", "8.2", ...at);
		},
		handle: "cache",
		text: /databases\.cache: "cache", redis 8\.2, .*, provisioned/,
		halts: 1,
	},
	app: {
		place: "apps.portal",
		spec: portalSpec({}),
		make: async (aptible: ReconcilerUnderTest) => {
			await aptible.cli("apps:create", "portal", ...at);
			await aptible.cli("deploy", ...portal, "--docker-image", "acme/portal:9");
		},
		handle: "portal",
		text: /apps\.portal: "portal", /,
		halts: 2,
	},
} as const;

for (const [kind, { place, spec, make, handle, text, halts }] of Object.entries(nouns)) {
	test(`${kind}: what somebody else made under a claimed handle is refused`, async (t) => {
		const aptible = await openReconciler(t);
		const facts = await aptible.applied("claims", claims);
		await make(aptible);
		attributeOperations(aptible.dir, handle, "ana@acme.example");
		aptible.newWrites();
		const secrets = { "hints.claim": JSON.stringify(facts.marks[place]) };
		const { code, stderr } = await aptible.apply(kind, spec, { secrets });
		assert.equal(code, 1, stderr);
		assert.match(stderr, /these exist on Aptible and were not made by this stack:/);
		assert.match(stderr, text);
		assert.match(stderr, /set `adopt: true` on it/);
		assert.deepEqual(aptible.newWrites(), []);
		// Without a mark, as in a state of version 0.1, and with `adopt: true`.
		await aptible.applied(kind, spec, { secrets: { "hints.claim": "null" } });
	});

	test(`${kind}: what is older than its claim is refused, unless it was adopted`, async (t) => {
		const aptible = await openReconciler(t);
		await make(aptible);
		const [{ id }] = (await aptible.cli(kind === "app" ? "apps" : "db:list")) as [{ id: number }];
		const handOver = (mark: object) => ({ secrets: { "hints.claim": JSON.stringify(mark) } });
		const { code, stderr } = await aptible.apply(kind, spec, handOver({ after: id, by: "robot@acme.example" }));
		assert.equal(code, 1, stderr);
		assert.match(stderr, /were not made by this stack/);
		attributeOperations(aptible.dir, handle, "ana@acme.example");
		await aptible.applied(kind, spec, handOver({ after: id, id, by: "robot@acme.example" }));
	});

	test(`${kind}: what a killed create left is finished, by whoever comes next`, async (t) => {
		const aptible = await openReconciler(t);
		const facts = await aptible.applied("claims", claims);
		const secrets = { "hints.claim": JSON.stringify(facts.marks[place]) };
		assert.ok(await aptible.interrupted(halts, kind, spec, { secrets }));
		await aptible.applied(kind, spec, { secrets });
	});
}
