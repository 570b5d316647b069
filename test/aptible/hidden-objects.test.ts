/** An object that a list shows, and that the API does not find by its id: it may be there all the same. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { portalSpec } from "../support/app-spec.ts";
import { redis } from "../support/database-spec.ts";
import { syslogDrain } from "../support/drain-spec.ts";
import { openReconciler } from "../support/reconcile.ts";
import { hints, openEndpoints, tcpSpec } from "./endpoint/endpoints-under-test.ts";

const objects = [
	{ kind: "database", route: "databases", spec: redis, label: 'database "cache"' },
	{ kind: "log-drain", route: "log_drains", spec: syslogDrain, label: 'log drain "siem"' },
];

for (const { kind, route, spec, label } of objects) {
	test(`a ${kind} that is listed and not found by its id is neither forgotten nor made again`, async (t) => {
		const aptible = await openReconciler(t);
		const previous = await aptible.applied(kind, spec);
		aptible.newWrites();
		aptible.fault({ name: "part-missing", command: `GET /${route}/ID$`, times: 1000 });
		for (const { code, stderr } of [await aptible.remove(kind, spec, { previous }), await aptible.apply(kind, spec)]) {
			assert.equal(code, 1);
			assert.match(
				stderr,
				new RegExp(`${label} \\(id ${previous.id}\\) is listed, but Aptible does not find it by its id`),
			);
		}
		assert.deepEqual(aptible.newWrites(), []);
		aptible.clearFaults();
		await aptible.removed(kind, spec, { previous });
	});
}

test("an app and an endpoint that are listed and not found by their ids are not forgotten", async (t) => {
	const { aptible } = await openEndpoints(t);
	const app = await aptible.applied("app", portalSpec());
	const endpoint = await aptible.applied("endpoint", tcpSpec(), { secrets: hints({ after: 0 }) });
	aptible.newWrites();
	for (const [kind, route, spec, previous, label] of [
		["endpoint", "vhosts", tcpSpec(), endpoint, 'endpoint "mqtt" of app "portal"'],
		["app", "apps", portalSpec(), app, 'app "portal"'],
	] as const) {
		aptible.fault({ name: "part-missing", command: `GET /${route}/ID$`, times: 1000 });
		const { code, stderr } = await aptible.remove(kind, spec, { previous });
		assert.equal(code, 1);
		assert.match(
			stderr,
			new RegExp(`${label} \\(id ${previous.id}\\) is listed, but Aptible does not find it by its id`),
		);
	}
	assert.deepEqual(aptible.newWrites(), []);
});

test("a database that is renamed, was never recorded and is hidden is not made anew", async (t) => {
	const aptible = await openReconciler(t);
	const { id } = await aptible.applied("database", redis);
	aptible.newWrites();
	aptible.fault({ name: "part-missing", command: "GET /databases/ID$" });
	const { code, stderr } = await aptible.apply("database", { ...redis, handle: "store", renamedFrom: "cache" });
	assert.equal(code, 1);
	assert.match(stderr, new RegExp(`database "cache" \\(id ${id}\\) is listed, but`));
	assert.deepEqual(aptible.newWrites(), []);
});
