import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStage } from "../../config/parse.ts";
import { problemsOf, testRefused } from "./refused.ts";
import { absent, stageWith } from "./stage-file.ts";

const web = { service: "web", defaultDomain: true };
const tcp = { service: "worker", kind: "tcp" };
const chain = "${secrets.registryPassword}";
const certificate = { chain, key: "${secrets.sessionKey}" };

/** The endpoint `test`, with another beside it. */
const beside = (endpoint: object) => ({ "apps/portal/endpoints/other": endpoint });

testRefused({
	"a redirect on a tcp endpoint": {
		change: beside({ ...tcp, forceSsl: true }),
		says: ["apps.portal.endpoints.other.forceSsl: goes with kind https only, and this one is tcp; remove the line"],
	},
	"one port on a tcp endpoint": {
		change: beside({ ...tcp, port: 1883 }),
		says: [
			"apps.portal.endpoints.other.port: goes with kind https, grpc only, and this one is tcp; write ports: [1883]",
		],
	},
	"ports on an https endpoint": {
		change: { "apps/portal/endpoints/test/ports": [3000] },
		says: ["apps.portal.endpoints.test.ports: goes with kind tls, tcp only, and this one is https; write port: 3000"],
	},
	"a certificate on a tcp endpoint": {
		change: beside({ ...tcp, certificate }),
		says: [
			"apps.portal.endpoints.other.certificate: goes with kind https, grpc, tls only, and this one is tcp; remove the line",
		],
	},
	"ciphers on an https endpoint": {
		change: { "apps/portal/endpoints/test/sslCiphers": "ECDHE-RSA-AES256-GCM-SHA384" },
		says: [
			"apps.portal.endpoints.test.sslCiphers: goes with kind grpc, tls only, and this one is https; remove the line",
		],
	},
	"a shared tls endpoint": {
		change: { "apps/portal/endpoints/test/kind": "tls", "apps/portal/endpoints/test/shared": true },
		says: ["apps.portal.endpoints.test.shared: goes with kind https only, and this one is tls; remove the line"],
	},
	"protocols of an https endpoint on a grpc one": {
		change: {
			"apps/portal/endpoints/test/kind": "grpc",
			"apps/portal/endpoints/test/sslProtocols": "TLSv1.2 PFS TLSv1.3",
		},
		says: [
			'apps.portal.endpoints.test.sslProtocols: "TLSv1.2 PFS TLSv1.3" is for https only, as others have an older load balancer; allowed for grpc: "TLSv1 TLSv1.1 TLSv1.2", "TLSv1.1 TLSv1.2", "TLSv1.2", "TLSv1.3"; did you mean "TLSv1.2"?',
		],
	},
	"old TLS on a tls endpoint with health information": {
		change: {
			"apps/portal/endpoints/test/kind": "tls",
			"apps/portal/endpoints/test/sslProtocols": "TLSv1.1 TLSv1.2",
		},
		says: [
			'apps.portal.endpoints.test.sslProtocols: "TLSv1.1 TLSv1.2" admits TLS below 1.2, which phi: true rules out; allowed: "TLSv1.2", "TLSv1.3"',
		],
	},
	"weak ciphers with health information": {
		change: {
			"apps/portal/endpoints/test/kind": "tls",
			"apps/portal/endpoints/test/disableWeakCipherSuites": false,
		},
		says: [
			"apps.portal.endpoints.test.disableWeakCipherSuites: false admits RC4, which phi: true rules out; remove the line",
		],
	},
	"more than ten ports": {
		change: beside({ ...tcp, ports: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] }),
		says: ["apps.portal.endpoints.other.ports: this list has more than 10 entries; allowed: at most 10"],
	},
	"no ports in a list": {
		change: beside({ ...tcp, ports: [] }),
		says: [
			"apps.portal.endpoints.other.ports: this list is empty; remove the line for all the ports that the image exposes",
		],
	},
	"a port twice": {
		change: beside({ ...tcp, ports: [1883, 1883] }),
		says: ["apps.portal.endpoints.other.ports[1]: 1883 stands twice; remove one"],
	},
	"a port that there is not": {
		change: beside({ ...tcp, ports: [70000] }),
		says: ["apps.portal.endpoints.other.ports[0]: 70000 is not a whole number from 1 to 65535 (port)"],
	},
	"a way to balance that Aptible does not have": {
		change: { "apps/portal/endpoints/test/loadBalancingAlgorithm": "least_outstanding_request" },
		says: [
			'apps.portal.endpoints.test.loadBalancingAlgorithm: "least_outstanding_request" is not a load balancing algorithm; allowed: "round_robin", "least_outstanding_requests", "weighted_random"; did you mean "least_outstanding_requests"?',
		],
	},
	"a shared endpoint with a wildcard": {
		change: beside({ service: "web", kind: "https", domain: "*.acme.example", managedTls: true, shared: true }),
		says: [
			"apps.portal.endpoints.other.shared: true does not go with a wildcard, as the load balancer goes by one name; remove the line",
		],
	},
	"a shared endpoint without a name": {
		change: beside({ service: "web", kind: "https", certificate, shared: true }),
		says: [
			"apps.portal.endpoints.other.shared: true needs defaultDomain or a domain, by which the load balancer tells its endpoints apart",
		],
	},
	"two certificates": {
		change: beside({ service: "web", kind: "https", domain: "a.acme.example", managedTls: true, certificate }),
		says: [
			"apps.portal.endpoints.other.certificate: this block stands beside managedTls; an endpoint has one certificate: remove the other",
		],
	},
	"a certificate of one's own for the default domain": {
		change: { "apps/portal/endpoints/test/certificateFingerprint": "0123456789abcdef" },
		says: [
			`apps.portal.endpoints.test.certificateFingerprint: "0123456789abcdef" does not go with defaultDomain, whose certificate is Aptible's own; remove the line`,
		],
	},
	"a managed certificate for no domain": {
		change: beside({ service: "web", kind: "https", managedTls: true }),
		says: [
			"apps.portal.endpoints.other.managedTls: true needs the domain that the certificate is for; give it domain:",
		],
	},
	"a key in the open": {
		change: beside({ service: "web", kind: "https", certificate: { chain, key: "-----BEGIN PRIVATE KEY-----" } }),
		says: [
			"apps.portal.endpoints.other.certificate.key: its value is not one reference to a secret; allowed: ${secrets.portalKey} or another secret, and nothing beside it",
		],
	},
	"a certificate from a secret that is not there": {
		change: beside({ service: "web", kind: "https", certificate: { chain: "${secrets.registryPasword}", key: chain } }),
		says: [
			'apps.portal.endpoints.other.certificate.chain: "${secrets.registryPasword}" refers to a secret that is not under secrets; declared: registryPassword, sessionKey; did you mean "registryPassword"?',
		],
	},
	"half a certificate": {
		change: beside({ service: "web", kind: "https", certificate: { chain } }),
		says: [
			"apps.portal.endpoints.other.certificate.key: is missing; give a reference to a secret: ${secrets.portalKey} or another secret, and nothing beside it",
		],
	},
	"a fingerprint with colons": {
		change: beside({ service: "web", kind: "https", certificateFingerprint: "AB:CD:EF:01:23" }),
		says: [
			'apps.portal.endpoints.other.certificateFingerprint: "AB:CD:EF:01:23" is not a fingerprint; allowed: 8 to 64 of the digits 0-9 a-f, SHA-256 as the dashboard shows it',
		],
	},
	"a name that an endpoint had and another has": {
		change: beside({ ...tcp, renamedFrom: "test" }),
		says: [
			'apps.portal.endpoints.other.renamedFrom: "test" is declared too; one endpoint cannot be both renamed and kept',
		],
	},
	"an open database with health information": {
		change: { "databases/main/endpoints/reports": {} },
		says: [
			'databases.main.endpoints.reports: "reports" opens a database with health information to the whole internet, which phi: true rules out; give it ipFilter: with who may connect, or internal: true',
		],
	},
	"a filter of a database with health information that lets everyone in": {
		change: { "databases/main/endpoints/analysts": { ipFilter: ["0.0.0.0/0"] } },
		says: [
			'databases.main.endpoints.analysts.ipFilter[0]: "0.0.0.0/0" lets everyone in, which phi: true rules out; give it who may connect, in ranges of /8 or narrower, or internal: true',
		],
	},
	"a filter of a database that lets everyone in by halves": {
		change: { "databases/main/endpoints/analysts": { ipFilter: ["0.0.0.0/1", "203.0.113.0/24", "128.0.0.0/1"] } },
		says: [
			'databases.main.endpoints.analysts.ipFilter[0]: "0.0.0.0/1" lets everyone in, which phi: true rules out; give it who may connect, in ranges of /8 or narrower, or internal: true',
			'databases.main.endpoints.analysts.ipFilter[2]: "128.0.0.0/1" lets everyone in, which phi: true rules out; give it who may connect, in ranges of /8 or narrower, or internal: true',
		],
	},
	"a filter of a database that lets everyone in by many small parts": {
		change: { "databases/main/endpoints/analysts": { ipFilter: ["11.0.0.0/8", "11.0.0.0/9", "12.0.0.0/24"] } },
		says: [
			"databases.main.endpoints.analysts.ipFilter: this list lets 16777472 addresses in, more than one /8 has, which phi: true rules out; allowed: 16777216 together, or internal: true",
		],
	},
	"an endpoint of a database with what only apps have": {
		change: { "databases/main/endpoints/reports": { internal: true, kind: "tcp" } },
		says: [
			"databases.main.endpoints.reports.kind: is not known here; allowed: internal, ipFilter, adopt, renamedFrom, protect",
		],
	},
	"an IP filter of a database with an address inside a range": {
		change: { "databases/main/endpoints/reports": { ipFilter: ["10.1.2.3/8"] } },
		says: [
			'databases.main.endpoints.reports.ipFilter[0]: "10.1.2.3/8" is an address inside a range; did you mean "10.0.0.0/8"?',
		],
	},
	"a name of a database's endpoint with a hyphen": {
		change: { "databases/main/endpoints/re-ports": { internal: true } },
		says: [
			'databases.main.endpoints.re-ports: "re-ports" is not the name of an endpoint; allowed: letters, digits and _',
		],
	},
});

