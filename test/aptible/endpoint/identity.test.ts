import assert from "node:assert/strict";
import { test } from "node:test";
import { type EndpointSpec, refuseEndpointChange } from "../../../wire/endpoint.ts";
import {
	announceEndpointMoves,
	type ClaimedEndpoint,
	type ClaimedOwners,
	refuseEndpointMoves,
} from "../../../wire/endpoint-claims.ts";
import { endpointKey } from "../../../wire/endpoint-identity.ts";
import { httpsSpec, managedSpec, ownSpec, tcpSpec } from "./endpoints-under-test.ts";

const change = (before: object, after: object) => refuseEndpointChange(before as EndpointSpec, after as EndpointSpec);

const claim = (spec: object, more: object = {}): ClaimedEndpoint => {
	const { kind, service, internal, defaultDomain, managedTls, domain } = spec as EndpointSpec;
	return { adopt: false, kind, service, internal, defaultDomain, managedTls, domain, ...more };
};

/** A stage whose app `portal` has these endpoints. */
const stage = (endpoints: Record<string, ClaimedEndpoint>, apps: ClaimedOwners = {}) => ({
	apps: { portal: { endpoints }, ...apps },
	databases: {},
});

test("a resource is named by what can be there once, or by kind, service and placement", () => {
	const keys = [
		httpsSpec(),
		managedSpec(),
		managedSpec({ domain: "*.acme.example" }),
		ownSpec(),
		tcpSpec({ internal: true }),
	];
	assert.deepEqual(
		keys.map((spec) => endpointKey(spec as EndpointSpec)),
		["default", "portal.acme.example", "any.acme.example", "https-web-external", "tcp-worker-internal"],
	);
});

test("what changes in place is not refused", () => {
	assert.equal(change(httpsSpec(), httpsSpec({ ports: [80], ipFilter: ["203.0.113.7"], shared: true })), undefined);
	assert.equal(change(ownSpec({ domain: "a.example" }), ownSpec({ domain: "b.example" })), undefined);
});

test("another kind, service or placement with the default domain is refused", () => {
	assert.equal(
		change(httpsSpec(), httpsSpec({ kind: "tls", service: "api" })),
		'endpoint "test" of app "portal" is https on service "web", external, with the default domain, and cannot become tls on ' +
			'service "api", external, with the default domain in place; nor can a second come up beside it, as an app has one default ' +
			"domain. Where a gap does no harm: remove it, run `pulumi up`, declare it again, and run `pulumi up` again. Where it " +
			"does: declare a second endpoint under another name with a domain of its own, move the traffic to it, then remove this one.",
	);
});

test("another placement with the same managed domain is refused", () => {
	assert.equal(
		change(managedSpec(), managedSpec({ internal: true })),
		'endpoint "public" of app "portal" is https on service "web", external, with a managed certificate for portal.acme.example, ' +
			'and cannot become https on service "web", internal, with a managed certificate for portal.acme.example in place; nor can ' +
			"a second come up beside it, as portal.acme.example has one managed certificate. Where a gap does no harm: remove it, " +
			"run `pulumi up`, declare it again, and run `pulumi up` again. Where it does: declare a second endpoint under another name " +
			"with a certificate of your own, lead the domain's CNAME to its host name, then remove this one.",
	);
});

test("a shared load balancer is for good", () => {
	assert.equal(
		change(httpsSpec({ shared: true }), httpsSpec()),
		'endpoint "test" of app "portal" shares its load balancer, and Aptible never gives it one of its own again. Leave ' +
			"`shared: true`, or declare a second endpoint under another name, move the traffic to it, then remove this one.",
	);
});

test("an endpoint that can be there beside the old one replaces it, and the preview says so", () => {
	const [before, after] = [stage({ mqtt: claim(tcpSpec()) }), stage({ mqtt: claim(tcpSpec({ internal: true })) })];
	assert.equal(refuseEndpointMoves(before, after), undefined);
	assert.deepEqual(announceEndpointMoves(before, after), [
		'endpoint "mqtt" of app "portal" was tcp on service "worker", external, and becomes tcp on service "worker", internal: a ' +
			"second endpoint with a host name of its own comes up first, then the old one goes, in the same update. Whoever still " +
			"uses the old host name is then cut off; to move them in between, declare the second under another name.",
	]);
	assert.deepEqual(announceEndpointMoves(after, after), []);
	assert.deepEqual(announceEndpointMoves(stage({}), after), [], "a new one replaces nothing");
});

test("a domain that stays while its endpoint becomes another is refused: its CNAME has to move in between", () => {
	const own = claim(ownSpec({ domain: "portal.acme.example" }));
	assert.equal(
		refuseEndpointMoves(stage({ public: claim(managedSpec()) }), stage({ public: own })),
		'endpoint "public" of app "portal" is https on service "web", external, with a managed certificate for portal.acme.example, ' +
			'and cannot become https on service "web", external, with a certificate of its own while it keeps the domain ' +
			"portal.acme.example: its CNAME has to be moved in between. Declare a second endpoint under another name without that " +
			"domain, lead the CNAME to its host name, then remove this one and give the domain to the second.",
	);
	const elsewhere = claim(ownSpec({ domain: "portal.acme.example", service: "api" }));
	assert.match(refuseEndpointMoves(stage({ public: own }), stage({ public: elsewhere })) ?? "", /keeps the domain/);
	assert.equal(
		refuseEndpointMoves(stage({ public: own }), stage({ public: claim(managedSpec({ domain: "b.example" })) })),
		undefined,
	);
});

test("an address that another endpoint has is refused, unless it is the same one renamed", () => {
	const before = stage({ test: claim(httpsSpec()) });
	assert.equal(
		refuseEndpointMoves(before, stage({ preview: claim(httpsSpec()) })),
		'endpoint "preview" of app "portal" takes the default domain of endpoint "test" of app "portal", and two cannot have it at ' +
			"once. If it is the same endpoint under another name, say so: apps.portal.endpoints.preview.renamedFrom: test. If not: " +
			'remove "test", run `pulumi up`, then declare "preview".',
	);
	const renamed = stage({ preview: claim(httpsSpec(), { renamedFrom: "test" }) });
	assert.equal(refuseEndpointMoves(before, renamed), undefined);
	assert.deepEqual(announceEndpointMoves(before, renamed), []);
	const elsewhere = stage({}, { api: { endpoints: { public: claim(managedSpec()) } } });
	assert.equal(
		refuseEndpointMoves(stage({ public: claim(managedSpec()) }), elsewhere),
		'endpoint "public" of app "api" takes the domain portal.acme.example of endpoint "public" of app "portal", and two cannot ' +
			'have it at once. One after the other: remove "public", run `pulumi up`, then declare "public".',
	);
	const other = stage({ test: claim(httpsSpec()) }, { api: { endpoints: { test: claim(httpsSpec()) } } });
	assert.equal(refuseEndpointMoves(before, other), undefined, "each app has a default domain");
});

test("an app that is renamed keeps its endpoints", () => {
	const before = stage({ test: claim(httpsSpec()), mqtt: claim(tcpSpec()) });
	const after = {
		apps: { clinic: { renamedFrom: "portal", endpoints: { test: claim(httpsSpec()), mqtt: claim(tcpSpec()) } } },
		databases: {},
	};
	assert.equal(refuseEndpointMoves(before, after), undefined);
	assert.deepEqual(announceEndpointMoves(before, after), []);
});
