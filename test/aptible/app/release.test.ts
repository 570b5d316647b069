/** A release brings every service up as it is declared and in no other way, one that is not declared as Aptible would by itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readRuns, type ServiceRun } from "@medstack-to-aptible/sandbox/aptible/journal.ts";
import { defineImage, setLatency } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { horizontal, portalSpec, small, vertical } from "../../support/app-spec.ts";
import { openReconciler, type ReconcilerUnderTest } from "../../support/reconcile.ts";
import { wordsOf } from "../../support/words.ts";

const place = ["--app", "portal", "--environment", "acme-test"];

/** What ran, each kind of container once: `web 2 x 1024`. */
function ran({ dir }: ReconcilerUnderTest, since = 0): string[] {
	const tell = ({ service, containers, containerMb }: ServiceRun) => `${service} ${containers} x ${containerMb}`;
	return [...new Set(readRuns(dir).slice(since).map(tell))].sort();
}

/** Commands with their options, less those that every one has, those that go out side by side in the order of their names. */
function commands(aptible: ReconcilerUnderTest): string[] {
	const told = aptible
		.newJournal()
		.filter(({ writes }) => writes.length > 0)
		.map(({ command, argv }) => [command, ...wordsOf(argv)].join(" "));
	const scales = told.filter((text) => text.startsWith("apps:scale")).sort();
	return [...told.filter((text) => !text.startsWith("apps:scale")), ...scales];
}

test("services that the stage does not declare run as Aptible starts them, whatever the declared ones have", async (t) => {
	const aptible = await openReconciler(t);
	defineImage(aptible.dir, "acme/intake:1", ["cmd", "web", "worker", "cron", "release"]);
	const spec = {
		...portalSpec({ image: "acme/intake:1" }),
		services: { web: { containers: 4, containerMb: 7168, containerProfile: "m" } },
	};
	const facts = await aptible.applied("app", spec);
	assert.deepEqual(ran(aptible), [
		"cmd 1 x 1024",
		"cron 1 x 1024",
		"release 1 x 1024",
		"web 4 x 7168",
		"worker 1 x 1024",
	]);
	assert.deepEqual(commands(aptible), [
		"apps:create portal",
		"deploy --docker-image acme/intake:1 --container-count 0 A=***",
		"apps:scale cmd --container-count 1",
		"apps:scale cron --container-count 1",
		"apps:scale release --container-count 1",
		"apps:scale web --container-count 4 --container-size 7168",
		"apps:scale worker --container-count 1",
	]);
	assert.equal(
		facts.warnings[0],
		'service "cmd" is in the release and not in the stage file: it runs 1 x 1024 MB and is left alone',
	);
	await aptible.applied("app", spec, { previous: facts });
	assert.deepEqual(commands(aptible), []);
});

test("a service with 0 containers never starts, and the other never runs smaller than it is declared", async (t) => {
	const aptible = await openReconciler(t);
	const services = { web: { containers: 2, containerMb: 512 }, worker: { containers: 0, containerMb: 512 } };
	await aptible.applied("app", portalSpec({ services }));
	assert.deepEqual(ran(aptible), ["web 2 x 512"]);
	assert.deepEqual(commands(aptible).slice(1), [
		"deploy --docker-image acme/portal:1 --container-count 0 A=***",
		"apps:scale web --container-count 2 --container-size 512",
		"apps:scale worker --container-size 512",
	]);
});

test("where every new service is as Aptible starts it, the deploy is all that is sent", async (t) => {
	const aptible = await openReconciler(t);
	const { services, ...spec } = portalSpec({ image: "acme/portal:2" });
	const { web } = services as Record<string, object>;
	await aptible.applied("app", { ...spec, services: { web } });
	assert.deepEqual(commands(aptible).slice(1), ["deploy --docker-image acme/portal:2 A=***"]);
});

test("a later release that brings a declared service goes by the same rule, one that brings others only does not", async (t) => {
	const aptible = await openReconciler(t);
	defineImage(aptible.dir, "acme/portal:3", ["web", "worker", "cron", "mailer"]);
	const before = portalSpec({ services: { web: { containers: 2 } } });
	const previous = await aptible.applied("app", before);
	commands(aptible);
	const since = readRuns(aptible.dir).length;
	const cron = { containers: 1, containerMb: 2048 };
	const after = portalSpec({ image: "acme/portal:3", services: { web: { containers: 2 }, cron } });
	const facts = await aptible.applied("app", after, { previous });
	assert.deepEqual(commands(aptible), [
		"deploy --docker-image acme/portal:3 --container-count 0",
		"apps:scale cron --container-count 1 --container-size 2048",
		"apps:scale mailer --container-count 1",
	]);
	assert.deepEqual(ran(aptible, since), ["cron 1 x 2048", "mailer 1 x 1024", "web 2 x 1024", "worker 1 x 1024"]);
	defineImage(aptible.dir, "acme/portal:4", ["web", "worker", "cron", "mailer", "nightly"]);
	await aptible.applied("app", { ...after, image: "acme/portal:4" }, { previous: facts });
	assert.deepEqual(commands(aptible), ["deploy --docker-image acme/portal:4"]);
});

