/** What has no operation is read again until Aptible shows it, as a list may lag behind. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { syncAutoscaling } from "../../../aptible/app/autoscaling.ts";
import { syncOptions } from "../../../aptible/app/service-options.ts";
import type { Context } from "../../../aptible/context.ts";
import { AppSpec } from "../../../wire/app.ts";
import { portalSpec } from "../../support/app-spec.ts";
import { liveService } from "../../support/live.ts";

const place = { environment: "acme-test", app: "portal" };

/** Shows the first answer once, then the second. */
function lagging(first: readonly object[], then: readonly object[]): Context {
	let reads = 0;
	return {
		lagMs: 1_500,
		progress: () => {},
		api: {
			root: "",
			list: async () => (reads++ === 0 ? first : then),
			send: async () => {},
		},
		cli: { change: async () => {} },
	} as unknown as Context;
}

test("how a service is released may show late", async () => {
	const service = liveService("web", { id: 7 });
	const spec = AppSpec.parse(portalSpec({ services: { web: { stopTimeoutSeconds: 60 } } }));
	const context = lagging([service], [{ ...service, options: { stopTimeoutSeconds: 60 } }]);
	assert.deepEqual(await syncOptions(context, spec, place, 1, [service]), ["web"]);
});

test("the end of autoscaling may show late", async () => {
	const policy = { autoscaling: "vertical", scaling_enabled: true };
	const service = { id: 7, service: "web", policy: policy as never };
	await syncAutoscaling(lagging([policy], []), place, service, undefined);
});
