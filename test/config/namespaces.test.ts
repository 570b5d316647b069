import assert from "node:assert/strict";
import { test } from "node:test";
import { checkNamespaces } from "../../config/namespaces.ts";

const wrong = (key: string, text = '{"portal":{}}') => checkNamespaces({ [key]: text });

test("a block under another namespace is an error that names the right key", () => {
	const says = (block: string) =>
		`is read by nobody, and what it holds would be deleted; write medstack-to-aptible:${block}`;
	assert.deepEqual(wrong("aptible:apps"), [`aptible:apps: ${says("apps")}`]);
	assert.deepEqual(wrong("medstack:config:secrets"), [`medstack:config:secrets: ${says("secrets")}`]);
	assert.deepEqual(wrong("acme:include", '["apps/*.yaml"]'), [`acme:include: ${says("include")}`]);
	assert.deepEqual(wrong("azure-native:environment"), [`azure-native:environment: ${says("environment")}`]);
	assert.deepEqual(wrong("aptible:app"), [`aptible:app: ${says("apps")}`]);
	assert.deepEqual(wrong("aptible:logdrains"), [`aptible:logdrains: ${says("logDrains")}`]);
});

test("a namespace that is nearly ours is an error, whatever stands in it", () => {
	for (const namespace of [
		"medstack-to-aptibel",
		"medstack-to-aptbile",
		"medstak-to-aptible",
		"Medstack-to-Aptible",
		"medstack_to_aptible",
		"medstack-to-aptibles",
	]) {
		assert.deepEqual(
			wrong(`${namespace}:anything`, "x"),
			[`${namespace}:anything: is read by nobody; write medstack-to-aptible:anything`],
			namespace,
		);
	}
});

test("what providers and Pulumi read passes", () => {
	const config = {
		"medstack-to-aptible:apps": "{}",
		"medstack-to-aptible:appps": "{}",
		"azure-native:environment": "usgovernment",
		"azure-native:location": "canadacentral",
		"azure-native:subscriptionId": "0f3c6a52-8b1e-4c07-9d2a-5e6f7a8b9c0d",
		"azure-native:auxiliaryTenantIds": '["a"]',
		"azure-native:useOidc": "true",
		"azure:environment": "public",
		"azuread:environment": "global",
		"sumologic:environment": "ca",
		"confluentcloud:environment": "env-1x2y3",
		"launchdarkly:environment": "production",
		"doppler:secrets": "dp.st.prod",
		"datadog:apps": "true",
		"datadog:databases": '["main"]',
		"acme:storage": "",
		"aws:region": "ca-central-1",
		"aws:defaultTags": '{"tags":{"a":"b"}}',
		"pulumi:disable-default-providers": '["aws"]',
		"pulumi:tags": '{"a":"b"}',
	};
	assert.deepEqual(checkNamespaces(config), []);
});

test("the value is in no message", () => {
	assert.doesNotMatch(wrong("aptible:secrets", '{"a":"sentinel"}').join(), /sentinel/);
});
