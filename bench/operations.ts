/**
 * `npm run bench:operations`: how many operations Aptible is asked for by named changes, and how many of them start containers again. Ours
 * are counted in the emulator's journal, with the reconcilers run as Pulumi runs them. The Terraform provider's (`fa97460`, 2026-04-30)
 * were seen where `seen` says so (facts/terraform-provider.md §7: run on 2026-11-29), and otherwise follow from its source: nothing of
 * it is run here. The table is the one of docs/terraform-provider.md.
 */
import { defineImage } from "@medstack-to-aptible/sandbox/aptible/images.ts";
import { httpsSpec } from "../test/aptible/endpoint/endpoints-under-test.ts";
import { horizontal, small } from "../test/support/app-spec.ts";
import { postgresql } from "../test/support/database-spec.ts";
import { openReconciler, type ReconcilerUnderTest } from "../test/support/reconcile.ts";

type Blocks = Record<string, unknown>;

interface Scenario {
	name: string;
	/** What has to be there before; not counted. */
	prepare?: (stage: Stage) => Promise<void>;
	change: (stage: Stage) => Promise<void>;
	rival: { operations: number; restarts: number; from: string; seen?: true };
}

/** The objects that the scenarios change, each with the facts of its last run. */
class Stage {
	readonly aptible: ReconcilerUnderTest;
	app: Blocks = {
		environment: "acme-test",
		handle: "portal",
		image: "acme/clinic:1",
		config: { A: "1", B: "1", C: "1" },
		services: { web: { ...small, containers: 2 }, worker: small, cron: small },
	};
	database: Blocks = postgresql;
	endpoint: Blocks = httpsSpec();
	drain: Blocks = {
		environment: "acme-test",
		name: "siem",
		adopt: false,
		kind: "https",
		url: "${secrets.siemUrl}",
		apps: true,
		databases: true,
		ephemeralSessions: true,
		proxies: true,
	};
	siemUrl = "https://logs.acme.example/a";
	readonly #facts = new Map<string, Blocks>();

	constructor(aptible: ReconcilerUnderTest) {
		this.aptible = aptible;
	}

	async apply(kind: "app" | "database" | "endpoint" | "log-drain", change: Blocks = {}): Promise<void> {
		const name = kind === "log-drain" ? "drain" : kind;
		this[name] = { ...this[name], ...change };
		const secrets = kind === "log-drain" ? { "secrets.siemUrl": this.siemUrl } : {};
		const previous = this.#facts.get(kind);
		this.#facts.set(kind, await this.aptible.applied(kind, this[name], { secrets, previous }));
	}

	/** Changes a service of the app. */
	service(name: string, change: Blocks): Promise<void> {
		const services = this.app.services as Record<string, Blocks>;
		return this.apply("app", { services: { ...services, [name]: { ...services[name], ...change } } });
	}
}