test("a filter as wide as a private network, one of everyone inside the stack, and any without health information, are taken", () => {
	const endpoints = {
		vpn: { ipFilter: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "203.0.113.0/24"] },
		wide: { ipFilter: ["11.0.0.0/8"] },
		inside: { internal: true, ipFilter: ["0.0.0.0/0"] },
	};
	const open = { "environment/phi": false, "databases/main/endpoints/open": { ipFilter: ["0.0.0.0/0"] } };
	assert.deepEqual(problemsOf(stageWith({ "databases/main/endpoints": endpoints })), []);
	assert.deepEqual(problemsOf(stageWith(open)), []);
});

test("every kind of endpoint is taken, with each way to a certificate", () => {
	const stage = parseStage(
		stageWith({
			"apps/portal/endpoints": {
				test: { ...web, kind: "https", shared: true, loadBalancingAlgorithm: "weighted_random", port: 3000 },
				mqtt: { ...tcp, ports: [1883], domain: "mqtt.acme.example" },
				plain: tcp,
				secure: { service: "worker", kind: "tls", certificate, sslProtocols: "TLSv1.3", ports: [8883, 8884] },
				rpc: { service: "worker", kind: "grpc", certificateFingerprint: "0123abcd", internal: true, protect: false },
				public: { service: "web", kind: "https", domain: "portal.acme.example", managedTls: true },
			},
			"databases/main/endpoints": { reports: { ipFilter: ["203.0.113.7"] }, inside: { internal: true } },
			"environment/phi": true,
			"databases/cache": absent,
		}),
		{ file: "Pulumi.test.yaml" },
	);
	const { endpoints } = stage.apps.portal ?? assert.fail();
	assert.deepEqual(
		Object.values(endpoints).map(({ protect }) => protect),
		[true, true, true, true, false, true],
		"with health information each is protected by itself",
	);
	assert.equal(stage.databases.main?.endpoints.reports?.protect, true);
});
