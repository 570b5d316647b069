/** The host name that a look takes for what an app refers to. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Endpoint } from "../../aptible/api/endpoint.ts";
import { parseStage } from "../../config/parse.ts";
import { hostsOf } from "../../drift/endpoint-hosts.ts";
import type { RecordedCommand } from "../../drift/recorded.ts";
import type { Snapshot } from "../../drift/snapshot.ts";
import { stageWith } from "../config/stage-file.ts";

const stage = parseStage(
	stageWith({
		"apps/gateway": {
			image: "acme/gateway:1",
			services: { web: {} },
			endpoints: { mqtt: { service: "web", kind: "tcp", internal: true } },
		},
	}),
	{ file: "Pulumi.test.yaml" },
);

const live = (id: number, internal: boolean): Partial<Endpoint> => ({
	id,
	hostname: `elb-acme-${id}.aptible.in`,
	type: "tcp",
	service: "web",
	internal,
	defaultDomainEnabled: false,
	managedTlsEnabled: false,
});

const recorded = (id: number) =>
	({
		kind: "endpoint",
		name: String(id),
		spec: { on: { app: "gateway" }, name: "mqtt" },
		facts: { id },
	}) as RecordedCommand;

/** What the reference stands for, of these endpoints of the app on Aptible, of which these are in the state. */
function hostOf(endpoints: readonly Partial<Endpoint>[], ids: readonly number[], app = "gateway"): string | undefined {
	const apps = [{ app: { handle: app }, endpoints: endpoints.map((listed) => ({ listed })) }];
	const snapshot = { apps } as unknown as Pick<Snapshot, "apps">;
	return hostsOf(snapshot, stage, ids.map(recorded))("apps.gateway.endpoints.mqtt.host");
}

test("of the endpoint that is recorded, whatever it is like now", () => {
	assert.equal(hostOf([live(1, true), live(2, false)], [2]), "elb-acme-2.aptible.in");
});

test("of two that are recorded since an update was killed, of the one that is declared", () => {
	assert.equal(hostOf([live(1, false), live(2, true)], [1, 2]), "elb-acme-2.aptible.in");
});

test("of one that is not recorded only where no other one is like it", () => {
	assert.equal(hostOf([live(1, true), live(2, false)], []), "elb-acme-1.aptible.in");
	assert.equal(hostOf([live(1, true), live(2, true)], []), undefined);
	assert.equal(hostOf([live(1, true)], [], "gateway-of-others"), undefined);
});