test("a first release that was killed after any write leaves nothing behind that never comes up", async (t) => {
	const aptible = await openReconciler(t);
	const services = { web: { containers: 2 }, worker: { containers: 0 } };
	const spec = portalSpec({ image: "acme/portal:2", services });
	for (const [n, operationMs] of [
		[1, 0],
		[2, 0],
		[2, 300],
		[3, 300],
		[4, 0],
	] as const) {
		setLatency(aptible.dir, { operationMs });
		const since = readRuns(aptible.dir).length;
		assert.ok(await aptible.interrupted(n, "app", spec), `write ${n}`);
		const previous = await aptible.applied("app", spec);
		assert.deepEqual(ran(aptible, since), ["cron 1 x 1024", "web 2 x 1024"], `killed after write ${n}`);
		setLatency(aptible.dir, { operationMs: 0 });
		aptible.newWrites();
		await aptible.applied("app", spec, { previous });
		assert.deepEqual(aptible.newWrites(), []);
		await aptible.removed("app", spec);
	}
});

test("a service that somebody has put at 0, and one that a finished run left there, stay", async (t) => {
	const aptible = await openReconciler(t);
	const spec = portalSpec({ image: "acme/portal:2", services: { web: { containers: 2 } } });
	let previous = await aptible.applied("app", spec);
	await aptible.cli("apps:scale", "cron", ...place, "--container-count", "0");
	commands(aptible);
	previous = await aptible.applied("app", { ...spec, config: { A: "2" } }, { previous });
	assert.deepEqual(commands(aptible), ["config:set A=***"]);
	await aptible.applied("app", { ...spec, config: { A: "2" } });
	assert.deepEqual(commands(aptible), [], "not even where its facts are lost");
	assert.match(previous.warnings.join("\n"), /service "cron" .* it has 0 containers and is left alone/);
});

test("a service that is autoscaled starts where its autoscaling does", async (t) => {
	const aptible = await openReconciler(t);
	const services = {
		web: { ...small, containers: 2, autoscale: horizontal({ min: 2 }) },
		worker: { ...small, containerMb: 2048, autoscale: vertical() },
	};
	await aptible.applied("app", portalSpec({ services }));
	assert.deepEqual(ran(aptible), ["web 2 x 1024", "worker 1 x 2048"]);
});

test("services are scaled side by side, at most four at a time, and every failure is named", async (t) => {
	const aptible = await openReconciler(t);
	const names = ["web", "worker", "cron", "mailer", "nightly", "reports"];
	defineImage(aptible.dir, "acme/big:1", names);
	const sized = (containers: number) => Object.fromEntries(names.map((name) => [name, { ...small, containers }]));
	const previous = await aptible.applied("app", portalSpec({ image: "acme/big:1", services: sized(1) }));
	aptible.newJournal();
	setLatency(aptible.dir, { operationMs: 150 });
	aptible.fault({ name: "scale-fails", handle: "cron" });
	aptible.fault({ name: "scale-fails", handle: "reports", reason: "No capacity in zone b" });
	const { stderr, code } = await aptible.apply("app", portalSpec({ image: "acme/big:1", services: sized(2) }), {
		previous,
	});
	assert.equal(code, 1);
	assert.match(stderr, /app "portal", service "cron": scaling to 2 containers failed[\s\S]*No capacity left/);
	assert.match(stderr, /app "portal", service "reports": scaling to 2 containers failed[\s\S]*No capacity in zone b/);
	const scales = aptible.newJournal().filter(({ command }) => command === "apps:scale");
	assert.equal(scales.length, 6, "one that failed keeps no other from being sent");
	const atOnce = scales.map(({ at }) => scales.filter((one) => one.at <= at && (one.endedAt ?? "") > at).length);
	assert.ok(Math.max(...atOnce) > 1, "side by side");
	assert.ok(Math.max(...atOnce) <= 4, `${Math.max(...atOnce)} at once`);
	await aptible.applied("app", portalSpec({ image: "acme/big:1", services: sized(2) }), { previous });
	assert.deepEqual(commands(aptible), [
		"apps:scale cron --container-count 2",
		"apps:scale reports --container-count 2",
	]);
});

test("an app that somebody deleted by hand comes back with its undeclared services as Aptible starts them", async (t) => {
	const aptible = await openReconciler(t);
	defineImage(aptible.dir, "acme/intake:1", ["web", "cron"]);
	const spec = { ...portalSpec({ image: "acme/intake:1" }), services: { web: { ...small, containers: 2 } } };
	const previous = await aptible.applied("app", spec);
	await aptible.cli("apps:deprovision", ...place);
	const since = readRuns(aptible.dir).length;
	await aptible.applied("app", spec, { previous });
	assert.ok(ran(aptible, since).includes("cron 1 x 1024"), ran(aptible, since).join(", "));
});
