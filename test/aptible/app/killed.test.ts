import assert from "node:assert/strict";
import { test } from "node:test";
import { setLatency } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { horizontal, portalSpec } from "../../support/app-spec.ts";
import { openReconciler } from "../../support/reconcile.ts";

test("a deploy that a killed run left running is waited for, not sent again", async (t) => {
	const aptible = await openReconciler(t);
	const spec = portalSpec({ services: { worker: { containerMb: 512 } } });
	setLatency(aptible.dir, { operationMs: 800 });
	for (const n of [1, 2, 3, 4]) {
		assert.ok(await aptible.interrupted(n, "app", spec), `write ${n}`);
		await aptible.applied("app", spec);
		const [create, deploy, ...scales] = aptible.newWrites();
		assert.deepEqual(
			[create, deploy, ...scales.sort()],
			["create apps portal", "deploy apps portal", "scale services web", "scale services worker"],
			`killed after write ${n}`,
		);
		await aptible.removed("app", spec);
		aptible.newWrites();
	}
});

test("a change of everything at once that was killed after any write goes on from there", async (t) => {
	const aptible = await openReconciler(t);
	const before = portalSpec();
	const after = portalSpec({
		image: "acme/portal:2",
		config: { B: "1" },
		services: { web: { stopTimeoutSeconds: 60 }, worker: { containerMb: 2048, autoscale: horizontal() } },
	});
	const writes = [
		"update services",
		"deploy apps portal",
		"scale services worker",
		"create service_sizing_policies worker",
	];
	let previous = await aptible.applied("app", before);
	for (const n of writes.keys()) {
		aptible.newWrites();
		assert.ok(await aptible.interrupted(n + 1, "app", after, { previous }));
		const facts = await aptible.applied("app", after, { previous });
		await aptible.applied("app", after, { previous: facts });
		assert.deepEqual(aptible.newWrites(), writes, `killed after ${writes[n]}`);
		previous = await aptible.applied("app", before, { previous: facts });
	}
	assert.deepEqual(previous.configKeys, ["A"]);
});