const scenarios: readonly Scenario[] = [
	{
		name: "first deploy, three services, one of another size",
		change: (stage) => stage.apply("app"),
		rival: {
			operations: 4,
			restarts: 4,
			from: "1 deploy, then 1 scale for each service, side by side (resource_app.go, create)",
			seen: true,
		},
	},
	{
		name: "image and two config keys",
		change: (stage) => stage.apply("app", { image: "acme/clinic:2", config: { A: "2", B: "2", C: "1" } }),
		rival: { operations: 1, restarts: 1, from: "1 deploy with both (resourceAppUpdate)", seen: true },
	},
	{
		name: "config key removed",
		change: (stage) => stage.apply("app", { config: { A: "2", B: "2" } }),
		rival: { operations: 1, restarts: 1, from: "1 configure with the key empty (resourceAppUpdate)" },
	},
	{
		name: "count of one service of three",
		change: (stage) => stage.service("worker", { containers: 3 }),
		rival: { operations: 1, restarts: 1, from: "1 scale, of the service that changed (scaleServices)", seen: true },
	},
	{
		name: "stop timeout of one service",
		change: (stage) => stage.service("worker", { stopTimeoutSeconds: 60 }),
		rival: { operations: 1, restarts: 1, from: "1 scale to the same size: defect e (scaleServices)", seen: true },
	},
	{
		name: "database: memory",
		prepare: (stage) => stage.apply("database"),
		change: (stage) => stage.apply("database", { containerMb: 2048 }),
		rival: { operations: 1, restarts: 1, from: "1 restart (resourceDatabaseUpdate)" },
	},
	{
		name: "database: IOPS",
		change: (stage) => stage.apply("database", { iops: 5000 }),
		rival: { operations: 1, restarts: 1, from: "1 restart for any size (resourceDatabaseUpdate)", seen: true },
	},
	{
		name: "endpoint added",
		change: (stage) => stage.apply("endpoint"),
		rival: { operations: 1, restarts: 0, from: "1 provision (resource_endpoint.go, create)", seen: true },
	},
	{
		name: "two endpoint settings",
		change: (stage) => stage.apply("endpoint", { settings: { force_ssl: false, idle_timeout: 120 } }),
		rival: { operations: 1, restarts: 0, from: "1 provision (resource_endpoint.go, update)" },
	},
	{
		name: "autoscaling on, and off again",
		change: async (stage) => {
			await stage.service("web", { autoscale: horizontal({ min: 2 }) });
			await stage.service("web", { autoscale: undefined });
		},
		rival: { operations: 0, restarts: 0, from: "policies have no operation (updateServiceSizingPolicy)" },
	},
	{
		name: "log drain: another address",
		prepare: (stage) => stage.apply("log-drain"),
		change: (stage) => {
			stage.siemUrl = "https://logs.acme.example/b";
			return stage.apply("log-drain");
		},
		rival: {
			operations: 2,
			restarts: 0,
			from: "ForceNew: deprovision, then provision; no drain in between",
			seen: true,
		},
	},
	{
		name: "log drain: what it sends",
		change: (stage) => stage.apply("log-drain", { proxies: false }),
		rival: { operations: 2, restarts: 0, from: "ForceNew for this too (resource_log_drain.go)", seen: true },
	},
	{
		name: "app renamed",
		change: async (stage) => {
			await stage.apply("app", { handle: "clinic", renamedFrom: "portal" });
			await stage.apply("endpoint", { on: { app: "clinic" } });
		},
		rival: { operations: 0, restarts: 0, from: "PUT of the app (resourceAppUpdate)" },
	},
	{
		name: "nothing",
		change: async (stage) => {
			for (const kind of ["app", "database", "endpoint", "log-drain"] as const) await stage.apply(kind);
		},
		rival: { operations: 0, restarts: 0, from: "no diff, no update", seen: true },
	},
	{
		name: "nothing, after the autoscaler went from 2 to 3",
		prepare: async (stage) => {
			await stage.service("web", { autoscale: horizontal({ min: 2 }) });
			const place = ["--app", "clinic", "--environment", "acme-test"];
			await stage.aptible.cli("apps:scale", "web", ...place, "--container-count", "3");
		},
		change: (stage) => stage.apply("app"),
		rival: {
			operations: 1,
			restarts: 1,
			from: "1 scale back to 2: defect b (scaleServices, resourceAppRead)",
			seen: true,
		},
	},
];

const closers: (() => unknown)[] = [];
const aptible = await openReconciler({
	after: (close?: unknown) => {
		if (typeof close === "function") closers.push(() => close());
	},
});
try {
	for (const version of [1, 2]) defineImage(aptible.dir, `acme/clinic:${version}`, ["web", "worker", "cron"]);
	const stage = new Stage(aptible);
	const rows: Row[] = [];
	for (const { name, prepare, change, rival } of scenarios) {
		await prepare?.(stage);
		aptible.newJournal();
		await change(stage);
		const writes = aptible.newJournal().flatMap((row) => row.writes);
		const operations = writes.filter((write) => "op" in write);
		const restarts = operations.filter(({ restarts, type }) => restarts !== undefined || type === "restart");
		const types = operations.map(({ type }) => type).join(", ") || (writes.length > 0 ? "none, a record" : "nothing");
		rows.push({ name, ours: [operations.length, restarts.length], types, rival });
	}
	print(rows);
} finally {
	for (const close of closers.reverse()) await close();
}

interface Row {
	name: string;
	ours: [operations: number, restarts: number];
	types: string;
	rival: Scenario["rival"];
}

function print(rows: readonly Row[]): void {
	const line = (...cells: readonly string[]) => console.log(`| ${cells.join(" | ")} |`);
	line("Change", "Ours", "which are", "Theirs", "which are");
	line("---", "---", "---", "---", "---");
	for (const { name, ours, types, rival } of rows) {
		const { operations, restarts, from, seen = false } = rival;
		line(name, counts(ours), types, counts([operations, restarts]), `${seen ? "seen" : "read"}: ${from}`);
	}
	const sum = (pick: (row: Row) => readonly [number, number]): readonly [number, number] => [
		rows.reduce((total, row) => total + pick(row)[0], 0),
		rows.reduce((total, row) => total + pick(row)[1], 0),
	];
	line("all", counts(sum((row) => row.ours)), "", counts(sum(({ rival }) => [rival.operations, rival.restarts])), "");
}

function counts([operations, restarts]: readonly [number, number]): string {
	return `${operations} (${restarts})`;
}
