/** Some registries give tokens that are good for hours: other credentials alone are no reason to restart an app. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { portalSpec } from "../../support/app-spec.ts";
import { openReconciler, type ReconcilerUnderTest } from "../../support/reconcile.ts";

const registry = { username: "deploy", password: "${secrets.password}" };
const spec = portalSpec({ image: "registry.acme.example/portal:1", registry });
const eager = { ...spec, registry: { ...registry, deployOnChange: true } };
const given = (password: string) => ({ secrets: { "secrets.password": password } });

const waiting =
	"the registry's credentials in the stage file are not on Aptible yet: the next deploy of another reason sends them; to deploy " +
	"for their sake, write `deployOnChange: true` under apps.portal.registry";

/** What was sent, and whether credentials were with it. */
function sent(aptible: ReconcilerUnderTest): string[] {
	return aptible
		.newJournal()
		.filter(({ writes }) => writes.length > 0)
		.map(({ command, argv }) =>
			argv.includes("--private-registry-password") ? `${command} with credentials` : command,
		);
}

test("fresh credentials wait for a deploy of another reason, and a warning says so", async (t) => {
	const aptible = await openReconciler(t);
	const morning = await aptible.applied("app", spec, given("sentinel-morning"));
	assert.deepEqual(sent(aptible), ["apps:create", "deploy with credentials"]);
	const evening = await aptible.applied("app", spec, { previous: morning, ...given("sentinel-evening") });
	assert.deepEqual(sent(aptible), []);
	assert.deepEqual(evening.warnings, [waiting]);
	const config = await aptible.applied(
		"app",
		{ ...spec, config: { A: "2" } },
		{ previous: evening, ...given("sentinel-evening") },
	);
	assert.deepEqual(sent(aptible), ["config:set"], "which pulls no image");
	assert.deepEqual(config.warnings, [waiting]);
	const next = { ...spec, image: "registry.acme.example/portal:2", config: { A: "2" } };
	const released = await aptible.applied("app", next, { previous: config, ...given("sentinel-evening") });
	assert.deepEqual(sent(aptible), ["deploy with credentials"]);
	assert.deepEqual(released.warnings, []);
	await aptible.applied("app", next, { previous: released, ...given("sentinel-evening") });
	assert.deepEqual(sent(aptible), []);
});

test("a deploy that failed is sent again with the credentials of the day", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("app", spec, given("sentinel-morning"));
	const next = { ...spec, image: "registry.acme.example/portal:2" };
	aptible.fault({ name: "deploy-fails" });
	assert.equal((await aptible.apply("app", next, { previous, ...given("sentinel-noon") })).code, 1);
	sent(aptible);
	const facts = await aptible.applied("app", next, { previous, ...given("sentinel-evening") });
	assert.deepEqual(sent(aptible), ["deploy with credentials"]);
	assert.deepEqual(facts.warnings, []);
});

test("with deployOnChange other credentials are a reason of their own", async (t) => {
	const aptible = await openReconciler(t);
	const morning = await aptible.applied("app", eager, given("sentinel-morning"));
	sent(aptible);
	const evening = await aptible.applied("app", eager, { previous: morning, ...given("sentinel-evening") });
	assert.deepEqual(sent(aptible), ["deploy with credentials"]);
	assert.deepEqual(evening.warnings, []);
	await aptible.applied("app", eager, { previous: evening, ...given("sentinel-evening") });
	assert.deepEqual(sent(aptible), []);
});

test("credentials that left the stage file are removed by the next deploy, and by that one only", async (t) => {
	const aptible = await openReconciler(t);
	let previous = await aptible.applied("app", spec, given("sentinel-morning"));
	const { registry: _, ...open } = spec;
	sent(aptible);
	previous = await aptible.applied("app", open, { previous });
	assert.deepEqual(sent(aptible), []);
	assert.deepEqual(previous.warnings, [
		"the registry's credentials are on Aptible until the next deploy of another reason, which removes them",
	]);
	const next = { ...open, image: "acme/portal:2" };
	previous = await aptible.applied("app", next, { previous });
	assert.deepEqual(sent(aptible), ["deploy with credentials"]);
	assert.deepEqual([previous.warnings.length, previous.ownsRegistry], [1, false]);
	await aptible.applied("app", { ...next, image: "acme/portal:1" }, { previous });
	assert.deepEqual(sent(aptible), ["deploy"]);
});

for (const form of ["absent", "empty"] as const) {
	test(`credentials that the token may not see (${form}) go with every deploy, and are no reason for one`, async (t) => {
		const aptible = await openReconciler(t);
		const previous = await aptible.applied("app", spec, given("sentinel-morning"));
		sent(aptible);
		for (const [change, commands] of [
			[{}, []],
			[{ config: { A: "2" } }, ["config:set"]],
			[{ image: "registry.acme.example/portal:2", config: { A: "2" } }, ["deploy with credentials"]],
		] as const) {
			aptible.fault({ name: "secrets-hidden", command: "GET /settings", form, times: 9 });
			const facts = await aptible.applied("app", { ...spec, ...change }, { previous, ...given("sentinel-morning") });
			aptible.clearFaults();
			assert.deepEqual(sent(aptible), commands);
			assert.deepEqual(facts.warnings, [
				"this token may not see the registry's credentials, so each deploy sends them; give its role the permission `sensitive`",
			]);
		}
	});
}

test("the first credentials go out once it can be seen that there are none", async (t) => {
	const aptible = await openReconciler(t);
	const open = portalSpec({ image: "acme/portal:1" });
	let previous = await aptible.applied("app", open);
	sent(aptible);
	aptible.fault({ name: "secrets-hidden", command: "GET /settings", form: "absent", times: 9 });
	previous = await aptible.applied("app", { ...open, registry }, { previous, ...given("sentinel-morning") });
	aptible.clearFaults();
	assert.deepEqual([sent(aptible), previous.ownsRegistry], [[], false]);
	await aptible.applied("app", { ...open, registry }, { previous, ...given("sentinel-morning") });
	assert.deepEqual(sent(aptible), ["deploy with credentials"]);
});

test("an answer without an app's settings is no app without an image, and deploys nothing", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("app", spec, given("sentinel-morning"));
	sent(aptible);
	aptible.fault({ name: "answer-changed", without: ["settings"], command: "GET /settings", times: 99 });
	const { code, stderr } = await aptible.apply("app", spec, { previous, ...given("sentinel-morning") });
	aptible.clearFaults();
	assert.deepEqual([code, sent(aptible)], [1, []], stderr);
	assert.match(stderr, /GET \/settings\/\d+ .*settings/s);
});

test("the first credentials of an app that runs are a reason to deploy, as when a deploy has lost them", async (t) => {
	const aptible = await openReconciler(t);
	const { registry: _, ...open } = portalSpec({ image: "acme/portal:1", registry });
	const previous = await aptible.applied("app", open);
	sent(aptible);
	const facts = await aptible.applied("app", { ...open, registry }, { previous, ...given("sentinel-morning") });
	assert.deepEqual(sent(aptible), ["deploy with credentials"]);
	await aptible.applied("app", { ...open, registry }, { previous: facts, ...given("sentinel-morning") });
	assert.deepEqual(sent(aptible), []);
});
