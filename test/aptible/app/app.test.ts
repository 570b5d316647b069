import assert from "node:assert/strict";
import { test } from "node:test";
import { countRestarts } from "@medstack-to-aptible/sandbox/aptible/journal.ts";
import { moveTag } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { portalSpec } from "../../support/app-spec.ts";
import { openReconciler } from "../../support/reconcile.ts";

const privateImage = {
	image: "registry.acme.example/portal:1",
	registry: { username: "deploy", password: "${secrets.registryPassword}", deployOnChange: true },
	config: { A: "1", SESSION_KEY: "${secrets.sessionKey}" },
};
const secrets = { "secrets.registryPassword": "sentinel-registry", "secrets.sessionKey": "sentinel-session" };

test("an app takes one deploy, a second apply sends nothing, and each change alone takes what it needs", async (t) => {
	const aptible = await openReconciler(t);
	const spec = portalSpec({ services: { web: { containers: 2 }, worker: { containerMb: 512 } } });
	let previous = await aptible.applied("app", spec);
	const [create, deploy, ...scales] = aptible.newWrites();
	// Services are scaled side by side.
	assert.deepEqual(
		[create, deploy, ...scales.sort()],
		["create apps portal", "deploy apps portal", "scale services web", "scale services worker"],
	);
	assert.deepEqual(previous.services, ["web", "worker"]);
	previous = await aptible.applied("app", spec, { previous });
	assert.deepEqual(aptible.newWrites(), []);

	const steps: [change: object, writes: string[]][] = [
		[{ config: { A: "2", B: "x=y" } }, ["configure apps portal"]],
		[{ config: { B: "x=y" } }, ["configure apps portal"]],
		[{ image: "acme/portal:2", config: { B: "z" } }, ["deploy apps portal"]],
	];
	for (const [change, writes] of steps) {
		previous = await aptible.applied("app", { ...spec, ...change }, { previous });
		assert.deepEqual(aptible.newWrites(), writes, JSON.stringify(change));
	}
	assert.deepEqual(previous.warnings, [
		'service "cron" is in the release and not in the stage file: it runs 1 x 1024 MB and is left alone',
	]);
	assert.equal(countRestarts(aptible.dir, "portal"), 6, "deploy, two scales, twice config, deploy");
});

test("a secret goes to Aptible and nowhere else, and a rotated registry password alone deploys", async (t) => {
	const aptible = await openReconciler(t);
	const first = await aptible.apply("app", portalSpec(privateImage), { secrets });
	assert.equal(first.code, 0, first.stderr);
	const rotated = { ...secrets, "secrets.registryPassword": "sentinel-rotated" };
	aptible.newJournal();
	const second = await aptible.apply("app", portalSpec(privateImage), { previous: first.facts, secrets: rotated });
	const journal = aptible.newJournal();
	const deploys = journal.filter(({ command }) => command === "deploy");
	assert.deepEqual(
		deploys.map(({ writes }) => Object.keys(writes[0] && "body" in writes[0] ? writes[0].body : {})),
		[["type", "settings", "sensitive_settings"]],
	);
	await aptible.applied("app", portalSpec(privateImage), { previous: second.facts, secrets: rotated });
	assert.deepEqual(aptible.newWrites(), []);
	for (const sentinel of [...Object.values(secrets), "sentinel-rotated"]) {
		assert.ok(!JSON.stringify([first, second, journal]).includes(sentinel), sentinel);
	}
	assert.ok(
		journal.every(({ telemetry }) =>
			Object.keys(telemetry ?? {}).every((name) => !name.startsWith("private_registry")),
		),
	);

	// The stage goes public: credentials that were set from here are taken away with the image.
	const open = await aptible.applied("app", portalSpec(), { previous: second.facts });
	assert.deepEqual(aptible.newWrites(), ["deploy apps portal"]);
	assert.equal(open.ownsRegistry, false);
	await aptible.applied("app", portalSpec(), { previous: open });
	assert.deepEqual(aptible.newWrites(), []);
});

