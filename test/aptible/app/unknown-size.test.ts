/** A service of which Aptible does not show all that is compared. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Context } from "../../../aptible/context.ts";
import { readSnapshot } from "../../../drift/snapshot.ts";
import { portalSpec } from "../../support/app-spec.ts";
import { openReconciler } from "../../support/reconcile.ts";

const unknown = { container_count: null, container_memory_limit_mb: null };
/** The same of the first of the services that are embedded in their app. */
const unknownInApp = Object.fromEntries(
	Object.entries(unknown).map(([field, value]) => [`_embedded.services.0.${field}`, value]),
);

test("a service without a size fails neither the look nor the claims, and the app that declares it is refused", async (t) => {
	const aptible = await openReconciler(t);
	const previous = await aptible.applied("app", portalSpec());
	aptible.newWrites();
	for (const command of ["GET /accounts/ID/services", "GET /apps/ID/services"]) {
		aptible.fault({ name: "answer-changed", command, times: 1000, with: unknown });
	}
	aptible.fault({ name: "answer-changed", command: "GET /apps/ID$", times: 1000, with: unknownInApp });
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

for (const [what, fault] of Object.entries({
	"their sizes": { with: unknownInApp },
	"how they are released": { without: ["_embedded.services.1.naive_health_check"] },
	"one that is declared": { with: { "_embedded.services.1.process_type": "cron" } },
	"all of them": { without: ["_embedded.services"] },
})) {
	test(`services are listed where their app does not tell ${what}`, async (t) => {
		const aptible = await openReconciler(t);
		const worker = { containers: 2, containerMb: 1024, containerProfile: "m", simpleHealthCheck: true };
		const spec = portalSpec({ services: { web: { containers: 1 }, worker } });
		const previous = await aptible.applied("app", spec);
		aptible.newJournal();
		const asked = async () => {
			await aptible.applied("app", spec, { previous });
			const rows = aptible.newJournal();
			assert.deepEqual(
				rows.filter(({ mutating }) => mutating),
				[],
			);
			return rows.filter(({ command }) => /^GET \/apps\/\w+\/services$/.test(command)).length;
		};
		assert.equal(await asked(), 0, "it tells all of them");
		aptible.fault({ name: "answer-changed", command: "GET /apps/ID$", times: 1000, ...fault });
		assert.equal(await asked(), 1);
	});
}
