import assert from "node:assert/strict";
import { test } from "node:test";
import { horizontal } from "../../support/app-spec.ts";
import { autoscalerScales, place, withWorker, worker } from "../../support/autoscaled-worker.ts";
import { openReconciler } from "../../support/reconcile.ts";
import { wordsOf } from "../../support/words.ts";

test("on, off, on and off again ends each time in what is declared", async (t) => {
	const aptible = await openReconciler(t);
	let previous = await aptible.applied("app", withWorker({ containers: 2 }));
	aptible.newJournal();
	const on = withWorker({ containers: 1, autoscale: horizontal({ max: 3 }) });
	const off = withWorker({ containers: 2 });
	for (const round of [1, 2]) {
		previous = await aptible.applied("app", on, { previous });
		assert.deepEqual(aptible.newWrites(), ["create service_sizing_policies worker"], `on ${round}: it goes on from 2`);
		await autoscalerScales(aptible, "--container-count", "3");
		await aptible.applied("app", on, { previous });
		assert.deepEqual(aptible.newWrites(), []);
		previous = await aptible.applied("app", off, { previous });
		assert.deepEqual(aptible.newWrites(), ["delete service_sizing_policies", "scale services worker"], `off ${round}`);
		await aptible.applied("app", off, { previous });
		assert.deepEqual(aptible.newWrites(), []);
		assert.equal(await worker(aptible), "2 x 1024 MB");
		aptible.newJournal();
	}
	const outside = await aptible.applied("app", withWorker({ containers: 6 }), { previous });
	aptible.newJournal();
	await aptible.applied("app", on, { previous: outside });
	const scales = aptible.newJournal().filter(({ command }) => command === "apps:scale");
	assert.deepEqual(
		scales.map(({ argv }) => wordsOf(argv).slice(1)),
		[["--container-count", "3"]],
		"to the nearest bound",
	);
});

test("the stage file owns whether a service is autoscaled, in both directions", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("app", withWorker({ autoscale: horizontal() }));
	const set = ["services:autoscaling_policy:set", "worker", ...place, "--autoscaling-type", "horizontal"];
	const bounds = [
		"--min-containers",
		"1",
		"--max-containers",
		"4",
		"--min-cpu-threshold",
		"0.1",
		"--max-cpu-threshold",
		"0.8",
	];
	// As the dashboard's switch does: the same policy, turned off.
	await aptible.cli(...set, ...bounds);
	aptible.newJournal();
	await aptible.applied("app", withWorker({ autoscale: horizontal() }), { previous });
	assert.deepEqual(aptible.newWrites(), ["update service_sizing_policies"], "switched on again");
	await aptible.applied("app", withWorker({ autoscale: horizontal() }), { previous });
	assert.deepEqual(aptible.newWrites(), []);

	const fixed = await aptible.applied("app", withWorker({ containers: 2 }), { previous });
	await aptible.cli(...set, ...bounds);
	await autoscalerScales(aptible, "--container-count", "4");
	await aptible.applied("app", withWorker({ containers: 2 }), { previous: fixed });
	assert.deepEqual(aptible.newWrites(), ["delete service_sizing_policies", "scale services worker"], "ended again");
});

test("a run that was killed after any write goes on from there, and a broken connection is no failure", async (t) => {
	const aptible = await openReconciler(t);
	const on = withWorker({ containers: 2, containerMb: 2048, autoscale: horizontal({ min: 2 }) });
	const off = withWorker({});
	let previous = await aptible.applied("app", off);
	aptible.newJournal();
	const on2 = ["scale services worker", "create service_sizing_policies worker"];
	const off2 = ["delete service_sizing_policies", "scale services worker"];
	for (const n of [1, 2]) {
		assert.ok(await aptible.interrupted(n, "app", on, { previous }));
		previous = await aptible.applied("app", on, { previous });
		assert.deepEqual(aptible.newWrites(), on2, `on, killed after write ${n}`);
		assert.ok(await aptible.interrupted(n, "app", off, { previous }));
		previous = await aptible.applied("app", off, { previous });
		assert.deepEqual(aptible.newWrites(), off2, `off, killed after write ${n}`);
	}
	aptible.fault({ name: "connection-drops", write: "create" });
	await aptible.applied("app", on, { previous });
	aptible.fault({ name: "connection-drops", write: "delete" });
	await aptible.applied("app", off, { previous });
	assert.deepEqual(aptible.newWrites(), [...on2, ...off2]);
	assert.equal(await worker(aptible), "1 x 1024 MB");
});