test("a failed before_deploy gives the log's end, masked, and what to do; the next apply deploys once", async (t) => {
	const aptible = await openReconciler(t);
	const spec = portalSpec(privateImage);
	const reason = "before_deploy: rake db:migrate SESSION_KEY=sentinel-session: exit 1";
	aptible.fault({ name: "deploy-fails", reason });
	const first = await aptible.apply("app", spec, { secrets });
	assert.equal(first.code, 1);
	const id = /operation (\d+)/.exec(first.stderr)?.[1] ?? "";
	assert.match(
		first.stderr,
		new RegExp(`app "portal": deploying ${spec.image} failed \\(operation ${id}, deploy failed\\)`),
	);
	assert.match(
		first.stderr,
		/ {2}\S+ \S+ \S+ ERROR -- : before_deploy: rake db:migrate SESSION_KEY=\[secret\]: exit 1\n/,
	);
	assert.match(
		first.stderr,
		/A command under before_deploy \(\/\.aptible\/\.aptible\.yml in the image\) failed, so nothing was released\./,
	);
	assert.match(first.stderr, new RegExp(`aptible operation:logs ${id}\\.`));
	assert.ok(!first.stderr.includes("sentinel"), first.stderr);
	aptible.newWrites();
	let previous = await aptible.applied("app", spec, { secrets });
	assert.deepEqual(aptible.newWrites(), ["deploy apps portal"], "the app that is there is taken up");

	aptible.fault({ name: "deploy-fails", reason });
	const other = { ...spec, image: "registry.acme.example/portal:2" };
	const failed = await aptible.apply("app", other, { secrets, previous });
	assert.match(
		failed.stderr,
		/failed, so the release before it runs on\. What the commands did to a database stays done/,
	);
	aptible.newWrites();
	await aptible.applied("app", spec, { secrets, previous });
	assert.deepEqual(aptible.newWrites(), [], "back to what runs: Aptible took the failed deploy back");
	const configured = { ...spec, config: { ...privateImage.config, A: "2" } };
	previous = await aptible.applied("app", configured, { secrets, previous });
	assert.deepEqual(aptible.newWrites(), ["configure apps portal"], "config alone after a failed deploy");
	await aptible.applied("app", { ...other, config: { ...privateImage.config, A: "3" } }, { secrets, previous });
	assert.deepEqual(aptible.newWrites(), ["deploy apps portal"], "image and config in one");
});

test("a failed configure changes nothing and is sent again", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("app", portalSpec());
	aptible.fault({ name: "configure-fails" });
	const spec = portalSpec({ config: { A: "2" } });
	assert.equal((await aptible.apply("app", spec, { previous })).code, 1);
	aptible.newWrites();
	await aptible.applied("app", spec, { previous });
	assert.deepEqual(aptible.newWrites(), ["configure apps portal"]);
});

test("a tag that moves is told by what runs", async (t) => {
	const aptible = await openReconciler(t);
	const image = "acme/portal:latest";
	const spec = portalSpec({ image, services: {} });
	const { cmd } = { cmd: { containers: 1, containerMb: 1024, containerProfile: "m" } };
	const app = { ...spec, services: { cmd } };
	const first = await aptible.applied("app", app);
	const { digest } = first.release;
	assert.deepEqual(first.warnings, [
		`the tag "latest" of ${image} moves, and a later push to it is neither seen nor deployed; name a release's tag, or ${image}@${digest}, which runs`,
	]);
	moveTag(aptible.dir, image);
	await aptible.cli("deploy", "--app", "portal", "--environment", "acme-test");
	const second = await aptible.applied("app", app, { previous: first });
	assert.match(
		second.warnings[0],
		new RegExp(`^the tag of ${image} has moved: it was ${digest} when it was released before`),
	);
	assert.notEqual(second.release.digest, digest);
	const pinned = await aptible.applied(
		"app",
		{ ...app, image: `${image}@${second.release.digest}` },
		{ previous: second },
	);
	assert.deepEqual(pinned.warnings, []);
});

test("an app is renamed with its services, config and endpoints, and nothing is deployed", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("app", portalSpec());
	const place = (app: string) => ["--app", app, "--environment", "acme-test"];
	await aptible.cli("endpoints:https:create", "web", ...place("portal"), "--default-domain");
	const endpoints = await aptible.cli("endpoints:list", ...place("portal"));
	const services = await aptible.cli("services", ...place("portal"));
	aptible.newWrites();
	const spec = portalSpec({ handle: "clinic", renamedFrom: "portal" });
	const facts = await aptible.applied("app", spec, { previous });
	assert.deepEqual(aptible.newWrites(), ["update apps"]);
	assert.equal(facts.id, previous.id);
	assert.equal(facts.gitRemote, "git@beta.aptible.com:acme-test/clinic.git");
	await aptible.applied("app", spec, { previous: facts });
	assert.deepEqual(aptible.newWrites(), []);
	assert.deepEqual(await aptible.cli("endpoints:list", ...place("clinic")), endpoints);
	const ids = (list: unknown) => (list as { id: number }[]).map(({ id }) => id);
	assert.deepEqual(ids(await aptible.cli("services", ...place("clinic"))), ids(services));
});

test("an app that was made by hand is taken over with what differs, and with nothing where nothing does", async (t) => {
	const aptible = await openReconciler(t);
	const place = ["--app", "portal", "--environment", "acme-test"];
	await aptible.cli("apps:create", "portal", "--environment", "acme-test");
	await aptible.cli("deploy", ...place, "--docker-image", "acme/portal:1", "A=1", "THEIRS=1");
	await aptible.cli("services:settings", "web", ...place, "--force-zero-downtime");
	aptible.newWrites();
	const same = portalSpec({ services: { web: { forceZeroDowntime: true } } });
	const facts = await aptible.applied("app", same);
	assert.deepEqual(aptible.newWrites(), []);
	assert.deepEqual(facts.configKeys, ["A"]);
	await aptible.applied("app", portalSpec({ config: { A: "2" }, services: { web: { containers: 2 } } }));
	assert.deepEqual(aptible.newWrites(), ["update services", "configure apps portal", "scale services web"]);
});
