/** A service goes offline with 0 containers, endpoint or not; only a new endpoint cannot come up on it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStage } from "../../../config/parse.ts";
import { findIdleEndpoints } from "../../../drift/idle-endpoints.ts";
import type { RecordedCommand } from "../../../drift/recorded.ts";
import { portalSpec } from "../../support/app-spec.ts";
import { httpsSpec, openEndpoints } from "./endpoints-under-test.ts";

const scaled = (containers: number) => [
	"apps:scale",
	"web",
	"--app",
	"portal",
	"--container-count",
	String(containers),
];

test("a new endpoint of a service with 0 containers is refused before anything is made, with what to do", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	await aptible.cli(...scaled(0), "--environment", aptible.environment);
	aptible.newWrites();
	const { code, stderr } = await aptible.apply("endpoint", httpsSpec());
	assert.equal(code, 1);
	assert.equal(
		stderr.trim(),
		'endpoint "test" of app "portal": service "web" has 0 containers, and Aptible makes no new endpoint for such a service. Give ' +
			"apps.portal.services.web `containers: 1` for the `pulumi up` that makes the endpoint, or remove the endpoint.",
	);
	assert.deepEqual(aptible.newWrites(), []);
	await aptible.cli(...scaled(1), "--environment", aptible.environment);
	await endpoints.settles(httpsSpec());
});

test("a record that never came up is not provisioned again on a service with 0 containers", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	aptible.fault({ name: "provision-fails" });
	assert.equal((await aptible.apply("endpoint", httpsSpec())).code, 1);
	await aptible.cli(...scaled(0), "--environment", aptible.environment);
	aptible.newWrites();
	assert.match((await aptible.apply("endpoint", httpsSpec())).stderr, /service "web" has 0 containers/);
	assert.deepEqual(aptible.newWrites(), []);
});

test("an endpoint that is there stays while its service goes to 0 containers, and changes all the same", async (t) => {
	const endpoints = await openEndpoints(t);
	const { aptible } = endpoints;
	const { facts } = await endpoints.settles(httpsSpec());
	const services = { web: { containers: 0 } };
	await aptible.applied("app", portalSpec({ config: {}, services }));
	assert.deepEqual(aptible.newWrites(), ["scale services web"]);
	await aptible.applied("endpoint", httpsSpec(), { previous: facts });
	assert.deepEqual(aptible.newWrites(), []);
	await aptible.applied("endpoint", httpsSpec({ ipFilter: ["203.0.113.7"] }), { previous: facts });
	assert.deepEqual(aptible.newWrites(), ["update vhosts", "provision vhosts"]);
});

test("the preview refuses an endpoint that would be new, and none that is recorded or lives", () => {
	const service = { containers: 0, containerMb: 1024, containerProfile: "m" } as const;
	const stage = parseStage(
		{
			environment: { handle: "acme-test", stack: "shared-ca-central-1", phi: false },
			apps: {
				portal: {
					image: "acme/portal:1",
					services: { web: {}, constructor: {} },
					endpoints: { test: { service: "web", kind: "https", defaultDomain: true } },
				},
			},
		},
		{ file: "Pulumi.test.yaml" },
	);
	const { portal } = stage.apps;
	assert.ok(portal?.services.web !== undefined);
	assert.deepEqual(findIdleEndpoints(stage, [], undefined), []);
	Object.assign(portal.services.web, service);
	const refused = [
		'endpoint "test" of app "portal": service "web" has 0 containers, and Aptible makes no new endpoint for such a service. Give ' +
			"apps.portal.services.web `containers: 1` for the `pulumi up` that makes the endpoint, or remove the endpoint.",
	];
	assert.deepEqual(findIdleEndpoints(stage, [], undefined), refused);
	const recorded = (spec: object): RecordedCommand[] => [
		{ kind: "endpoint", name: "portal-test-default", spec, facts: {} } as unknown as RecordedCommand,
	];
	assert.deepEqual(findIdleEndpoints(stage, recorded(httpsSpec()), undefined), []);
	assert.deepEqual(findIdleEndpoints(stage, recorded(httpsSpec({ name: "other" })), undefined), refused);
	assert.deepEqual(findIdleEndpoints(stage, recorded(httpsSpec({ on: { app: "clinic" } })), undefined), refused);
	const lives = (handle: string) => ({
		apps: [{ app: { handle }, endpoints: [{ listed: { defaultDomainEnabled: true } }] }],
	});
	assert.deepEqual(findIdleEndpoints(stage, [], lives("portal") as never), []);
	assert.deepEqual(findIdleEndpoints(stage, [], lives("clinic") as never), refused);
});

test("an endpoint that would be new on a service which a move stops is made in another phase", () => {
	const stage = parseStage(
		{
			environment: { handle: "acme-test", stack: "acme-ca", phi: true },
			databases: { main: { type: "mysql", version: "8.4" } },
			apps: {
				portal: {
					image: "acme/portal:1",
					services: { web: {} },
					endpoints: { test: { service: "web", kind: "https", defaultDomain: true } },
				},
			},
			move: { phase: "prepare", from: { addresses: ["203.0.113.9"] }, databases: { main: {} } },
		},
		{ file: "Pulumi.test.yaml" },
	);
	assert.deepEqual(findIdleEndpoints(stage, [], undefined), [
		'endpoint "test" of app "portal": service "web" has 0 containers, and Aptible makes no new endpoint for such a service. The phase ' +
			'"prepare" of the move stops it: make the endpoint in a phase in which it runs, or with one `pulumi up` before the stage has a move.',
	]);
});
