import assert from "node:assert/strict";
import { test } from "node:test";
import { horizontal, vertical } from "../../support/app-spec.ts";
import { autoscalerScales, place, withWorker, worker } from "../../support/autoscaled-worker.ts";
import { openReconciler, type ReconcilerUnderTest } from "../../support/reconcile.ts";
import { wordsOf } from "../../support/words.ts";

/** The autoscaling policy of `worker`, as `aptible services:autoscaling_policy` shows it. */
function policy(aptible: ReconcilerUnderTest): Promise<Record<string, unknown>> {
	return aptible.cli("services:autoscaling_policy", "worker", ...place) as Promise<Record<string, unknown>>;
}

test("an app starts with an autoscaled service at its least, with every parameter said", async (t) => {
	const aptible = await openReconciler(t);
	const spec = withWorker({ containers: 2, autoscale: horizontal({ min: 2 }) }, {});
	const previous = await aptible.applied("app", spec);
	const journal = aptible.newJournal().filter(({ writes }) => writes.length > 0);
	const commands = journal.map(({ command }) => command);
	// Services are brought up side by side.
	const policy = commands.indexOf("services:autoscaling_policy:set");
	assert.deepEqual(commands.toSpliced(policy, 1), ["apps:create", "deploy", "apps:scale", "apps:scale"]);
	assert.equal(
		wordsOf(journal[policy]?.argv ?? [])
			.slice(1)
			.join(" "),
		"--autoscaling-type horizontal --min-containers 2 --max-containers 4 --min-cpu-threshold 0.1 --max-cpu-threshold 0.8 " +
			"--scale-up-step 1 --scale-down-step 1 --no-restart-free-scale --metric-lookback-seconds 1800 --percentile 99 " +
			"--post-scale-up-cooldown-seconds 60 --post-scale-down-cooldown-seconds 300 --post-release-cooldown-seconds 60",
	);
	assert.equal(await worker(aptible), "2 x 1024 MB");
	await aptible.applied("app", spec, { previous });
	assert.deepEqual(aptible.newWrites(), []);
});

test("a horizontal count is never set back, whatever else is applied, and the size still is ours", async (t) => {
	const aptible = await openReconciler(t);
	const autoscaled = { autoscale: horizontal() };
	const previous = await aptible.applied("app", withWorker(autoscaled));
	await autoscalerScales(aptible, "--container-count", "3");
	// The rival reads the count back and sends it with every scale (defect b).
	await aptible.applied("app", withWorker(autoscaled), { previous });
	await aptible.applied("app", withWorker(autoscaled, { config: { A: "2" } }), { previous });
	await aptible.applied("app", withWorker(autoscaled, { config: { A: "2" }, image: "acme/portal:2" }), { previous });
	assert.deepEqual(aptible.newWrites(), ["configure apps portal", "deploy apps portal"]);
	await aptible.applied("app", withWorker({ ...autoscaled, containerMb: 2048 }, { image: "acme/portal:2" }), {
		previous,
	});
	const scales = aptible.newJournal().filter(({ command }) => command === "apps:scale");
	assert.deepEqual(
		scales.map(({ argv }) => wordsOf(argv).slice(1)),
		[["--container-size", "2048"]],
	);
	assert.equal(await worker(aptible), "3 x 2048 MB");
});

test("a vertical size is never set back, and the number still is ours", async (t) => {
	const aptible = await openReconciler(t);
	const spec = withWorker({ containerMb: 2048, autoscale: vertical({ maxMb: 7168 }) });
	const previous = await aptible.applied("app", spec);
	assert.deepEqual(aptible.newWrites().sort(), [
		"create apps portal",
		"create service_sizing_policies worker",
		"deploy apps portal",
		"scale services web",
		"scale services worker",
	]);
	await autoscalerScales(aptible, "--container-size", "4096", "--container-profile", "r");
	await aptible.applied("app", spec, { previous });
	assert.deepEqual(aptible.newWrites(), []);
	const more = withWorker({ containers: 2, containerMb: 2048, autoscale: vertical({ maxMb: 7168 }) });
	await aptible.applied("app", more, { previous });
	const scales = aptible.newJournal().filter(({ command }) => command === "apps:scale");
	assert.deepEqual(
		scales.map(({ argv }) => wordsOf(argv).slice(1)),
		[["--container-count", "2"]],
	);
	assert.equal(await worker(aptible), "2 x 4096 MB");
});

test("each parameter that changes is one change of the policy, and it stays on", async (t) => {
	const aptible = await openReconciler(t);
	let previous = await aptible.applied("app", withWorker({ autoscale: horizontal() }));
	aptible.newJournal();
	const steps: [Record<string, unknown>, shown: Record<string, unknown>][] = [
		[
			horizontal({ max: 8, maxCpu: 0.9, scaleUpStep: 2 }),
			{ max_containers: 8, max_cpu_threshold: 0.9, scale_up_step: 2 },
		],
		[
			horizontal({ restartFree: true, percentile: 95 }),
			{ max_containers: 4, scale_up_step: 1, restart_free_scale: true },
		],
		[vertical({ minMb: 1024, maxMb: 4096, scaleDownMemory: 0.5 }), { minimum_memory: 1024, maximum_memory: 4096 }],
		[vertical(), { minimum_memory: 2048, maximum_memory: null, mem_scale_down_threshold: 0.75 }],
		[horizontal(), { autoscaling_type: "horizontal", min_containers: 1, max_containers: 4 }],
	];
	for (const [autoscale, shown] of steps) {
		previous = await aptible.applied("app", withWorker({ autoscale }), { previous });
		assert.deepEqual(aptible.newWrites(), ["update service_sizing_policies"], JSON.stringify(autoscale));
		const live = await policy(aptible);
		for (const [name, value] of Object.entries(shown)) assert.equal(live[name], value, name);
		aptible.newJournal();
	}
	await aptible.applied("app", withWorker({ autoscale: horizontal() }), { previous });
	assert.deepEqual(aptible.newWrites(), [], "and it is on: one that is off would be a difference");
});

test("a plan without autoscaling is named, and what is there goes on", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("app", withWorker({}));
	const reason = "Autoscaling is not available on your plan";
	for (const [autoscale, plan] of [
		[horizontal(), "Horizontal autoscaling needs Aptible's Production or Enterprise plan"],
		[vertical({ minMb: 1024 }), "Vertical autoscaling needs Aptible's Enterprise plan"],
	] as const) {
		aptible.fault({ name: "request-refused", command: "services:autoscaling_policy:set", reason });
		const { stderr } = await aptible.apply("app", withWorker({ autoscale }), { previous });
		assert.match(
			stderr,
			/app "portal", service "worker": autoscaling could not be set: [\s\S]*not available on your plan/,
		);
		assert.ok(stderr.includes(plan), stderr);
	}
	assert.equal(await worker(aptible), "1 x 1024 MB");
});
