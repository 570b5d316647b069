import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import type { z } from "zod";
import { syncAutoscaling } from "../../../aptible/autoscaling.ts";
import * as apps from "../../../aptible/cli/apps.ts";
import * as backups from "../../../aptible/cli/backups.ts";
import { Cli } from "../../../aptible/cli/cli.ts";
import * as databases from "../../../aptible/cli/databases.ts";
import * as drains from "../../../aptible/cli/drains.ts";
import * as endpoints from "../../../aptible/cli/endpoints.ts";
import * as environments from "../../../aptible/cli/environments.ts";
import * as operations from "../../../aptible/cli/operations.ts";
import * as services from "../../../aptible/cli/services.ts";
import * as version from "../../../aptible/cli/version.ts";
import { Context } from "../../../aptible/context.ts";
import { changeOptions, creationOptions, endpointDifferences } from "../../../aptible/endpoint-differences.ts";
import { Redactor } from "../../../aptible/redact.ts";
import { EndpointSpec } from "../../../aptible/specs/endpoint.ts";
import { AutoscaleSpec } from "../../../aptible/specs/service.ts";
import { loadContract } from "../../../sandbox/aptible/contract.ts";
import { horizontal, vertical } from "../../support/app-spec.ts";
import { misfits, type NotedCall } from "../../support/contract-argv.ts";
import { databaseSpec, grpcSpec, httpsSpec, managedSpec, tcpSpec } from "../endpoints-under-test.ts";

const root = join(import.meta.dirname, "../../..");
const contract = loadContract();

/** A Cli that notes what it is asked, and answers with an empty list. */
class NotingCli extends Cli {
	readonly calls: NotedCall[] = [];

	constructor() {
		super(new Redactor(), () => {});
	}

