/** Calls of everything in aptible/cli that asks the CLI for something, as the reconcilers make them. */
import assert from "node:assert/strict";
import type { Endpoint } from "../../../aptible/api/endpoint.ts";
import { syncAutoscaling } from "../../../aptible/app/autoscaling.ts";
import * as app from "../../../aptible/cli/app.ts";
import * as backup from "../../../aptible/cli/backup.ts";
import { Cli } from "../../../aptible/cli/cli.ts";
import * as database from "../../../aptible/cli/database.ts";
import * as drain from "../../../aptible/cli/drain.ts";
import * as endpoint from "../../../aptible/cli/endpoint.ts";
import * as environments from "../../../aptible/cli/environment.ts";
import * as operation from "../../../aptible/cli/operation.ts";
import * as service from "../../../aptible/cli/service.ts";
import * as tunnel from "../../../aptible/cli/tunnel.ts";
import * as version from "../../../aptible/cli/version.ts";
import { Redactor } from "../../../aptible/client/redact.ts";
import { Context } from "../../../aptible/context.ts";
import { creationOf } from "../../../aptible/drain/destination.ts";
import { changeOptions, creationOptions, diffEndpoint } from "../../../aptible/endpoint/differences.ts";
import { logDrainKinds, metricDrainKinds } from "../../../wire/drain-kinds.ts";
import { EndpointSpec } from "../../../wire/endpoint.ts";
import { AutoscaleSpec } from "../../../wire/service.ts";
import { horizontal, vertical } from "../../support/app-spec.ts";
import type { NotedCall } from "../../support/contract-argv.ts";
import { liveEndpoint } from "../../support/live.ts";
import { databaseSpec, grpcSpec, httpsSpec, managedSpec, tcpSpec } from "../endpoint/endpoints-under-test.ts";

/** A Cli that notes what it is asked. */
export class NotingCli extends Cli {
	readonly calls: NotedCall[] = [];

	constructor() {
		super(new Redactor(), () => {});
	}

	override async readText(argv: readonly string[]): Promise<string> {
		this.calls.push({ way: "readText", argv });
		return "aptible-cli v0.26.6";
	}

	override async change(argv: readonly string[]): Promise<void> {
		this.calls.push({ way: "change", argv });
	}

	override async operate(argv: readonly string[]): Promise<void> {
		this.calls.push({ way: "operate", argv });
	}

	override async hold(argv: readonly string[]): ReturnType<Cli["hold"]> {
		this.calls.push({ way: "hold", argv });
		return { found: "", signal: new AbortController().signal, close: async () => {} };
	}
}

/** The files of aptible/cli that have commands. */
export const modules = {
	app,
	backup,
	database,
	drain,
	endpoint,
	environment: environments,
	operation,
	service,
	tunnel,
	version,
};

const environment = "acme-test";
const locator = { environment, app: "portal" };
const sizes = { containerSize: 1024, containerProfile: "m", diskSize: 20, iops: 3000 };
const kmsKey = { keyArn: "arn:aws:kms:ca-central-1:111122223333:key/1" };
const allSources = { drainApps: true, drainDatabases: false, drainEphemeralSessions: true, drainProxies: false };

