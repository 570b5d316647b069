import assert from "node:assert/strict";
import { test } from "node:test";
import { countRestarts } from "@medstack-to-aptible/sandbox/aptible/journal.ts";
import { defineImage, setLatency } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { portalSpec } from "../../support/app-spec.ts";
import { openReconciler, type ReconcilerUnderTest } from "../../support/reconcile.ts";
import { wordsOf } from "../../support/words.ts";

const place = ["--app", "portal", "--environment", "acme-test"];

/** What was asked of services and deploys since the journal was read last: command and options, scales (side by side) sorted. */
function commands(aptible: ReconcilerUnderTest): string[] {
	const told = aptible
		.newJournal()
		.filter(({ writes }) => writes.length > 0)
		.map(({ command, argv }) => [command, ...wordsOf(argv)].join(" "));
	const isScale = (text: string) => text.startsWith("apps:scale");
	return [...told.filter((text) => !isScale(text)), ...told.filter(isScale).sort()];
}

test("new services come up in the one deploy, with one scale each, and later one for each that differs", async (t) => {
	const aptible = await openReconciler(t);
	defineImage(aptible.dir, "acme/big:1", ["web", "worker", "cron", "mailer"]);
	const large = { containers: 2, containerMb: 2048 };
	const services = { web: large, worker: large, cron: { containerMb: 512 }, mailer: large };
	const previous = await aptible.applied("app", portalSpec({ image: "acme/big:1", services }));
	assert.deepEqual(commands(aptible), [
		"apps:create portal",
		"deploy --docker-image acme/big:1 --container-count 0 A=***",
		"apps:scale cron --container-count 1 --container-size 512",
		"apps:scale mailer --container-count 2 --container-size 2048",
		"apps:scale web --container-count 2 --container-size 2048",
		"apps:scale worker --container-count 2 --container-size 2048",
	]);
	// The rival stops at the first service that is as it was (defect a).
	const resized = { ...services, cron: { containerMb: 1024 }, mailer: { ...large, containers: 3 } };
	await aptible.applied("app", portalSpec({ image: "acme/big:1", services: resized }), { previous });
	assert.deepEqual(commands(aptible), [
		"apps:scale cron --container-size 1024",
		"apps:scale mailer --container-count 3",
	]);
});

test("a service that comes with the image of the same run is set up in it", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("app", portalSpec());
	commands(aptible);
	// The rival sets flags before the deploy that brings the service in, and fails (defect c).
	const spec = portalSpec({ image: "acme/portal:2", services: { cron: { containers: 2, stopTimeoutSeconds: 60 } } });
	await aptible.applied("app", spec, { previous });
	assert.deepEqual(commands(aptible), [
		"deploy --docker-image acme/portal:2 --container-count 0",
		"services:settings cron --stop-timeout 60",
		"apps:scale cron --container-count 2",
	]);
});

test("a failed first deploy says why, and nothing is asked of services that are not there", async (t) => {
	const aptible = await openReconciler(t);
	aptible.fault({ name: "deploy-fails", reason: "exec format error" });
	const { stderr } = await aptible.apply("app", portalSpec({ services: { web: { stopTimeoutSeconds: 60 } } }));
	// The rival goes on and reports a service that it does not find (defect d).
	assert.match(stderr, /exec format error/);
	assert.doesNotMatch(stderr, /no service|Unable to find/);
	assert.deepEqual(aptible.newWrites(), ["create apps portal", "deploy apps portal"]);
});

test("how a service is released is set before the release, on services that are there, and each setting alone", async (t) => {
	const aptible = await openReconciler(t);
	let previous = await aptible.applied("app", portalSpec());
	commands(aptible);
	const restarts = countRestarts(aptible.dir, "portal");
	const steps: [web: Record<string, unknown>, option: string][] = [
		[{ forceZeroDowntime: true }, "--force-zero-downtime"],
		[{ forceZeroDowntime: true, simpleHealthCheck: true }, "--simple-health-check"],
		[{ forceZeroDowntime: true, simpleHealthCheck: true, restartFreeScaling: true }, "--restart-free-scaling"],
		[
			{ stopTimeoutSeconds: 900 },
			"--no-force-zero-downtime --no-simple-health-check --no-restart-free-scaling --stop-timeout 900",
		],
		[{}, "--stop-timeout 10"],
	];
	for (const [web, option] of steps) {
		const result = await aptible.apply("app", portalSpec({ services: { web } }), { previous });
		// The rival takes a stop timeout for a size, and scales (defect e).
		assert.deepEqual(commands(aptible), [`services:settings web ${option}`]);
		assert.match(result.stderr, /how web is released counts from the next release on/);
		previous = result.facts;
	}
	assert.equal(countRestarts(aptible.dir, "portal"), restarts, "nothing was restarted");

	const both = portalSpec({ image: "acme/portal:2", services: { web: { stopTimeoutSeconds: 30, containers: 2 } } });
	const result = await aptible.apply("app", both, { previous });
	assert.deepEqual(commands(aptible), [
		"services:settings web --stop-timeout 30",
		"deploy --docker-image acme/portal:2",
		"apps:scale web --container-count 2",
	]);
	assert.doesNotMatch(result.stderr, /counts from the next release on/);
});

