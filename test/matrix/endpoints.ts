/** Endpoints of the matrix. */
import assert from "node:assert/strict";
import { leafFingerprint } from "../../wire/certificate.ts";
import {
	databaseSpec,
	grpcSpec,
	httpsSpec,
	managedSpec,
	ownSpec,
	tcpSpec,
} from "../aptible/endpoint/endpoints-under-test.ts";
import { postgresql } from "../support/database-spec.ts";
import type { Spec } from "./reconcilers.ts";
import { secrets } from "./secrets.ts";
import type { Change, Subject } from "./subject.ts";
import type { World } from "./world.ts";

async function setup(world: World): Promise<Spec> {
	const at = ["--app", "portal", "--environment", "acme-test"];
	await world.cli("apps:create", "portal", "--environment", "acme-test");
	await world.cli("deploy", ...at, "--docker-image", "acme/portal:1");
	await world.applied("database", postgresql);
	return {};
}

const [first, second] = [fingerprintOf("chain"), fingerprintOf("chain2")];

function fingerprintOf(chain: string): string {
	return leafFingerprint(secrets[`secrets.${chain}`] ?? "") ?? assert.fail(`no certificate: ${chain}`);
}

/** Two certificates are in the environment already, left by endpoints that have gone. */
async function setupCertificates(world: World): Promise<Spec> {
	await setup(world);
	for (const n of ["", "2"]) {
		const spec = ownSpec({ certificate: { chain: `\${secrets.chain${n}}`, key: `\${secrets.key${n}}` } });
		await world.run("endpoint", "remove", spec, await world.applied("endpoint", spec));
	}
	return {};
}

/** Fields that are the identity, or that say nothing of the live object. */
const fixed = [
	...["environment", "on", "name", "kind", "service", "internal", "defaultDomain", "managedTls", "domain"],
	...["hasTwins", "answersWithinSeconds", "restartFollows"],
];

/** Fields that not every kind has. */
const others = ["certificate", "certificateFingerprint", "loadBalancingAlgorithm", "shared", "ports"];

const ipFilter: Change = { to: { ipFilter: ["203.0.113.9", "203.0.113.10"] } };
const ports = (...list: number[]): Change => ({ to: { ports: list } });

function settingsOf(spec: Spec, values: Readonly<Record<string, unknown>>): Record<string, Change> {
	return Object.fromEntries(
		Object.entries(values).map(([field, value]) => [
			`settings.${field}`,
			{ to: { settings: { ...(spec.settings as object), [field]: value } } },
		]),
	);
}

interface Sketch {
	spec: Spec;
	changes: Readonly<Record<string, Change>>;
	settings: Readonly<Record<string, unknown>>;
}

function subject(name: string, { spec, changes, settings }: Sketch): Subject {
	const all = { ...changes, ...settingsOf(spec, settings) };
	const has = (field: string) => Object.keys(all).some((changed) => changed.split(/[.:, ]/)[0] === field);
	return { name, kind: "endpoint", setup, spec, changes: all, fixed: [...fixed, ...others.filter((one) => !has(one))] };
}

const https = {
	idle_timeout: 120,
	force_ssl: false,
	ssl_protocols_override: "TLSv1.3",
	maintenance_page_url: "https://acme.example/down.html",
	release_healthcheck_timeout: 300,
	show_elb_healthchecks: true,
	strict_health_checks: true,
};

const tls = { idle_timeout: 120, ssl_protocols_override: "TLSv1.3", ssl_ciphers_override: "HIGH:!RC4" };

export const endpoints: readonly Subject[] = [
	subject("https endpoint with the default domain", {
		spec: httpsSpec(),
		changes: {
			ipFilter,
			ports: ports(3000),
			loadBalancingAlgorithm: { to: { loadBalancingAlgorithm: "least_outstanding_requests" } },
			shared: { to: { shared: true }, oneWay: true },
			"ports, ipFilter": { to: { ports: [3000], ipFilter: ["203.0.113.9"] } },
		},
		settings: https,
	}),
	subject("https endpoint with a managed certificate", {
		spec: managedSpec({ ports: [3000], ipFilter: ["203.0.113.7"] }),
		changes: { ipFilter, ports: ports(4000), "ports: none": ports() },
		settings: { idle_timeout: 120 },
	}),
	subject("https endpoint with a certificate of its own", {
		spec: ownSpec(),
		changes: {
			ipFilter,
			certificate: { to: { certificate: { chain: "${secrets.chain2}", key: "${secrets.key2}" } } },
		},
		settings: { idle_timeout: 120 },
	}),
	{
		...subject("https endpoint with a certificate that is there", {
			spec: ownSpec({ certificate: undefined, certificateFingerprint: first }),
			changes: {
				certificateFingerprint: { to: { certificateFingerprint: second } },
				"certificateFingerprint: its start": { to: { certificateFingerprint: second.slice(0, 12) } },
				"certificate, certificateFingerprint": {
					to: {
						certificate: { chain: "${secrets.chain2}", key: "${secrets.key2}" },
						certificateFingerprint: undefined,
					},
				},
			},
			settings: { idle_timeout: 120 },
		}),
		setup: setupCertificates,
	},
	subject("tls endpoint", {
		spec: ownSpec({ kind: "tls", settings: { ssl_protocols_override: "TLSv1.2" }, loadBalancingAlgorithm: undefined }),
		changes: { ipFilter, ports: ports(5000, 5001) },
		settings: tls,
	}),
	subject("tcp endpoint", {
		spec: tcpSpec(),
		changes: { ipFilter, ports: ports(1883, 8883), "ports: none": ports() },
		settings: { idle_timeout: 120 },
	}),
	subject("internal tcp endpoint", {
		spec: tcpSpec({ internal: true }),
		changes: { ipFilter },
		settings: {},
	}),
	subject("grpc endpoint", {
		spec: grpcSpec(),
		changes: { ipFilter, ports: ports(50052), "ports: none": ports() },
		settings: { ...tls, disable_weak_cipher_suites: false },
	}),
	subject("database endpoint", {
		spec: databaseSpec(),
		changes: { ipFilter, "ipFilter: none": { to: { ipFilter: [] } } },
		settings: {},
	}),
];