	override async read<T extends z.ZodType>(_schema: T, argv: readonly string[]): Promise<z.infer<T>> {
		this.calls.push({ way: "read", argv });
		return [] as unknown as z.infer<T>;
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
}

const modules = { apps, backups, databases, drains, endpoints, environments, operations, services, version };
/** What those files have besides, and files that have no command. */
const noCommands = ["version.parseVersion"];
const noCommandFiles = ["cli", "profile", "run", "ssh-key"];

const environment = "acme-test";
const place = { environment, app: "portal" };
const sizes = { containerSize: 1024, containerProfile: "m", diskSize: 20, iops: 3000 };
const kmsKey = { keyArn: "arn:aws:kms:ca-central-1:111122223333:key/1" };
const allSources = { drainApps: true, drainDatabases: false, drainEphemeralSessions: true, drainProxies: false };

/** Calls each exported command with every option that the reconcilers can send. */
const calls: Readonly<Record<string, (cli: Cli) => unknown>> = {
	"apps.listApps": (cli) => apps.listApps(cli, environment),
	"apps.readConfig": (cli) => apps.readConfig(cli, place),
	"apps.createApp": (cli) => apps.createApp(cli, place),
	"apps.renameApp": (cli) => apps.renameApp(cli, place, "clinic"),
	"apps.deprovisionApp": (cli) => apps.deprovisionApp(cli, place),
	"apps.deploy": async (cli) => {
		const size = { containers: 2, containerMb: 1024, containerProfile: "m" } as const;
		const registry = { username: "deploy", password: "secret" };
		await apps.deploy(cli, place, { image: "acme/portal:1" }, { A: "x=y", GONE: "" }, size);
		await apps.deploy(cli, place, { image: "acme/portal:1", detach: true, registry }, { A: "1" });
		await apps.deploy(cli, place, { commitish: "4f9a1c2", image: "" }, {}, size);
	},
	"apps.setConfig": (cli) => apps.setConfig(cli, place, { A: "x=y", GONE: "" }),
	"apps.scale": (cli) =>
		apps.scale(cli, place, "web", { containerCount: 0, containerSize: 512, containerProfile: "r" }),
	"backups.listBackups": (cli) => backups.listBackups(cli, environment, "main"),
	"backups.listOrphanedBackups": (cli) => backups.listOrphanedBackups(cli, environment),
	"backups.backUp": (cli) => backups.backUp(cli, environment, "main"),
	"backups.restoreBackup": (cli) => backups.restoreBackup(cli, 7, { environment, handle: "copy", ...sizes, ...kmsKey }),
	"databases.listDatabases": (cli) => databases.listDatabases(cli, environment),
	"databases.createDatabase": (cli) =>
		databases.createDatabase(cli, environment, "main", { type: "postgresql", version: "16", ...sizes, ...kmsKey }),
	"databases.replicateDatabase": async (cli) => {
		await databases.replicateDatabase(cli, environment, "main", "copy", { ...sizes, ...kmsKey });
		await databases.replicateDatabase(cli, environment, "main", "copy", { ...sizes, logical: true, version: "17" });
	},
	"databases.renameDatabase": (cli) => databases.renameDatabase(cli, environment, "main", "primary"),
	"databases.restartDatabase": (cli) => databases.restartDatabase(cli, environment, "main", sizes),
	"databases.setIops": (cli) => databases.setIops(cli, environment, "main", 6000),
	"databases.deprovisionDatabase": (cli) => databases.deprovisionDatabase(cli, environment, "main"),
	"drains.createSyslogDrain": async (cli) => {
		for (const kind of ["papertrail", "syslog"] as const) {
			const options = { kind, host: "logs.acme.example", port: 6514, sources: allSources };
			await drains.createSyslogDrain(cli, environment, "siem-1", options);
		}
	},
	"drains.createElasticsearchDrain": (cli) =>
		drains.createElasticsearchDrain(cli, environment, "logs-1", {
			database: "search",
			pipeline: "logs",
			sources: allSources,
		}),
	"drains.createInfluxdbDrain": (cli) => drains.createInfluxdbDrain(cli, environment, "load-1", "metrics"),
	"drains.deprovisionDrain": async (cli) => {
		await drains.deprovisionDrain(cli, "log_drain", environment, "siem-1");
		await drains.deprovisionDrain(cli, "metric_drain", environment, "load-1");
	},
	"endpoints.listEndpoints": async (cli) => {
		await endpoints.listEndpoints(cli, place);
		await endpoints.listEndpoints(cli, { environment, database: "main" });
	},
	"endpoints.createEndpoint": async (cli) => {
		for (const spec of endpointSpecs) {
			for (const certificate of certificatesOf(spec)) {
				const options = { ...creationOptions(spec), ...certificate };
				await endpoints.createEndpoint(cli, placeOf(spec), spec.kind, spec.service ?? "", options);
			}
		}
	},
	"endpoints.modifyEndpoint": async (cli) => {
		for (const spec of endpointSpecs) {
			for (const [from, to] of [
				[bare(spec), spec],
				[spec, bare(spec)],
			] as const) {
				for (const certificate of certificatesOf(spec)) {
					const options = { ...changeOptions(to, endpointDifferences(to, ...liveOf(from))), ...certificate };
					await endpoints.modifyEndpoint(cli, placeOf(to), to.kind, "elb-1.acme.example", options);
				}
			}
		}
	},
	"endpoints.renewEndpoint": (cli) => endpoints.renewEndpoint(cli, place, "elb-1.acme.example"),
	"endpoints.deprovisionEndpoint": async (cli) => {
		await endpoints.deprovisionEndpoint(cli, place, "elb-1.acme.example");
		await endpoints.deprovisionEndpoint(cli, { environment, database: "main" }, "elb-1.acme.example");
	},
	"environments.listEnvironments": (cli) => environments.listEnvironments(cli),
	"environments.renameEnvironment": (cli) => environments.renameEnvironment(cli, "acme", environment),
	"environments.readBackupRetention": (cli) => environments.readBackupRetention(cli, environment),
	"environments.readCaCertificate": (cli) => environments.readCaCertificate(cli, environment),
	"environments.setBackupRetention": async (cli) => {
		const numbers = { daily: 14, monthly: 0, yearly: 0 };
		await environments.setBackupRetention(cli, environment, { ...numbers, makeCopy: true, keepFinal: false });
		await environments.setBackupRetention(cli, environment, { ...numbers, makeCopy: false, keepFinal: true });
	},
	"operations.readOperationLogs": (cli) => operations.readOperationLogs(cli, 17),
	"services.setServiceOptions": async (cli) => {
		for (const on of [true, false]) {
			const options = { forceZeroDowntime: on, simpleHealthCheck: on, restartFreeScaling: on, stopTimeout: 60 };
			await services.setServiceOptions(cli, place, "web", options);
		}
	},
	"services.createPolicy": async (cli) => {
		for (const policy of [horizontal(), horizontal({ restartFree: true }), vertical(), vertical({ maxMb: 7168 })]) {
			// What the reconciler makes of it; it then reads the policy back, which is not there.
			const context = new Context();
			Object.defineProperty(context, "cli", { value: cli });
			context.progress = () => {};
			const service = { id: 1, service: "web", policy: undefined };
			await assert.rejects(syncAutoscaling(context, place, service, AutoscaleSpec.parse(policy)));
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

/** How the CLI and the API show an endpoint that is as its spec says. */
function liveOf(spec: EndpointSpec): [endpoints.CliEndpoint, { port: number | undefined; certificate: undefined }] {
	const listed = endpoints.CliEndpoint.parse({
		id: 1,
		status: "provisioned",
		internal: spec.internal,
		ip_whitelist: spec.ipFilter.length > 0 ? spec.ipFilter.join(" ") : "all traffic",
		default_domain_enabled: spec.defaultDomain,
		managed_tls_enabled: spec.managedTls,
		port: spec.ports[0] ?? "default",
		ports: spec.ports.length > 0 ? spec.ports.join(" ") : "all",
		load_balancing_algorithm_type: spec.loadBalancingAlgorithm,
		shared: spec.shared,
		service: { service: spec.service ?? "main" },
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

function placeOf({ on }: EndpointSpec): endpoints.EndpointPlace {
	return { ...on, environment };
}

/** What each command function asked. */
const asked = new Map<string, readonly NotedCall[]>();

before(async () => {
	for (const [name, call] of Object.entries(calls)) {
		const cli = new NotingCli();
		await call(cli);
		asked.set(name, cli.calls);
	}
});

test("no command of aptible/cli is left out here", () => {
	const files = readdirSync(join(root, "aptible/cli")).map((file) => file.replace(".ts", ""));
	assert.deepEqual(files.sort(), [...Object.keys(modules), ...noCommandFiles].sort());
	const functions = Object.entries(modules).flatMap(([module, exports]) =>
		Object.entries(exports).flatMap(([name, value]) => (typeof value === "function" ? [`${module}.${name}`] : [])),
	);
	assert.deepEqual(functions.sort(), [...Object.keys(calls), ...noCommands].sort());
});

test("every command line fits the CLI's contract: command, arguments, options and their kinds", () => {
	for (const [name, noted] of asked) {
		assert.ok(noted.length > 0, `${name} asked nothing`);
		for (const { argv } of noted) assert.deepEqual(misfits(contract, argv), [], `${name}: ${argv.join(" ")}`);
	}
});

test("a command line that does not fit is noticed", () => {
	for (const argv of [
		["db:resize", "main"],
		["db:create"],
		["db:create", "main", "other"],
		["db:create", "main", "--disk", "10"],
		["db:create", "main", "--disk-size"],
		["db:create", "main", "--disk-size", "large"],
		["db:create", "main", "--no-type"],
		["db:create", "main", "--iops", "3000", "--iops", "4000"],
	]) {
		assert.notDeepEqual(misfits(contract, argv), [], argv.join(" "));
	}
});

test("every option of a command that is used is sent by something here, or is listed with the reason", () => {
	const used = new Map<string, Set<string>>();
	for (const { argv } of [...asked.values()].flat()) {
		const options = used.get(argv[0] ?? "") ?? new Set<string>();
		for (const word of argv) if (word.startsWith("--")) options.add(word.replace(/^--no-(?!ip)/, "--"));
		used.set(argv[0] ?? "", options);
	}
	const unsent = [...used].flatMap(([command, options]) =>
		(contract.commands[command]?.options ?? [])
			.filter(({ name }) => !options.has(name))
			.map(({ name }) => `${command} ${name}`),
	);
	const isExcused = (option: string) => reasons.some(([pattern]) => pattern.test(option));
	assert.deepEqual(
		unsent.filter((option) => !isExcused(option)),
		[],
	);
	const idle = reasons.filter(([pattern]) => !unsent.some((option) => pattern.test(option)));
	assert.deepEqual(idle, [], "reasons that excuse nothing");
});

/** Options that this program has no use for. */
const reasons: readonly [RegExp, because: string][] = [
	[/ --remote$/, "`--app` and `--environment` say it"],
	[/ --size$/, "the older name of `--disk-size`"],
	[/ --volume-type$/, "Aptible chooses the type of a disk"],
	[/ --private-registry-email$/, "no registry asks for it any more"],
	[/^environment:list /, "it lists all of them"],
	[/:modify --managed-tls/, "fixed here: another kind of certificate is another endpoint"],
	[/^endpoints:database:create --database$/, "the handle is its argument"],
	[/^log_drain:create:(papertrail|syslog) --token$/, "a secret: such a drain is made over the API"],
	[/^backup:list /, "all of them are wanted"],
	[/^backup:orphaned /, "all of them are wanted"],
];

const ways = { read: "reads", readText: "reads", change: "changes at once", operate: "starts an operation" };

test("docs/aptible-commands.md lists the commands that are used, and how", () => {
	const lines = [...asked.values()].flat().map(({ way, argv }) => `${argv[0]}: ${ways[way]}`);
	const doc = readFileSync(join(root, "docs/aptible-commands.md"), "utf8");
	const rows = [...doc.matchAll(/^\| `aptible ([^`]+)` \| ([^|]+) \|/gm)].map(
		([, command, way]) => `${command}: ${way}`,
	);
	assert.deepEqual(rows, [...new Set(lines)].sort());
});

test("every command that a message or a page tells people to run exists", () => {
	const folders = ["aptible", "components", "config", "docs", "move"];
	const files = folders.flatMap((folder) =>
		readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) => join(root, folder, file)),
	);
	const texts = files.filter((file) => /\.(ts|md)$/.test(file)).map((file) => readFileSync(file, "utf8"));
	const named = texts.flatMap((text) => [...text.matchAll(/`aptible ([a-z_]+(?::[a-z_]+)*)/g)].map(([, name]) => name));
	assert.ok(named.length > 20);
	const known = (name = "") => name in contract.commands || name in contract.maps;
	assert.deepEqual([...new Set(named)].filter((name) => !known(name)).sort(), []);
});
