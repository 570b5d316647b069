import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { test } from "node:test";
import { isStandIn, listReferred, makeStandIns } from "../stand-ins.ts";

const stage = {
	apps: {
		shop: {
			image: "ghcr.io/mine/shop:1",
			registry: { password: "${secrets.registryPassword}" },
			config: {
				KEY: "a ${secrets.key} and ${ secrets.other }",
				TEXT: "$${secrets.literal}",
				DB: "${databases.main.url}",
			},
			endpoints: {
				web: { domain: "shop.example", certificate: { chain: "${secrets.chain}", key: "${secrets.chainKey}" } },
				api: { domain: "api.example", certificate: { chain: "${secrets.chain}", key: "${secrets.chainKey}" } },
			},
		},
	},
	logDrains: { siem: { kind: "https", url: "${secrets.siemUrl}" } },
	metricDrains: { dog: { kind: "datadog", apiKey: "${secrets.dogApiKey}", tags: ["${secrets.tag}"] } },
};

test("every text of a stage that refers to a secret is found, once, and no literal", () => {
	const names = ["registryPassword", "key", "other", "chain", "chainKey", "siemUrl", "dogApiKey", "tag"];
	assert.deepEqual(listReferred(stage), names);
});

test("a stand-in has the form that its place wants", () => {
	const {
		siemUrl = "",
		key = "",
		chain = "",
		chainKey = "",
	} = makeStandIns(stage, ["siemUrl", "key", "chain", "chainKey"]);
	assert.equal(key, "stand-in-for-key");
	assert.equal(siemUrl, "https://stand-in-for-siemUrl.example");
	const certificate = new X509Certificate(chain);
	assert.ok(certificate.checkPrivateKey(createPrivateKey(chainKey)));
	for (const domain of ["shop.example", "api.example"]) assert.ok(certificate.checkHost(domain));
	assert.ok(certificate.validToDate.getTime() > Date.now());
});

test("a stand-in is told from a value that a person has set", () => {
	for (const [name, value] of Object.entries(makeStandIns(stage, ["siemUrl", "key", "chain", "chainKey"]))) {
		assert.ok(isStandIn(name, value), name);
	}
	assert.ok(!isStandIn("key", "stand-in-for-other"));
	assert.ok(!isStandIn("key", "of a person"));
});