/** Calls each exported command with every option that the reconcilers can send. */
export const calls: Readonly<Record<string, (cli: Cli) => unknown>> = {
	"app.createApp": (cli) => app.createApp(cli, locator),
	"app.renameApp": (cli) => app.renameApp(cli, locator, "clinic"),
	"app.deprovisionApp": (cli) => app.deprovisionApp(cli, locator),
	"app.deploy": async (cli) => {
		const registry = { username: "deploy", password: "secret" };
		await app.deploy(cli, locator, { image: "acme/portal:1" }, { A: "x=y", GONE: "" }, 0);
		await app.deploy(cli, locator, { image: "acme/portal:1", detach: true, registry }, { A: "1" });
		await app.deploy(cli, locator, { commitish: "4f9a1c2", image: "" }, {}, 0);
	},
	"app.setConfig": (cli) => app.setConfig(cli, locator, { A: "x=y", GONE: "" }),
	"app.scale": (cli) =>
		app.scale(cli, locator, "web", { containerCount: 0, containerSize: 512, containerProfile: "r" }),
	"backup.backUp": (cli) => backup.backUp(cli, environment, "main"),
	"backup.restoreBackup": (cli) => backup.restoreBackup(cli, 7, { environment, handle: "copy", ...sizes, ...kmsKey }),
	"database.createDatabase": (cli) =>
		database.createDatabase(cli, environment, "main", { type: "postgresql", version: "16", ...sizes, ...kmsKey }),
	"database.replicateDatabase": async (cli) => {
		await database.replicateDatabase(cli, environment, "main", "copy", { ...sizes, ...kmsKey });
		await database.replicateDatabase(cli, environment, "main", "copy", { ...sizes, logical: true, version: "17" });
	},
	"database.renameDatabase": (cli) => database.renameDatabase(cli, environment, "main", "primary"),
	"database.restartDatabase": async (cli) => {
		await database.restartDatabase(cli, environment, "main", sizes);
		await database.restartDatabase(cli, environment, "main", {});
	},
	"database.setIops": (cli) => database.setIops(cli, environment, "main", 6000),
	"database.deprovisionDatabase": (cli) => database.deprovisionDatabase(cli, environment, "main"),
	"drain.createDrain": async (cli) => {
		const fill = (template: string) => template;
		const at = { environment, host: "logs.acme.example", port: 6514, database: "search", pipeline: "logs" };
		for (const kinds of [logDrainKinds, metricDrainKinds]) {
			for (const kind of Object.keys(kinds)) {
				const options = kinds === logDrainKinds ? allSources : {};
				const creation = creationOf(cli, kinds, { ...at, kind }, fill, (fields) => fields, options);
				if ("command" in creation) await creation.command("siem-1");
			}
		}
	},
	"drain.deprovisionDrain": async (cli) => {
		await drain.deprovisionDrain(cli, "log_drain", environment, "siem-1");
		await drain.deprovisionDrain(cli, "metric_drain", environment, "load-1");
	},
	"endpoint.createEndpoint": async (cli) => {
		for (const spec of endpointSpecs) {
			for (const certificate of certificatesOf(spec)) {
				const options = { ...creationOptions(spec), ...certificate };
				await endpoint.createEndpoint(cli, toLocator(spec), spec.kind, spec.service ?? "", options);
			}
		}
	},
	"endpoint.modifyEndpoint": async (cli) => {
		for (const spec of endpointSpecs) {
			for (const [from, to] of [
				[bare(spec), spec],
				[spec, bare(spec)],
			] as const) {
				for (const certificate of certificatesOf(spec)) {
					const options = { ...changeOptions(to, diffEndpoint(to, ...liveOf(from))), ...certificate };
					await endpoint.modifyEndpoint(cli, toLocator(to), to.kind, "elb-1.acme.example", options);
				}
			}
		}
	},
	"endpoint.renewEndpoint": (cli) => endpoint.renewEndpoint(cli, locator, "elb-1.acme.example"),
	"endpoint.deprovisionEndpoint": async (cli) => {
		await endpoint.deprovisionEndpoint(cli, locator, "elb-1.acme.example");
		await endpoint.deprovisionEndpoint(cli, { environment, database: "main" }, "elb-1.acme.example");
	},
	"tunnel.openTunnel": (cli) => tunnel.openTunnel(cli, environment, "main"),
	"environment.renameEnvironment": (cli) => environments.renameEnvironment(cli, "acme", environment),
	"environment.setBackupRetention": async (cli) => {
		const numbers = { daily: 14, monthly: 0, yearly: 0 };
		await environments.setBackupRetention(cli, environment, { ...numbers, makeCopy: true, keepFinal: false });
		await environments.setBackupRetention(cli, environment, { ...numbers, makeCopy: false, keepFinal: true });
	},
	"operation.readOperationLogs": (cli) => operation.readOperationLogs(cli, 17),
	"service.setServiceOptions": async (cli) => {
		for (const on of [true, false]) {
			const options = { forceZeroDowntime: on, simpleHealthCheck: on, restartFreeScaling: on, stopTimeout: 60 };
			await service.setServiceOptions(cli, locator, "web", options);
		}
	},
	"service.createPolicy": async (cli) => {
		for (const policy of [horizontal(), horizontal({ restartFree: true }), vertical(), vertical({ maxMb: 7168 })]) {
			// What the reconciler makes of it. It then reads the policy back, which may not go out to anybody's real Aptible.
			const context = new Context({ signal: AbortSignal.abort() });
			Object.defineProperty(context, "cli", { value: cli });
			context.progress = () => {};
			const service = { id: 1, service: "web", policy: undefined };
			await assert.rejects(syncAutoscaling(context, locator, service, AutoscaleSpec.parse(policy)));
		}
	},
	"version.checkVersion": (cli) => version.checkVersion(cli),
	"version.readVersion": (cli) => version.readVersion(cli),
};

