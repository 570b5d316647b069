/** An app that CI releases: the stage file's image is the first one; config, services and sizes stay the file's. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { callCli } from "@medstack-to-aptible/sandbox/aptible/cli.ts";
import { defineImage, sandboxToken, setLatency } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { portalSpec, small } from "../../support/app-spec.ts";
import { openReconciler, type ReconcilerUnderTest } from "../../support/reconcile.ts";

const spec = portalSpec({ releasedBy: "ci" });
const at = ["--app", "portal", "--environment", "acme-test"];

/** An Aptible that knows every release of the portal. */
async function openRegistry(t: TestContext): Promise<ReconcilerUnderTest> {
	const aptible = await openReconciler(t);
	defineImage(aptible.dir, "acme/portal:*", ["web", "worker"]);
	return aptible;
}

/** `aptible deploy` of CI's own user. */
async function deployByCi(aptible: ReconcilerUnderTest, image: string, ...more: string[]): Promise<void> {
	const env = { ...aptible.env, APTIBLE_ACCESS_TOKEN: sandboxToken("ci@acme.example") };
	const { code, stderr } = await callCli(["deploy", ...at, "--docker-image", image, ...more], env);
	assert.equal(code, 0, stderr);
	aptible.newJournal();
}

/** What a run is told with `--release`. */
const told = (run: string) => ({ secrets: { "hints.release": run } });

test("the first release is the stage file's, later ones are CI's and stay through changes of config and size", async (t) => {
	const aptible = await openRegistry(t);
	const first = await aptible.applied("app", spec);
	assert.deepEqual(aptible.newMutations(), ["apps:create", "deploy"]);
	assert.deepEqual([first.release.image, first.warnings], ["acme/portal:1", []]);
	await deployByCi(aptible, "acme/portal:2", "APTIBLE_GIT_COMMIT_SHA=4f9a1c2");
	let previous = await aptible.applied("app", spec, { previous: first });
	assert.deepEqual([aptible.newMutations(), previous.warnings], [[], []]);
	assert.equal(previous.release.image, "acme/portal:2");
	const changed = { ...spec, config: { A: "2" }, services: { web: { ...small, containers: 2 }, worker: small } };
	previous = await aptible.applied("app", changed, { previous });
	assert.deepEqual(aptible.newWrites(), ["configure apps portal", "scale services web"]);
	assert.equal(previous.release.image, "acme/portal:2");
	previous = await aptible.applied("app", { ...changed, image: "acme/portal:3" }, { previous });
	assert.deepEqual(aptible.newMutations(), [], "a changed image alone");
	const git = { ...changed, image: undefined, git: { commitish: "4f9a1c2" } };
	await aptible.applied("app", git, { previous });
	assert.deepEqual(aptible.newMutations(), [], "nor a commit in its place");
});

test("--release deploys what the stage file says, once", async (t) => {
	const aptible = await openRegistry(t);
	let previous = await aptible.applied("app", spec);
	await deployByCi(aptible, "acme/portal:2");
	const wanted = { ...spec, image: "acme/portal:3" };
	previous = await aptible.applied("app", wanted, { previous, ...told("monday") });
	assert.deepEqual(aptible.newMutations(), ["deploy"]);
	assert.deepEqual([previous.release.image, previous.releasedFor], ["acme/portal:3", "monday"]);
	await deployByCi(aptible, "acme/portal:4");
	// Pulumi hands over what the last run was told until another one is told something.
	previous = await aptible.applied("app", { ...wanted, config: { A: "2" } }, { previous, ...told("monday") });
	assert.deepEqual(aptible.newMutations(), ["config:set"]);
	assert.deepEqual([previous.release.image, previous.releasedFor], ["acme/portal:4", "monday"]);
	previous = await aptible.applied("app", { ...wanted, config: { A: "2" } }, { previous, ...told("tuesday") });
	assert.deepEqual([aptible.newMutations(), previous.release.image], [["deploy"], "acme/portal:3"]);
	previous = await aptible.applied("app", { ...wanted, config: { A: "2" } }, { previous, ...told("wednesday") });
	assert.deepEqual([aptible.newMutations(), previous.releasedFor], [[], "wednesday"], "it runs already");
});

