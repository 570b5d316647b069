import assert from "node:assert/strict";
import { test } from "node:test";
import { orderApps } from "../../config/endpoint-order.ts";
import { parseStage } from "../../config/parse.ts";
import { problemsOf } from "./refused.ts";
import { stageWith } from "./stage-file.ts";

const image = "acme/app:1";
const byDefault = { service: "web", kind: "https", defaultDomain: true, internal: true };

/** A stage whose apps have these variables and endpoints. */
function stageOf(apps: Record<string, { config?: object; configFrom?: string[]; endpoints?: object }>, changes = {}) {
	const whole = Object.entries(apps).map(([name, app]) => [name, { image, services: { web: {} }, ...app }]);
	return stageWith({ apps: Object.fromEntries(whole), ...changes });
}

const parse = (raw: object) => parseStage(raw, { file: "Pulumi.test.yaml" });

test("an address that is known stands in the config, and around a host name that is not yet everything else does", () => {
	const { apps } = parse(
		stageOf({
			portal: {
				config: {
					A: "${apps.gateway.endpoints.web.url}/login",
					B: "${apps.gateway.endpoints.web.host}",
					C: "${apps.gateway.endpoints.mqtt.url}",
					D: "${apps.gateway.endpoints.own.url} $${apps.gateway.endpoints.web.url}",
					E: "${apps.portal.endpoints.own.url}",
					F: "${databases.main.host}:${databases.main.port}",
				},
				endpoints: { own: { ...byDefault, internal: false } },
			},
			gateway: {
				endpoints: {
					web: { service: "web", kind: "grpc", domain: "gateway.acme.example", managedTls: true },
					mqtt: { service: "web", kind: "tcp", ports: [1883] },
					own: byDefault,
				},
			},
		}),
	);
	assert.deepEqual(apps.portal?.config, {
		A: "grpcs://gateway.acme.example/login",
		B: "gateway.acme.example",
		C: "tcp://${apps.gateway.endpoints.mqtt.host}:1883",
		D: "https://${apps.gateway.endpoints.own.host} $${apps.gateway.endpoints.web.url}",
		E: "https://${apps.portal.endpoints.own.host}",
		F: "${databases.main.host}:${databases.main.port}",
	});
	assert.deepEqual(orderApps(apps), ["gateway", "portal"]);
});

test("apps stay in the order of the file, but for those that wait", () => {
	const { apps } = parse(
		stageOf({
			a: {},
			b: { config: { D: "${apps.d.endpoints.own.host}" } },
			c: { endpoints: { own: byDefault } },
			d: { config: { C: "${apps.c.endpoints.own.host}" }, endpoints: { own: byDefault } },
		}),
	);
	assert.deepEqual(orderApps(apps), ["a", "c", "d", "b"]);
});

test("two apps that need each other are no circle where one of the addresses is known before", () => {
	const known = { service: "web", kind: "https", domain: "a.acme.example", managedTls: true };
	const raw = (endpoint: object) =>
		stageOf({
			a: { config: { B: "${apps.b.endpoints.own.url}" }, endpoints: { web: endpoint } },
			b: { config: { A: "${apps.a.endpoints.web.url}" }, endpoints: { own: byDefault } },
		});
	assert.deepEqual(problemsOf(raw(known)), []);
	assert.deepEqual(problemsOf(raw(byDefault)), [
		"Pulumi.test.yaml: apps.a.config.B: closes a circle: a waits for apps.b.endpoints.own, b waits for apps.a.endpoints.web; give apps.b.endpoints.own a domain, which is known before, or remove one of the references and set that variable with aptible config:set after the first pulumi up",
	]);
});

test("a circle is named once, through the groups of variables that close it", () => {
	const change = { shared: { peers: { NEXT: "${apps.c.endpoints.own.host}" } } };
	const raw = stageOf(
		{
			a: { configFrom: ["peers"], endpoints: { own: byDefault } },
			b: { config: { A: "${apps.a.endpoints.own.host}" }, endpoints: { own: byDefault } },
			c: { config: { B: "${apps.b.endpoints.own.host}" }, endpoints: { own: byDefault } },
			d: { config: { C: "${apps.c.endpoints.own.host}" } },
		},
		change,
	);
	assert.deepEqual(problemsOf(raw), [
		"Pulumi.test.yaml: apps.a.configFrom: closes a circle: a waits for apps.c.endpoints.own, c waits for apps.b.endpoints.own, b waits for apps.a.endpoints.own; give apps.c.endpoints.own a domain, which is known before, or remove one of the references and set that variable with aptible config:set after the first pulumi up",
	]);
});

test("an app has its own default domain, and no address of its own that comes with the endpoint", () => {
	const raw = (endpoint: object) =>
		stageOf({ a: { config: { SELF: "${apps.a.endpoints.own.host}" }, endpoints: { own: endpoint } } });
	assert.deepEqual(problemsOf(raw(byDefault)), []);
	assert.deepEqual(problemsOf(raw({ service: "web", kind: "tcp" })), [
		"Pulumi.test.yaml: apps.a.config.SELF: asks for the host name of an endpoint of the app itself, which Aptible gives when it makes it, after the app's release; set defaultDomain: true there, if the app has no other one",
	]);
	assert.deepEqual(problemsOf(raw({ service: "web", kind: "tls", certificateFingerprint: "0".repeat(64) })), [
		"Pulumi.test.yaml: apps.a.config.SELF: asks for the host name of an endpoint of the app itself, which Aptible gives when it makes it, after the app's release; give apps.a.endpoints.own a domain, which is known before, or set defaultDomain: true there, if the app has no other one",
	]);
});

test("in a circle the endpoint is named that a domain can be given", () => {
	const raw = stageOf({
		a: { config: { B: "${apps.b.endpoints.mqtt.url}" }, endpoints: { own: byDefault } },
		b: { config: { A: "${apps.a.endpoints.own.url}" }, endpoints: { mqtt: { service: "web", kind: "tcp" } } },
	});
	const [says = ""] = problemsOf(raw);
	assert.match(
		says,
		/^Pulumi\.test\.yaml: apps\.a\.config\.B: closes a circle: .*; give apps\.a\.endpoints\.own a domain/,
	);
});

test("what is wrong by itself closes no circle, and hides no other mistake", () => {
	const raw = stageOf({
		a: { config: { OPEN: "${apps.b", OTHER: "${apps.b.endpoints.own.url}" } },
		b: { endpoints: 5 as never },
	});
	assert.deepEqual(problemsOf({ ...raw, shared: 1, databases: 2 }), [
		"Pulumi.test.yaml: databases: 2 is not a block of databases; allowed: one name to a line",
		"Pulumi.test.yaml: shared: 1 is not a block of groups of variables; allowed: one name to a line",
		"Pulumi.test.yaml: apps.b.endpoints: 5 is not a block of endpoints; allowed: one name to a line",
		`Pulumi.test.yaml: apps.a.config.OPEN: "\${" is never closed; write \${kind.name...}, or $\${ for a literal "\${"`,
	]);
});
