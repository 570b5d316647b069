import assert from "node:assert/strict";
import { test } from "node:test";
import { problemsOf, testRefused } from "./refused.ts";
import { absent, stageWith } from "./stage-file.ts";

test("a service that an endpoint leads to may be stopped: that is how an app goes offline", () => {
	assert.deepEqual(problemsOf(stageWith({ "apps/portal/services/web/containers": 0 })), []);
});

testRefused({
	"an endpoint on a service that is not there": {
		change: { "apps/portal/endpoints/test/service": "wbe" },
		says: [
			'apps.portal.endpoints.test.service: "wbe" is not a service of this app; allowed: web, worker; did you mean "web"?',
		],
	},
	"a kind of endpoint that is not supported": {
		change: { "apps/portal/endpoints/test/kind": "htps" },
		says: [
			'apps.portal.endpoints.test.kind: "htps" is not a kind of endpoint; allowed: "https", "grpc", "tls", "tcp"; did you mean "https"?',
		],
	},
	"an endpoint without an address": {
		change: { "apps/portal/endpoints/test/defaultDomain": absent },
		says: [
			'apps.portal.endpoints.test: "test" has no address; give it defaultDomain: true, domain: with managedTls: true, or certificate: with chain and key',
		],
	},
	"an endpoint with two addresses": {
		change: { "apps/portal/endpoints/test/domain": "a.acme.example", "apps/portal/endpoints/test/managedTls": true },
		says: [
			'apps.portal.endpoints.test.domain: "a.acme.example" stands beside defaultDomain: true; an endpoint has one of the two: remove the other',
		],
	},
	"a domain without a certificate": {
		change: {
			"apps/portal/endpoints/test/defaultDomain": absent,
			"apps/portal/endpoints/test/domain": "a.acme.example",
		},
		says: [
			'apps.portal.endpoints.test.domain: "a.acme.example" has no certificate; allowed: managedTls: true (Aptible gets and renews one), certificate: with chain and key, or certificateFingerprint',
		],
	},
	"a managed certificate for a default domain": {
		change: { "apps/portal/endpoints/test/managedTls": true },
		says: [
			"apps.portal.endpoints.test.managedTls: true does not go with defaultDomain, whose certificate is Aptible's own; remove the line",
		],
	},
	"a domain in capitals": {
		change: {
			"apps/portal/endpoints/test/defaultDomain": absent,
			"apps/portal/endpoints/test/domain": "Portal.acme.example",
			"apps/portal/endpoints/test/managedTls": true,
		},
		says: [
			'apps.portal.endpoints.test.domain: "Portal.acme.example" is not a domain; allowed: a full name in lower case, such as portal.example.com or *.example.com',
		],
	},
	"two default domains of one app": {
		change: { "apps/portal/endpoints/second": { service: "web", kind: "https", defaultDomain: true } },
		says: [
			'apps.portal.endpoints.second.defaultDomain: true is on "test" already; Aptible gives an app one default domain: give this one a domain',
		],
	},
	"one domain twice": {
		change: {
			"apps/portal/endpoints/a": { service: "web", kind: "https", domain: "a.acme.example", managedTls: true },
			"apps/portal/endpoints/b": { service: "web", kind: "https", domain: "a.acme.example", managedTls: true },
		},
		says: [
			'apps.portal.endpoints.b.domain: "a.acme.example" is the domain of apps.portal.endpoints.a already; one domain leads to one endpoint',
		],
	},
	"an IP filter with IPv6": {
		change: { "apps/portal/endpoints/test/ipFilter": ["2001:db8::1"] },
		says: [
			'apps.portal.endpoints.test.ipFilter[0]: "2001:db8::1" is not an IPv4 address or range; allowed: for example 203.0.113.10 or 203.0.113.0/24 (Aptible filters no IPv6)',
		],
	},
	"an IP filter with an address inside a range": {
		change: { "apps/portal/endpoints/test/ipFilter": ["10.1.2.3/8"] },
		says: [
			'apps.portal.endpoints.test.ipFilter[0]: "10.1.2.3/8" is an address inside a range; did you mean "10.0.0.0/8"?',
		],
	},
	"an IP filter with one address twice": {
		change: { "apps/portal/endpoints/test/ipFilter": ["203.0.113.10", "203.0.113.10/32"] },
		says: ['apps.portal.endpoints.test.ipFilter[1]: "203.0.113.10/32" stands twice; remove one'],
	},
	"an IP filter that is too long": {
		change: { "apps/portal/endpoints/test/ipFilter": Array.from({ length: 51 }, (_, index) => `203.0.113.${index}`) },
		says: ["apps.portal.endpoints.test.ipFilter: this list has more than 50 entries; allowed: at most 50"],
	},
	"an IP filter that is text": {
		change: { "apps/portal/endpoints/test/ipFilter": "203.0.113.10" },
		says: [
			'apps.portal.endpoints.test.ipFilter: "203.0.113.10" is not a list; allowed: IPv4 addresses and ranges, such as [203.0.113.0/24]',
		],
	},
	"old TLS with health information": {
		change: { "apps/portal/endpoints/test/sslProtocols": "TLSv1.1 TLSv1.2" },
		says: [
			'apps.portal.endpoints.test.sslProtocols: "TLSv1.1 TLSv1.2" admits TLS below 1.2, which phi: true rules out; allowed: "TLSv1.2", "TLSv1.2 PFS", "TLSv1.2 PFS TLSv1.3", "TLSv1.3"',
		],
	},
	"a TLS choice that Aptible does not have": {
		change: { "apps/portal/endpoints/test/sslProtocols": "TLSv1.2 TLSv1.3" },
		says: [
			'apps.portal.endpoints.test.sslProtocols: "TLSv1.2 TLSv1.3" is not a choice of TLS protocols; allowed: "TLSv1 TLSv1.1 TLSv1.2", "TLSv1 TLSv1.1 TLSv1.2 PFS", "TLSv1.1 TLSv1.2", "TLSv1.1 TLSv1.2 PFS", "TLSv1.2", "TLSv1.2 PFS", "TLSv1.2 PFS TLSv1.3", "TLSv1.3", "default"; did you mean "TLSv1.2 PFS TLSv1.3"?',
		],
	},
	"plain HTTP with health information": {
		change: { "apps/portal/endpoints/test/forceSsl": false },
		says: [
			"apps.portal.endpoints.test.forceSsl: false lets health information through in the open, which phi: true rules out; remove the line",
		],
	},
	"an idle timeout that is too short": {
		change: { "apps/portal/endpoints/test/idleTimeoutSeconds": 10 },
		says: ["apps.portal.endpoints.test.idleTimeoutSeconds: 10 is not a whole number from 30 to 2400 (seconds)"],
	},
	"a maintenance page over plain HTTP": {
		change: { "apps/portal/endpoints/test/maintenancePageUrl": "http://status.acme.example" },
		says: [
			'apps.portal.endpoints.test.maintenancePageUrl: "http://status.acme.example" is not an https:// address; allowed: for example https://status.example.com/down.html',
		],
	},
	"an unknown domain": {
		change: {
			"apps/portal/endpoints/test/defaultDomain": absent,
			"apps/portal/endpoints/test/domain": "portal",
			"apps/portal/endpoints/test/managedTls": true,
		},
		says: [
			'apps.portal.endpoints.test.domain: "portal" is not a domain; allowed: a full name in lower case, such as portal.example.com or *.example.com',
		],
	},
	"a service name that is only near": {
		change: { "apps/portal/endpoints/test/service": "Web" },
		says: [
			'apps.portal.endpoints.test.service: "Web" is not a service of this app; allowed: web, worker; did you mean "web"?',
		],
	},
	"an endpoint name with a space": {
		change: {
			"apps/portal/endpoints/my test": { service: "web", kind: "https", domain: "b.acme.example", managedTls: true },
		},
		says: [
			'apps.portal.endpoints["my test"]: "my test" is not the name of an endpoint; allowed: letters, digits and _',
		],
	},
	"a misspelt key of an endpoint with one of its own": {
		change: { "apps/portal/endpoints/test/idleTimeout": 60 },
		says: [
			'apps.portal.endpoints.test.idleTimeout: is not known here; allowed: service, kind, defaultDomain, domain, managedTls, certificate, certificateFingerprint, internal, port, ports, ipFilter, loadBalancingAlgorithm, idleTimeoutSeconds, sslProtocols, disableWeakCipherSuites, sslCiphers, forceSsl, maintenancePageUrl, releaseHealthcheckTimeoutSeconds, showElbHealthchecks, strictHealthChecks, shared, answersWithinSeconds, adopt, renamedFrom, protect; did you mean "idleTimeoutSeconds"?',
		],
	},
});