test("an app that was made anew by others keeps what CI has deployed to it: the --release of long ago is over", async (t) => {
	const aptible = await openRegistry(t);
	const wanted = { ...spec, image: "acme/portal:3" };
	let previous = await aptible.applied("app", spec);
	previous = await aptible.applied("app", wanted, { previous, ...told("monday") });
	await aptible.cli("apps:deprovision", ...at);
	await aptible.cli("apps:create", "portal", "--environment", "acme-test");
	await deployByCi(aptible, "acme/portal:4", "A=1");
	for (const _ of ["first", "second"]) {
		previous = await aptible.applied("app", wanted, { previous, ...told("monday") });
		assert.deepEqual([aptible.newMutations(), previous.release.image], [[], "acme/portal:4"]);
	}
	assert.equal(previous.releasedFor, "monday");
});

test("--release that was killed after any write, or failed, is done by the next one and not twice", async (t) => {
	const aptible = await openRegistry(t);
	const wanted = {
		...spec,
		image: "acme/portal:3",
		config: { A: "2" },
		services: { web: { ...small, containers: 2 }, worker: small },
	};
	setLatency(aptible.dir, { operationMs: 300 });
	const previous = await aptible.applied("app", spec);
	aptible.newWrites();
	for (const n of [1, 2]) {
		assert.ok(await aptible.interrupted(n, "app", wanted, { previous, ...told("one") }));
		await aptible.applied("app", wanted, { previous, ...told("two") });
		assert.deepEqual(aptible.newWrites(), ["deploy apps portal", "scale services web"], `killed after write ${n}`);
		await deployByCi(aptible, "acme/portal:1", "A=1");
		await aptible.applied("app", spec, { previous });
		aptible.newWrites();
	}
	aptible.fault({ name: "deploy-fails" });
	assert.equal((await aptible.apply("app", wanted, { previous, ...told("three") })).code, 1);
	aptible.newWrites();
	const facts = await aptible.applied("app", { ...wanted, image: "acme/portal:3" }, { previous });
	assert.deepEqual(
		aptible.newWrites(),
		["configure apps portal", "scale services web"],
		"a run that is not told to deploys nothing",
	);
	assert.equal(facts.release.image, "acme/portal:1");
});

test("a first run that was killed goes on; what CI has deployed meanwhile stays", async (t) => {
	const aptible = await openRegistry(t);
	const mark = { place: "apps.portal", after: 0, by: "robot@acme.example" };
	const claim = { secrets: { "hints.claim": JSON.stringify(mark) } };
	assert.ok(await aptible.interrupted(2, "app", spec, claim));
	await deployByCi(aptible, "acme/portal:2");
	const facts = await aptible.applied("app", spec, claim);
	assert.deepEqual([aptible.newMutations(), facts.release.image], [[], "acme/portal:2"]);
	await aptible.removed("app", spec, { previous: facts });
	await aptible.cli("apps:create", "portal", "--environment", "acme-test");
	await deployByCi(aptible, "acme/portal:2");
	const { code, stderr } = await aptible.apply("app", spec, claim);
	assert.equal(code, 1, "CI's user has made all of it");
	assert.match(stderr, /apps\.portal: .*were not made by this stack|were not made by this stack.*apps\.portal/s);
});

test("a deploy of CI's that begins while the first one from here is prepared is waited for, and is the only one", async (t) => {
	const aptible = await openRegistry(t);
	await aptible.cli("apps:create", "portal", "--environment", "acme-test");
	aptible.newJournal();
	setLatency(aptible.dir, { operationMs: 3000 });
	aptible.fault({ name: "operations-lag", times: 1 });
	const theirs = deployByCi(aptible, "acme/portal:2");
	await sleep(500);
	const { facts, stderr } = await aptible.apply("app", spec);
	await theirs;
	assert.match(stderr, /CI has released it meanwhile/);
	assert.equal(facts.release.image, "acme/portal:2");
	assert.equal(facts.configKeys.length, 1);
	assert.deepEqual(aptible.pendingFaults(), []);
});

