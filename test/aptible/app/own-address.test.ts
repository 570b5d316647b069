import assert from "node:assert/strict";
import { test } from "node:test";
import { inSandbox } from "@medstack-to-aptible/sandbox/aptible/sandbox.ts";
import { portalSpec } from "../../support/app-spec.ts";
import { openReconciler } from "../../support/reconcile.ts";
import { plainEndpoint } from "../endpoint/endpoints-under-test.ts";

const endpoint = { ...plainEndpoint, name: "test", kind: "https", defaultDomain: true };

test("an app has its own default domain in its first release, and others' addresses as they are handed over", async (t) => {
	const aptible = await openReconciler(t);
	const config = {
		PUBLIC_URL: "https://${apps.portal.endpoints.test.host}/",
		GATEWAY_URL: "tcp://${apps.gateway.v2.endpoints.mqtt.host}:1883",
	};
	const secrets = { "apps.gateway.v2.endpoints.mqtt.host": "elb-acme-7.aptible.in" };
	const spec = portalSpec({ config });
	const { id, ...facts } = await aptible.applied("app", spec, { secrets });
	const pairs = (await aptible.cli("config", "--app", "portal")) as { key: string; value: string }[];
	assert.deepEqual(Object.fromEntries(pairs.map(({ key, value }) => [key, value])), {
		PUBLIC_URL: `https://app-${id}.on-aptible.com/`,
		GATEWAY_URL: "tcp://elb-acme-7.aptible.in:1883",
	});
	const { url } = await aptible.applied("endpoint", endpoint);
	assert.equal(url, `https://app-${id}.on-aptible.com`);
	aptible.newJournal();
	await aptible.applied("app", spec, { secrets, previous: { id, ...facts } });
	assert.deepEqual(aptible.newWrites(), [], "the endpoint has the address that the app has been given");
	const { stderr } = await aptible.apply("app", spec, { previous: { id, ...facts } });
	assert.match(stderr, /needs \$\{apps\.gateway\.v2\.endpoints\.mqtt\.host\}, which the program did not hand over/);
});

test("on a stack with another domain the address is of that", async (t) => {
	const aptible = await openReconciler(t);
	inSandbox(aptible.dir, (store) => {
		for (const stack of store.list("stack")) store.save("stack", { ...stack, default_domain: "acme.example" });
	});
	const spec = portalSpec({ config: { HOST: "${apps.portal.endpoints.test.host}" } });
	const { id } = await aptible.applied("app", spec);
	const [pair] = (await aptible.cli("config", "--app", "portal")) as { value: string }[];
	assert.equal(pair?.value, `app-${id}.acme.example`);
	assert.equal((await aptible.applied("endpoint", endpoint)).url, `https://app-${id}.acme.example`);
});
