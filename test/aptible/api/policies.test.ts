/** Autoscaling policies of an environment: which service each is of. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listPoliciesIn, listServicesIn, servicesOf } from "../../../aptible/api/service.ts";
import { link, openApi } from "../../support/local-api.ts";

const service = { container_count: 1, container_memory_limit_mb: 1024, instance_class: "r5" };

test("a policy is joined by the link of its service, and asked for where the two do not meet", async (t) => {
	const policy = { autoscaling: "horizontal", scaling_enabled: true };
	const of = (id: number, links: object) => ({ id, process_type: "web", ...service, _links: links });
	const answers = {
		"/accounts/7/service_sizing_policies": [
			{ id: 50, ...policy },
			{ id: 51, ...policy, autoscaling: "vertical" },
		],
		"/accounts/7/services": [
			of(1, { service_sizing_policy: link("/service_sizing_policies/50"), app: link("/apps/5") }),
			of(2, { service_sizing_policy: link("/service_sizing_policies/51"), app: link("/apps/5") }),
			of(3, { app: link("/apps/6") }),
		],
	};
	const whole = await openApi(t, answers);
	const services = await listServicesIn(whole.api, 7);
	const joined = await listPoliciesIn(whole.api, 7, services, services);
	assert.deepEqual(
		[...joined].map(([id, { autoscaling }]) => [id, autoscaling]),
		[
			[1, "horizontal"],
			[2, "vertical"],
		],
	);
	assert.equal(whole.asked.length, 2);
	assert.deepEqual(
		(await servicesOf(whole.api, services, { appId: 5 })).map(({ id }) => id),
		[1, 2],
	);
	const unlinked = await openApi(t, {
		...answers,
		"/accounts/7/services": [of(1, { service_sizing_policy: link("/services/1/service_sizing_policy") }), of(2, {})],
		"/services/1/service_sizing_policies": [{ id: 50, ...policy }],
		"/services/2/service_sizing_policies": [],
		"/apps/5/services": [of(1, {}), of(2, {})],
	});
	const bare = await listServicesIn(unlinked.api, 7);
	assert.deepEqual([...(await listPoliciesIn(unlinked.api, 7, bare, bare)).keys()], [1]);
	assert.equal((await servicesOf(unlinked.api, bare, { appId: 5 })).length, 2, "the app is asked");
});

test("a policy that cannot be joined leads to requests for the services that are wanted, and no others", async (t) => {
	const policy = { autoscaling: "horizontal", scaling_enabled: true };
	const of = (id: number, links: object) => ({ id, process_type: "web", ...service, _links: links });
	const { api, asked } = await openApi(t, {
		"/accounts/7/service_sizing_policies": [
			{ id: 50, ...policy },
			{ id: 51, ...policy },
			{ id: 52, ...policy },
		],
		"/accounts/7/services": [
			of(1, { app: link("/apps/5"), service_sizing_policy: link("/service_sizing_policies/50") }),
			of(2, { app: link("/apps/6"), service_sizing_policy: link("/service_sizing_policies/51") }),
			of(3, { app: link("/apps/5") }),
			of(4, { database: link("/databases/9") }),
			of(5, { app: link("/apps/6") }),
		],
		"/services/3/service_sizing_policies": [{ id: 52, ...policy }],
	});
	const all = await listServicesIn(api, 7);
	const wanted = all.filter(({ appId }) => appId === 5);
	assert.deepEqual([...(await listPoliciesIn(api, 7, all, wanted)).keys()].sort(), [1, 3]);
	assert.deepEqual(
		asked.map(({ path }) => path.split("?")[0]),
		["/accounts/7/services", "/accounts/7/service_sizing_policies", "/services/3/service_sizing_policies"],
	);
	asked.length = 0;
	const joined = all.filter(({ id }) => id === 1);
	assert.deepEqual([...(await listPoliciesIn(api, 7, all, joined)).keys()], [1]);
	assert.equal(asked.length, 1, "what is joined is not asked for, whatever others are not");
});