test("services that only a release of CI's adds or removes are said, and fail nothing", async (t) => {
	const aptible = await openRegistry(t);
	defineImage(aptible.dir, "acme/portal:5", ["web", "beat"]);
	let previous = await aptible.applied("app", spec);
	await deployByCi(aptible, "acme/portal:5");
	const { stderr, facts } = await aptible.apply("app", { ...spec, config: { A: "2" } }, { previous });
	assert.match(
		stderr,
		/service "worker" is in the stage file and not in what runs.* remove apps\.portal\.services\.worker/,
	);
	assert.match(stderr, /service "beat" is in the release and not in the stage file: it runs 1 x 1024 MB/);
	assert.deepEqual([aptible.newMutations(), facts.services, facts.warnings], [["config:set"], ["beat", "web"], []]);
	const sized = { ...spec, config: { A: "2" }, services: { web: small, worker: { ...small, containers: 3 } } };
	await deployByCi(aptible, "acme/portal:6");
	previous = await aptible.applied("app", sized, { previous: facts });
	assert.deepEqual(aptible.newWrites(), ["scale services worker"], "sizes are the stage file's");
	const { code, stderr: refused } = await aptible.apply(
		"app",
		{ ...sized, image: "acme/portal:5" },
		{ previous, ...told("now") },
	);
	assert.equal(code, 1, "what is deployed from here has to have them");
	assert.match(refused, /image acme\/portal:5 has no service "worker"/);
});

test("the credentials of CI's deploys stay; those of the stage file go with --release", async (t) => {
	const aptible = await openRegistry(t);
	const registry = { username: "deploy", password: "${secrets.password}" };
	const from = (image: string) => ({ ...spec, image: `registry.acme.example/portal:${image}`, registry });
	const given = (password: string, more = {}) => ({ secrets: { "secrets.password": password, ...more } });
	const sent = () =>
		aptible
			.newJournal()
			.filter(({ writes }) => writes.length > 0)
			.map(
				({ command, argv }) => `${command}${argv.includes("--private-registry-password") ? " with credentials" : ""}`,
			);
	let previous = await aptible.applied("app", from("1"), given("sentinel-morning"));
	assert.deepEqual(sent(), ["apps:create", "deploy with credentials"]);
	const credentials = ["--private-registry-username", "deploy", "--private-registry-password", "sentinel-of-ci"];
	await deployByCi(aptible, "registry.acme.example/portal:2", ...credentials);
	previous = await aptible.applied("app", from("1"), { previous, ...given("sentinel-evening") });
	assert.deepEqual([sent(), previous.warnings], [[], []]);
	previous = await aptible.applied("app", from("2"), {
		previous,
		...given("sentinel-night", { "hints.release": "now" }),
	});
	assert.deepEqual(sent(), ["deploy with credentials"], "the same image with other credentials");
	await deployByCi(aptible, "acme/portal:2", "--private-registry-username", "", "--private-registry-password", "");
	previous = await aptible.applied("app", from("2"), { previous, ...given("sentinel-night") });
	assert.deepEqual([sent(), previous.ownsRegistry, previous.warnings], [[], false, []]);
});

test("from the stage file to CI sends nothing, and back deploys what the stage file says", async (t) => {
	const aptible = await openRegistry(t);
	const { releasedBy: _, ...own } = spec;
	let previous = await aptible.applied("app", own);
	aptible.newMutations();
	previous = await aptible.applied("app", { ...spec, image: "acme/portal:9" }, { previous });
	assert.deepEqual([aptible.newMutations(), previous.release.image], [[], "acme/portal:1"]);
	await deployByCi(aptible, "acme/portal:2");
	previous = await aptible.applied("app", { ...own, image: "acme/portal:9" }, { previous });
	assert.deepEqual([aptible.newMutations(), previous.releasedFor], [["deploy"], undefined]);
	await aptible.applied("app", { ...own, image: "acme/portal:9" }, { previous });
	assert.deepEqual(aptible.newMutations(), []);
});