test("settings that somebody changed by hand are healed, and a broken connection after one is no failure", async (t) => {
	const aptible = await openReconciler(t);
	const spec = portalSpec({ services: { web: { stopTimeoutSeconds: 60 } } });
	const previous = await aptible.applied("app", spec);
	await aptible.cli("services:settings", "web", ...place, "--stop-timeout", "5", "--force-zero-downtime");
	commands(aptible);
	aptible.fault({ name: "connection-drops", write: "update" });
	await aptible.applied("app", spec, { previous });
	assert.deepEqual(commands(aptible), ["services:settings web --no-force-zero-downtime --stop-timeout 60"]);
	await aptible.applied("app", spec, { previous });
	assert.deepEqual(commands(aptible), []);
});

test("a service that the running release lacks fails before anything is sent", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("app", portalSpec());
	aptible.newWrites();
	const spec = portalSpec({ services: { web: { stopTimeoutSeconds: 60, containers: 3 }, nightly: {} } });
	const { stderr, code } = await aptible.apply("app", spec, { previous });
	assert.equal(code, 1);
	assert.equal(
		stderr.trim(),
		'app "portal": image acme/portal:1 has no service "nightly"; it has "web", "worker". A service is a line of ' +
			"/.aptible/Procfile in the image. Release one that has it, or change apps.portal.services.",
	);
	assert.deepEqual(aptible.newWrites(), []);
});

test("an image whose Procfile is in the wrong place fails with the right one", async (t) => {
	const aptible = await openReconciler(t);
	const { stderr } = await aptible.apply("app", portalSpec({ image: "acme/misplaced:1" }));
	assert.match(
		stderr,
		/image acme\/misplaced:1 has no service "web", "worker"; it has "cmd"\. Aptible makes the single service "cmd" where it finds no Procfile: it looks for \/\.aptible\/Procfile in the image and nowhere else\./,
	);
	assert.deepEqual(aptible.newWrites(), ["create apps portal", "deploy apps portal"]);
	const cmd = { containers: 1, containerMb: 1024, containerProfile: "m" };
	await aptible.applied("app", { ...portalSpec({ image: "acme/misplaced:1" }), services: { cmd } });
	assert.deepEqual(aptible.newWrites(), [], "and the app that is there is taken up");
});

test("a failed scale fails the run, and only what is left is sent again", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("app", portalSpec());
	commands(aptible);
	const spec = portalSpec({ services: { web: { containers: 2 }, worker: { containerMb: 2048 } } });
	aptible.fault({ name: "scale-fails", handle: "worker" });
	const { stderr } = await aptible.apply("app", spec, { previous });
	assert.match(stderr, /app "portal", service "worker": scaling to 2048 MB failed[\s\S]*No capacity left/);
	commands(aptible);
	await aptible.applied("app", spec, { previous });
	assert.deepEqual(commands(aptible), ["apps:scale worker --container-size 2048"]);
});

test("settings of several services are set side by side", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("app", portalSpec());
	setLatency(aptible.dir, { callMs: 300 });
	const services = { web: { stopTimeoutSeconds: 60 }, worker: { stopTimeoutSeconds: 60 } };
	aptible.newJournal();
	await aptible.applied("app", portalSpec({ services }), { previous });
	const settings = aptible.newJournal().filter(({ command }) => command === "services:settings");
	assert.equal(settings.length, 2);
	const [first, second] = settings.map(({ at, endedAt }) => ({ from: Date.parse(at), to: Date.parse(endedAt ?? "") }));
	assert.ok((second?.from ?? 0) - (first?.from ?? 0) < 300, "the second was sent after the first had ended");
});

test("the operations of a service are read before and after the look at it, and once after its scale", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("app", portalSpec());
	aptible.newJournal();
	await aptible.applied("app", portalSpec({ services: { worker: { containers: 3 } } }), { previous });
	const reads = aptible
		.newJournal()
		.filter(({ command }) => /^(GET \/services\/\d+\/operations|apps:scale)$/.test(command));
	assert.deepEqual(
		reads.map(({ source }) => source),
		["api", "api", "cli", "api"],
	);
});
