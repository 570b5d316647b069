/** A service of which Aptible does not show how much of it runs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Context } from "../../../aptible/context.ts";
import { readSnapshot } from "../../../drift/snapshot.ts";
import { portalSpec } from "../../support/app-spec.ts";
import { openReconciler } from "../../support/reconcile.ts";

const unknown = { container_count: null, container_memory_limit_mb: null };

test("a service without a size fails neither the look nor the claims, and the app that declares it is refused", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("app", portalSpec());
	aptible.newWrites();
	for (const command of ["GET /accounts/ID/services", "GET /apps/ID/services"]) {
		aptible.fault({ name: "answer-changed", command, times: 1000, with: unknown });
	}
	Object.assign(process.env, aptible.env);
	const found = await readSnapshot(new Context(), (all) => all.find(({ handle }) => handle === "acme-test"));
	const sizes = found?.apps[0]?.services.map((one) => [one.containerCount, one.containerMb]);
	assert.deepEqual(sizes, [
		[undefined, undefined],
		[undefined, undefined],
	]);
	await aptible.applied("claims", {
		environment: { handle: "acme-test", adopt: true },
		databases: {},
		apps: { portal: { adopt: true, endpoints: {} } },
		logDrains: {},
	});
	for (const spec of [portalSpec(), portalSpec({ config: { A: "2" }, services: { web: { containers: 0 } } })]) {
		const { code, stderr } = await aptible.apply("app", spec, { previous });
		assert.equal(code, 1);
		assert.match(
			stderr,
			/app "portal", service "(web|worker)": Aptible does not show its containers, containerMb, so /,
		);
	}
	assert.deepEqual(aptible.newWrites(), []);
});