/** One of each kind and way to an address, with all that its kind can have. */
const shared = { ports: [443], ipFilter: ["203.0.113.0/24", "203.0.113.7"] };
const httpsSettings = {
	force_ssl: true,
	idle_timeout: 120,
	maintenance_page_url: "https://status.acme.example",
	release_healthcheck_timeout: 300,
	show_elb_healthchecks: true,
	ssl_protocols_override: "TLSv1.2 PFS TLSv1.3",
	strict_health_checks: true,
};
const tlsSettings = {
	disable_weak_cipher_suites: true,
	idle_timeout: 120,
	ssl_ciphers_override: "ECDHE-RSA-AES128-GCM-SHA256",
	ssl_protocols_override: "TLSv1.2",
};
const byDefaultDomain = { defaultDomain: true, managedTls: false, domain: undefined };
const endpointSpecs: EndpointSpec[] = [
	httpsSpec({ ...shared, loadBalancingAlgorithm: "weighted_random", shared: true, settings: httpsSettings }),
	managedSpec({ ...shared, internal: true, settings: httpsSettings }),
	...["grpc", "tls"].flatMap((kind) => [
		grpcSpec({ ...shared, kind, settings: tlsSettings }),
		grpcSpec({ ...shared, kind, ...byDefaultDomain, internal: true, settings: tlsSettings }),
	]),
	tcpSpec({ ...shared, defaultDomain: true, internal: true, ports: [1883, 1884], settings: { idle_timeout: 120 } }),
	databaseSpec({ ...shared, ports: [], internal: true }),
].map((spec) => EndpointSpec.parse(spec));

/** The same endpoint with nothing set; a loadbalancer that is shared stays so. */
function bare(spec: EndpointSpec): EndpointSpec {
	const { loadBalancingAlgorithm: _, ...rest } = spec;
	return { ...rest, ports: [], ipFilter: [], settings: {}, shared: false };
}

/** How the API shows an endpoint that is as its spec says. */
function liveOf(spec: EndpointSpec): [Endpoint, { port: number | undefined; certificate: undefined }] {
	const listed = liveEndpoint(1, {
		internal: spec.internal,
		ip_whitelist: spec.ipFilter.length > 0 ? spec.ipFilter.join(" ") : "all traffic",
		defaultDomainEnabled: spec.defaultDomain,
		managedTlsEnabled: spec.managedTls,
		port: spec.ports[0] ?? "default",
		ports: spec.ports.length > 0 ? spec.ports.join(" ") : "all",
		load_balancing_algorithm_type: spec.loadBalancingAlgorithm,
		shared: spec.shared,
		service: spec.service ?? "main",
		...spec.settings,
	});
	return [listed, { port: spec.ports[0], certificate: undefined }];
}

/** What `withCertificate` adds: nothing, files, or a fingerprint. */
function certificatesOf({ kind }: EndpointSpec) {
	if (kind === "tcp" || kind === "database") return [{}];
	const files = { certificateFile: "/tmp/x/certificate.pem", privateKeyFile: "/tmp/x/private-key.pem" };
	return [{}, files, { certificateFingerprint: "0123456789abcdef" }];
}

function toLocator({ on }: EndpointSpec): endpoint.EndpointLocator {
	return { ...on, environment };
}
