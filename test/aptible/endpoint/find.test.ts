import assert from "node:assert/strict";
import { test } from "node:test";
import type { Endpoint } from "../../../aptible/api/endpoint.ts";
import { claimEndpoints } from "../../../aptible/endpoint/claims.ts";
import { findEndpoint } from "../../../aptible/endpoint/find.ts";
import type { EndpointSpec } from "../../../wire/endpoint.ts";
import type { ClaimedEndpoint } from "../../../wire/endpoint-claims.ts";
import { liveEndpoint } from "../../support/live.ts";
import { grpcSpec, httpsSpec, managedSpec, tcpSpec } from "./endpoints-under-test.ts";

const live = liveEndpoint;

const idOf = (endpoints: Endpoint[], spec: object, traces: Parameters<typeof findEndpoint>[2] = {}) =>
	findEndpoint(endpoints, spec as EndpointSpec, traces)?.id;

test("the recorded id comes first, whatever else there is", () => {
	const both = [live(5), live(6)];
	assert.equal(idOf(both, tcpSpec(), { previous: { id: 6 } }), 6);
	assert.equal(idOf(both, httpsSpec(), { previous: { id: 5 } }), 5);
});

test("an address of which there is one finds its endpoint", () => {
	const all = [
		live(5, { type: "https", defaultDomainEnabled: true, service: "web" }),
		live(6, { type: "https", managedTlsEnabled: true, managedTlsDomain: "portal.acme.example" }),
		live(7, { type: undefined, managedTlsEnabled: true, managedTlsDomain: "rpc.acme.example" }),
	];
	assert.equal(idOf(all, httpsSpec()), 5);
	assert.equal(idOf(all, managedSpec()), 6);
	assert.equal(idOf(all, grpcSpec()), 7);
	assert.equal(idOf(all, managedSpec({ domain: "x.example" })), undefined);
});

test("kind, service, placement and address have to fit; no type means gRPC, and a new one is none of them", () => {
	const rpc = grpcSpec({ managedTls: false, domain: undefined });
	assert.equal(idOf([live(5)], rpc), undefined);
	assert.equal(idOf([live(5, { type: undefined })], rpc), 5);
	assert.equal(idOf([live(5, { type: "quic" })], rpc), undefined);
	assert.equal(idOf([live(5, { internal: true })], tcpSpec()), undefined);
	assert.equal(idOf([live(5, { service: "web" })], tcpSpec()), undefined);
	assert.equal(idOf([live(5, { defaultDomainEnabled: true })], tcpSpec()), undefined);
});

test("before it was recorded, it is the oldest one made after its claim that is nobody else's", () => {
	const all = [live(9), live(5), live(7)];
	assert.equal(idOf(all, tcpSpec(), { claim: { after: 5 } }), 7);
	assert.equal(idOf(all, tcpSpec(), { claim: { after: 5 }, taken: [7] }), 9);
	assert.equal(idOf(all, tcpSpec(), { claim: { after: 9 } }), undefined);
	assert.equal(idOf(all, tcpSpec(), { claim: { after: 9, id: 5 } }), 5, "one that was adopted");
});

test("after somebody deleted it, a twin's own endpoint is not taken for it", () => {
	const twins = tcpSpec({ hasTwins: true });
	assert.equal(idOf([live(8)], tcpSpec(), { previous: { id: 5 } }), 8);
	assert.equal(idOf([live(4)], tcpSpec(), { previous: { id: 5 } }), undefined);
	assert.equal(idOf([live(8)], twins, { previous: { id: 5 } }), undefined);
	assert.equal(idOf([live(8), live(9, { hostname: undefined })], twins, { previous: { id: 5 } }), 9);
});

const mqtt: ClaimedEndpoint = {
	adopt: false,
	kind: "tcp",
	service: "worker",
	internal: false,
	defaultDomain: false,
	managedTls: false,
};
const on = { app: "portal" };
const place = (name: string) => `apps.portal.endpoints.${name}/tcp-worker-external`;
const outcome = (
	endpoints: Endpoint[],
	claims: Record<string, ClaimedEndpoint>,
	known: Record<string, { after: number; id?: number }> = {},
) => {
	const { found, claims: made } = claimEndpoints(endpoints, on, claims, new Map(Object.entries(known)));
	return { found: found.map(({ place, adopt }) => `${place}${adopt ? " adopted" : ""}`), claims: made };
};

test("a claim where nothing is notes the newest id there is", () => {
	assert.deepEqual(outcome([live(7, { internal: true })], { mqtt }), {
		found: [],
		claims: { [place("mqtt")]: { after: 7 } },
	});
});

test("a live endpoint that was not claimed is found, and adopted by its id", () => {
	assert.deepEqual(outcome([live(5)], { mqtt }).found, ["apps.portal.endpoints.mqtt"]);
	assert.deepEqual(outcome([live(5), live(6)], { mqtt: { ...mqtt, adopt: true } }), {
		found: ["apps.portal.endpoints.mqtt adopted"],
		claims: { [place("mqtt")]: { after: 6, id: 5 } },
	});
});

test("as many as were claimed before are those; one more is somebody else's", () => {
	const known = { [place("mqtt")]: { after: 3 } };
	assert.deepEqual(outcome([live(5)], { mqtt, second: mqtt }, known), {
		found: [],
		claims: { [place("mqtt")]: { after: 3 }, [place("second")]: { after: 5 } },
	});
	assert.deepEqual(outcome([live(5), live(6)], { mqtt, second: mqtt }, known).found, ["apps.portal.endpoints.second"]);
});

test("one that goes in the same run still counts as claimed", () => {
	const known = { [place("gone")]: { after: 3 } };
	assert.deepEqual(outcome([live(5)], { mqtt }, known).found, []);
});

test("the one that adopts chooses first, and what was adopted before is not free", () => {
	const claims = { a: mqtt, b: { ...mqtt, adopt: true } };
	assert.deepEqual(outcome([live(5)], claims).found, ["apps.portal.endpoints.b adopted"]);
	const known = { [place("b")]: { after: 6, id: 5 } };
	assert.deepEqual(outcome([live(5)], { ...claims, c: mqtt }, known).found, []);
});
