/** Endpoints for tests of their reconciler: an app and a database that have none yet, and specs. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { Served, Vhost } from "@medstack-to-aptible/sandbox/aptible/model.ts";
import { inSandbox } from "@medstack-to-aptible/sandbox/aptible/sandbox.ts";
import { openReconciler, type ReconcilerUnderTest } from "../../support/reconcile.ts";

type Blocks = Record<string, unknown>;

/** An endpoint as `endpoints:list` shows it. */
// biome-ignore lint/suspicious/noExplicitAny: tests read its fields freely
export type Listed = Record<string, any>;

/** What is the same of most endpoints of the app `portal`. */
export const plainEndpoint = {
	environment: "acme-test",
	on: { app: "portal" },
	service: "web",
	internal: false,
	defaultDomain: false,
	managedTls: false,
	ports: [],
	ipFilter: [],
	shared: false,
	settings: {},
	hasTwins: false,
};

/** The endpoint `test`: https with the default domain. */
export function httpsSpec(change: Blocks = {}): Blocks {
	return {
		...plainEndpoint,
		name: "test",
		kind: "https",
		defaultDomain: true,
		loadBalancingAlgorithm: "round_robin",
		settings: { force_ssl: true, ssl_protocols_override: "TLSv1.2 PFS TLSv1.3" },
		...change,
	};
}

/** The endpoint `public`: https with a managed certificate for portal.acme.example. */
export function managedSpec(change: Blocks = {}): Blocks {
	return httpsSpec({
		name: "public",
		defaultDomain: false,
		managedTls: true,
		domain: "portal.acme.example",
		...change,
	});
}

/** The endpoint `own`: of any kind with TLS, with a certificate from two secrets. */
export function ownSpec(change: Blocks = {}): Blocks {
	const certificate = { chain: "${secrets.chain}", key: "${secrets.key}" };
	return httpsSpec({ name: "own", defaultDomain: false, certificate, ...change });
}

/** The endpoint `mqtt`: tcp on worker, port 1883. */
export function tcpSpec(change: Blocks = {}): Blocks {
	return { ...plainEndpoint, name: "mqtt", kind: "tcp", service: "worker", ports: [1883], ...change };
}

/** The endpoint `rpc`: grpc on worker, port 50051, with a managed certificate. */
export function grpcSpec(change: Blocks = {}): Blocks {
	const settings = { ssl_protocols_override: "TLSv1.2", disable_weak_cipher_suites: true };
	return {
		...plainEndpoint,
		name: "rpc",
		kind: "grpc",
		service: "worker",
		managedTls: true,
		domain: "rpc.acme.example",
		ports: [50051],
		settings,
		...change,
	};
}

/** The endpoint `reports` of the database `main`. */
export function databaseSpec(change: Blocks = {}): Blocks {
	const { service: _, ...spec } = plainEndpoint;
	return { ...spec, on: { database: "main" }, name: "reports", kind: "database", ipFilter: ["203.0.113.7"], ...change };
}

/** What the claims say of an endpoint. */
export function claimedEndpoint(spec: Blocks, change: Blocks = {}): Blocks {
	const { kind, service, internal, defaultDomain, managedTls, domain } = spec;
	return { adopt: false, kind, service, internal, defaultDomain, managedTls, domain, ...change };
}

/** An emulated Aptible with the app `portal` (web, worker) and the database `main`. */
export async function openEndpoints(t: Pick<TestContext, "after">): Promise<EndpointsUnderTest> {
	const aptible = await openReconciler(t);
	const at = ["--environment", aptible.environment];
	await aptible.cli("apps:create", "portal", ...at);
	await aptible.cli("deploy", "--app", "portal", ...at, "--docker-image", "acme/portal:1");
	await aptible.cli("db:create", "main", ...at, "--type", "postgresql", "--version", "16");
	aptible.newJournal();
	return new EndpointsUnderTest(aptible);
}

/** The reconciler of endpoints, and what there is of them. */
export class EndpointsUnderTest {
	readonly aptible: ReconcilerUnderTest;

	constructor(aptible: ReconcilerUnderTest) {
		this.aptible = aptible;
	}

	/** Endpoints of the app, or of the database `main`. */
	async list(of: "--app" | "--database" = "--app"): Promise<Listed[]> {
		const owner = of === "--app" ? "portal" : "main";
		const listed = await this.aptible.cli("endpoints:list", of, owner, "--environment", this.aptible.environment);
		this.aptible.newJournal();
		return listed as Listed[];
	}

	/** The only endpoint there is. */
	async only(of: "--app" | "--database" = "--app"): Promise<Listed> {
		const [first, ...others] = await this.list(of);
		assert.deepEqual(others, []);
		return first ?? assert.fail("there is no endpoint");
	}

	/** What the load balancer was given, whatever the record says. */
	served(id: number): Served | null {
		return this.record(id).served;
	}

	record(id: number): Vhost {
		return inSandbox(this.aptible.dir, (store) => store.get("vhost", id));
	}

	/** Number of certificates in the environment. */
	certificates(): number {
		return this.fingerprints().length;
	}

	fingerprints(): string[] {
		return inSandbox(this.aptible.dir, (store) => store.list("certificate").map((one) => one.sha256_fingerprint));
	}

	certificateBody(id: number): string {
		return inSandbox(this.aptible.dir, (store) => store.get("certificate", id).certificate_body.trim());
	}

	/** Applies, and applies again with the facts: which must send nothing. Gives the writes of the first. */
	async settles(spec: Blocks, handover: Handover = {}): Promise<{ facts: Listed; writes: string[] }> {
		const facts = await this.aptible.applied("endpoint", spec, handover);
		const writes = this.aptible.newWrites();
		const again = await this.aptible.applied("endpoint", spec, { ...handover, previous: facts });
		assert.deepEqual(this.aptible.newWrites(), [], "the second apply sends nothing");
		assert.equal(again.id, facts.id);
		return { facts, writes };
	}
}

type Handover = NonNullable<Parameters<ReconcilerUnderTest["apply"]>[2]>;

/** What the claims hand over for an endpoint, and which ids are others'. */
export function hints(claim: { after: number; id?: number }, taken: number[] = []): Record<string, string> {
	return { "hints.claim": JSON.stringify(claim), "hints.taken": JSON.stringify(taken) };
}
