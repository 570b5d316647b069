/** Services at 0: one that somebody keeps there stays there, whatever image comes; one that goes there never runs the new image. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readRuns } from "@medstack-to-aptible/sandbox/aptible/journal.ts";
import { attributeOperations } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { horizontal, portalSpec, small, vertical } from "../../support/app-spec.ts";
import { openReconciler, type ReconcilerUnderTest } from "../../support/reconcile.ts";
import { wordsOf } from "../../support/words.ts";

const place = ["--app", "portal", "--environment", "acme-test"];

function ran({ dir }: ReconcilerUnderTest, since = 0): string[] {
	const told = readRuns(dir).slice(since);
	return [
		...new Set(told.map(({ service, containers, containerMb }) => `${service} ${containers} x ${containerMb}`)),
	].sort();
}

function commands(aptible: ReconcilerUnderTest): string[] {
	return aptible
		.newJournal()
		.filter(({ writes }) => writes.length > 0)
		.map(({ command, argv }) => [command, ...wordsOf(argv)].join(" "));
}

const starts = (service: string) =>
	new RegExp(
		`service "${service}" is in the release and not in the stage file: it has 0 containers and is left alone; to start it: ` +
			`\`aptible apps:scale --app portal --environment acme-test --container-count 1 -- ${service}\``,
	);

test("a service that was declared with 0 containers and whose line goes is not started by a release that brings another", async (t) => {
	const aptible = await openReconciler(t);
	const before = portalSpec({ services: { worker: { containers: 0 } } });
	const previous = await aptible.applied("app", before);
	commands(aptible);
	const after = {
		...portalSpec({ image: "acme/portal:2" }),
		services: { web: small, cron: { ...small, containers: 2, containerMb: 2048 } },
	};
	const since = readRuns(aptible.dir).length;
	const facts = await aptible.applied("app", after, { previous });
	assert.deepEqual(commands(aptible), [
		"deploy --docker-image acme/portal:2 --container-count 0",
		"apps:scale cron --container-count 2 --container-size 2048",
	]);
	assert.deepEqual(ran(aptible, since), ["cron 2 x 2048", "web 1 x 1024"]);
	assert.match(facts.warnings.join("\n"), starts("worker"));
});

test("a service that the owner of an adopted app left at 0 at its first deploy is not started", async (t) => {
	const aptible = await openReconciler(t);
	await aptible.cli("apps:create", "portal", "--environment", "acme-test");
	await aptible.cli("deploy", ...place, "--docker-image", "acme/portal:2", "--container-count", "0", "A=1");
	for (const service of ["web", "worker"]) await aptible.cli("apps:scale", service, ...place, "--container-count", "1");
	commands(aptible);
	for (const [change, sent] of [
		[{}, []],
		[{ config: { A: "2" } }, ["config:set A=***"]],
		[{ config: { A: "2", B: "1" } }, ["config:set B=***"]],
	] as const) {
		const facts = await aptible.applied("app", portalSpec({ image: "acme/portal:2", ...change }));
		assert.deepEqual(commands(aptible), sent);
		assert.match(facts.warnings.join("\n"), starts("cron"));
	}
});

test("a deploy with 0 that somebody else sends between two runs starts nothing", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("app", portalSpec());
	await aptible.cli("deploy", ...place, "--docker-image", "acme/portal:2", "--container-count", "0");
	attributeOperations(aptible.dir, "portal", "ana@acme.example");
	commands(aptible);
	const facts = await aptible.applied("app", portalSpec({ image: "acme/portal:2" }), { previous });
	assert.deepEqual(commands(aptible), []);
	assert.match(facts.warnings.join("\n"), starts("cron"));
});

test("a service that goes to 0 with a new image or other config never runs it", async (t) => {
	for (const [change, release] of [
		[{ image: "acme/portal:2" }, "deploy --docker-image acme/portal:2"],
		[{ config: { A: "2" } }, "config:set A=***"],
	] as const) {
		const aptible = await openReconciler(t);
		const previous = await aptible.applied("app", portalSpec({ services: { worker: { containers: 2 } } }));
		commands(aptible);
		const since = readRuns(aptible.dir).length;
		const after = portalSpec({ ...change, services: { worker: { containers: 0, containerMb: 512 } } });
		const facts = await aptible.applied("app", after, { previous });
		assert.deepEqual(commands(aptible), ["apps:scale worker --container-count 0 --container-size 512", release]);
		assert.deepEqual(
			ran(aptible, since).filter((one) => one.startsWith("worker")),
			[],
		);
		await aptible.applied("app", after, { previous: facts });
		assert.deepEqual(commands(aptible), []);
	}
});

test("a service that goes from autoscaled to 0 loses its autoscaling before the release, wherever the run is killed", async (t) => {
	const aptible = await openReconciler(t);
	const before = portalSpec({ services: { worker: { containers: 2, autoscale: horizontal({ min: 2 }) } } });
	const after = portalSpec({ image: "acme/portal:2", services: { worker: { containers: 0 } } });
	const writes = ["delete service_sizing_policies", "scale services worker", "deploy apps portal"];
	let previous = await aptible.applied("app", before);
	for (const n of [undefined, 1, 2, 3]) {
		aptible.newWrites();
		const since = readRuns(aptible.dir).length;
		if (n !== undefined) assert.ok(await aptible.interrupted(n, "app", after, { previous }));
		const facts = await aptible.applied("app", after, { previous });
		assert.deepEqual(aptible.newWrites(), writes, `killed after ${n}`);
		assert.deepEqual(ran(aptible, since), ["cron 1 x 1024", "web 1 x 1024"]);
		previous = await aptible.applied("app", before, { previous: facts });
	}
});

test("an autoscaled service starts as declared after a run that was killed, too", async (t) => {
	const aptible = await openReconciler(t);
	const spec = portalSpec({
		services: {
			web: { containers: 3, autoscale: horizontal() },
			worker: { containerMb: 4096, autoscale: vertical({ minMb: 1024 }) },
		},
	});
	for (const n of [2, 3, 4]) {
		const since = readRuns(aptible.dir).length;
		assert.ok(await aptible.interrupted(n, "app", spec), `write ${n}`);
		await aptible.applied("app", spec);
		assert.deepEqual(ran(aptible, since), ["web 3 x 1024", "worker 1 x 4096"], `killed after write ${n}`);
		await aptible.removed("app", spec);
	}
});
