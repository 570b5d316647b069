/** Claims of the matrix: a stage that takes over all that is there. They write nothing, so their facts are what is looked at. */
import {
	claimedEndpoint,
	databaseSpec,
	httpsSpec,
	managedSpec,
	tcpSpec,
} from "../aptible/endpoint/endpoints-under-test.ts";
import { postgresql } from "../support/database-spec.ts";
import type { Spec } from "./reconcilers.ts";
import type { Subject } from "./subject.ts";
import type { World } from "./world.ts";

async function setup(world: World): Promise<Spec> {
	const at = ["--environment", "acme-test"];
	const onApp = ["--app", "portal", ...at];
	await world.cli("apps:create", "portal", ...at);
	await world.cli("deploy", ...onApp, "--docker-image", "acme/portal:1");
	await world.cli("endpoints:https:create", "web", ...onApp, "--default-domain");
	for (const port of ["1883", "8883"]) await world.cli("endpoints:tcp:create", "worker", ...onApp, "--ports", port);
	await world.applied("database", postgresql);
	await world.cli("endpoints:database:create", "main", ...at, "--ip-whitelist", "203.0.113.7");
	await world.cli("log_drain:create:https", "siem", ...at, "--url", "https://logs.acme.example");
	await world.cli("metric_drain:create:datadog", "metrics", ...at, "--api-key", "key", "--site", "US1");
	return {};
}

const adopt = { adopt: true };
const free = { adopt: false };
const main = { ...adopt, endpoints: { reports: claimedEndpoint(databaseSpec(), adopt) } };
const portal = {
	...adopt,
	endpoints: { test: claimedEndpoint(httpsSpec(), adopt), mqtt: claimedEndpoint(tcpSpec(), adopt) },
};
const environment = { handle: "acme-test", ...adopt };

/** A change of the endpoints of `portal`. */
function endpoints(more: object): { to: Spec } {
	return { to: { apps: { portal: { ...portal, endpoints: { ...portal.endpoints, ...more } } } } };
}

export const claims: readonly Subject[] = [
	{
		name: "claims",
		kind: "claims",
		setup,
		spec: {
			environment,
			databases: { main },
			apps: { portal },
			logDrains: { siem: adopt },
			metricDrains: { metrics: adopt },
		},
		changes: {
			"environment, adopted": { to: { environment: { ...environment, ...free } } },
			"databases: one more": { to: { databases: { main, cache: free } } },
			"databases: renamed": { to: { databases: { store: { ...main, renamedFrom: "main" } } } },
			"databases: one less": { to: { databases: {} } },
			"apps: one more": { to: { apps: { portal, jobs: { ...free, endpoints: {} } } } },
			"apps: renamed": { to: { apps: { gateway: { ...portal, renamedFrom: "portal" } } } },
			"apps.endpoints: one more": endpoints({ public: claimedEndpoint(managedSpec()) }),
			"apps.endpoints: a twin more": endpoints({ mqtt2: claimedEndpoint(tcpSpec(), adopt) }),
			"apps.endpoints: renamed": {
				to: {
					apps: {
						portal: {
							...adopt,
							endpoints: {
								test: portal.endpoints.test,
								broker: claimedEndpoint(tcpSpec(), { ...adopt, renamedFrom: "mqtt" }),
							},
						},
					},
				},
			},
			"logDrains: one more": { to: { logDrains: { siem: adopt, audit: free } } },
			"metricDrains: one less": { to: { metricDrains: {} } },
		},
		fixed: ["move"],
	},
];
