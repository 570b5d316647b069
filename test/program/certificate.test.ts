import assert from "node:assert/strict";
import { test } from "node:test";
import { certify, chainFor, inDays } from "../support/certificates.ts";
import { fail, oneOfEach, openStage, succeed } from "../support/stage.ts";

test("a certificate is judged in the preview, sent once, renewed in place, and in no state", async (t) => {
	const first = chainFor("portal.acme.example");
	const stage = await openStage(t, "staging", (blocks) => {
		oneOfEach(blocks);
		blocks.apps.portal.endpoints = {
			own: {
				service: "web",
				kind: "https",
				domain: "portal.acme.example",
				certificate: { chain: "${secrets.portalChain}", key: "${secrets.portalKey}" },
			},
		};
	});
	const put = ({ chain, keyPem }: { chain: string; keyPem: string }) => {
		const values = Object.entries({ portalChain: chain, portalKey: keyPem });
		const secrets = values.flatMap(([name, value]) => ["--secret", `medstack-to-aptible:secrets.${name}=${value}`]);
		return succeed(stage.pulumi("config", "set-all", "--path", ...secrets));
	};
	const old = certify({ names: ["portal.acme.example"], from: inDays(-9), until: inDays(-1) });
	await put({ chain: old.pem, keyPem: old.keyPem });
	const expired = await fail(stage.preview());
	assert.match(expired, /apps\.portal\.endpoints\.own\.certificate\.chain: "\$\{secrets\.portalChain\}" has expired/);
	assert.deepEqual(stage.newJournal(), [], "before anything runs");

	const soon = certify({ names: ["portal.acme.example"], until: inDays(10.5) });
	await put({ chain: soon.pem, keyPem: soon.keyPem });
	const warned = await succeed(stage.up());
	assert.match(warned, /apps\.portal\.endpoints\.own\.certificate ends in 10 days/);
	assert.match(warned, /https:\/\/portal\.acme\.example/);
	stage.newJournal();

	await put(first);
	const renewed = await succeed(stage.up());
	assert.doesNotMatch(renewed, /ends in/);
	assert.deepEqual(
		stage.newWrites().map((write) => write.split(" ").slice(0, 2).join(" ")),
		["create certificates", "update vhosts", "provision vhosts"],
	);
	await succeed(stage.preview("--expect-no-changes"));
	assert.deepEqual(stage.newWrites(), []);
	const state = await stage.state();
	for (const line of first.keyPem.split("\n").filter((one) => one.length > 20 && !one.startsWith("--"))) {
		assert.ok(!state.includes(line) && !renewed.includes(line) && !warned.includes(line));
	}
});
