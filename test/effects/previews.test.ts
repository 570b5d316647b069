/** What a preview says of each change, by the real engine: several changes in one preview, one golden file for each. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { givePermission } from "@medstack-to-aptible/sandbox/aptible/roles.ts";
import type { DriftReport } from "../../drift/look.ts";
import { eitherSide } from "../../wire/difference.ts";
import { type Blocks, fail, openStage, succeed } from "../support/stage.ts";
import { checkGoldens, diagnosticsOf, type Reviewed, review } from "./review.ts";

/** Everything there is one of, and something to change, rename and remove of each. */
function everything({ environment, databases, apps, logDrains }: Blocks): void {
	environment.permissions = { Developers: ["deploy", "read"], Robots: ["deploy"] };
	databases.archive = { ...databases.main, protect: true, endpoints: { vpn: { ipFilter: ["203.0.113.7/32"] } } };
	databases.ledger = { ...databases.main, finalBackup: true };
	databases.sessions = databases.cache;
	apps.portal.endpoints.queue = { service: "worker", kind: "tcp", ports: [1883] };
	apps.gateway = { ...apps.portal, config: { PORT: "80" }, endpoints: { api: { ...apps.portal.endpoints.test } } };
	apps.mailer = { ...apps.reports, config: { SESSION_KEY: "${secrets.sessionKey}" } };
	apps.importer = { ...apps.reports, releasedBy: "ci" };
	logDrains.audit = { kind: "syslog", host: "logs.acme.example", port: 6514 };
}

const inPlace: readonly Reviewed[] = [
	{
		name: "database-larger",
		change: ({ databases }) => {
			databases.main.diskGb = 40;
			databases.main.containerMb = 2048;
		},
		components: ["Database (main)"],
	},
	{
		name: "database-iops",
		change: ({ databases }) => {
			databases.cache.iops = 4000;
		},
		components: ["Database (cache)"],
	},
	{
		name: "database-new",
		change: ({ databases }) => {
			databases.search = { type: "postgresql", version: "16", containerMb: 1024, diskGb: 20 };
			databases.replica = { type: "postgresql", version: "16", containerMb: 1024, diskGb: 20, replicaOf: "ledger" };
		},
		components: ["Database (search)", "Database (replica)"],
	},
	{
		name: "database-open",
		change: ({ databases }) => {
			databases.archive.endpoints.vpn.ipFilter = ["203.0.113.8/32"];
		},
		components: ["Endpoint (archive-vpn)"],
	},
	{
		name: "app-image",
		change: ({ apps }) => {
			apps.portal.image = "registry.acme.example/portal:2026-11-21";
			apps.portal.config.LOG_LEVEL = "debug";
		},
		components: ["App (portal)"],
	},
	{ name: "app-secret", components: ["App (mailer)"] },
	{
		name: "app-scale",
		change: ({ apps }) => {
			apps.gateway.services.web.containers = 3;
			apps.gateway.services.worker.containers = 0;
		},
		components: ["App (gateway)"],
	},
	{
		name: "app-of-ci",
		change: ({ apps }) => {
			apps.importer.image = "registry.acme.example/reports:2026-11-21";
		},
		components: ["App (importer)"],
	},
	{
		name: "app-new",
		change: ({ apps }) => {
			apps.clinic = { ...apps.portal, endpoints: { public: { ...apps.portal.endpoints.test } } };
		},
		components: ["App (clinic)", "Endpoint (clinic-public)"],
	},
	{
		name: "endpoint-settings",
		change: ({ apps }) => {
			apps.gateway.endpoints.api.idleTimeoutSeconds = 300;
			apps.gateway.endpoints.api.ipFilter = ["203.0.113.0/24"];
		},
		components: ["Endpoint (gateway-api)"],
	},
	{
		name: "drain-sends",
		change: ({ logDrains }) => {
			logDrains.audit.proxies = false;
		},
		components: ["LogDrain (audit)"],
	},
	{ name: "drain-secret", components: ["LogDrain (siem)"] },
	{
		name: "backups-and-permissions",
		change: ({ environment }) => {
			environment.backups.daily = 7;
			environment.backups.keepFinal = true;
			environment.permissions = { Developers: ["deploy"], Robots: ["deploy", "sensitive"] };
		},
		components: ["Environment (environment)", "Permissions (environment-permissions)"],
	},
];

const comingAndGoing: readonly Reviewed[] = [
	{
		name: "database-removed",
		change: ({ databases }) => {
			delete databases.ledger;
			delete databases.sessions;
		},
		components: ["Database (ledger)", "Database (sessions)"],
	},
	{
		name: "database-renamed",
		change: ({ databases, apps }) => {
			databases.primary = { ...databases.main, renamedFrom: "main" };
			delete databases.main;
			for (const app of [apps.portal, apps.reports, apps.importer])
				app.config.DATABASE_URL = "${databases.primary.url}";
		},
		components: ["Database (primary)", "App (reports)"],
	},
	{
		name: "app-renamed",
		change: ({ apps }) => {
			apps.edge = { ...apps.gateway, renamedFrom: "gateway" };
			delete apps.gateway;
		},
		components: ["App (edge)"],
	},
	{
		name: "app-removed",
		change: ({ apps }) => {
			delete apps.importer;
		},
		components: ["App (importer)"],
	},
	{
		name: "app-config-removed",
		change: ({ apps }) => {
			delete apps.portal.config.PORT;
		},
		components: ["App (portal)"],
	},
	{
		name: "endpoint-removed",
		change: ({ apps }) => {
			delete apps.portal.endpoints.queue;
		},
		components: ["Endpoint (portal-queue)"],
	},
	{
		name: "drain-removed",
		change: ({ logDrains }) => {
			delete logDrains.audit;
		},
		components: ["LogDrain (audit)"],
	},
];

const renamed: readonly Reviewed[] = [
	{
		name: "environment-renamed",
		change: ({ environment }) => {
			Object.assign(environment, { handle: "acme-test", renamedFrom: "acme-staging" });
		},
		components: ["Environment (environment)"],
	},
];

const byHand: readonly Reviewed[] = [
	{ name: "changed-by-hand", components: ["App (gateway)", "Permissions (environment-permissions)"] },
	{ name: "database-by-hand", components: ["Database (cache)"] },
	{ name: "secret-is-no-drift", components: ["App (mailer)", "App (portal)", "LogDrain (siem)"] },
];

test("what a preview says of each change, without credentials of Aptible", async (t) => {
	const stage = await openStage(t, "staging", everything);
	stage.watchDrift();
	await succeed(stage.up());
	const withoutToken = { APTIBLE_ACCESS_TOKEN: "" };
	await t.test("nothing changes: it says nothing", async () => {
		assert.deepEqual(await diagnosticsOf(stage, withoutToken), new Map());
	});
	await t.test("comes, goes, is renamed", () => review(stage, comingAndGoing, withoutToken));
	await t.test("is protected: it does not go", () => {
		const remove = ({ databases }: Blocks) => {
			delete databases.archive;
		};
		return stage.withChange(remove, async () => {
			const output = await fail(stage.previewWith(withoutToken));
			assert.match(output, /database archive is protected: it stays as it is, and THE UPDATE FAILS/);
			assert.doesNotMatch(output, /IS DELETED/);
		});
	});
	await t.test("the environment is renamed", () => review(stage, renamed, withoutToken));
	await t.test("changes in place", async () => {
		await stage.setSecret("sessionKey", "sentinel-of-another-session-key");
		await stage.setSecret("siemUrl", "https://siem.acme.example/sentinel");
		await review(stage, inPlace, withoutToken);
	});
	await t.test("is changed by hand", async () => {
		await succeed(stage.up());
		const place = ["--environment", "acme-staging"];
		await stage.cli("apps:scale", "web", "--app", "gateway", ...place, "--container-count", "5");
		givePermission(stage.aptible.dir, "acme-staging", "Robots", "tunnel");
		await stage.cli("config:set", "--app", "gateway", ...place, "PORT=81", "BY_HAND=sentinel");
		await stage.cli("db:restart", "cache", ...place, "--container-size", "2048");
		await stage.cli("restart", "--app", "mailer", ...place);
		await stage.setSecret("sessionKey", "sentinel-of-a-third-session-key");
		await stage.setSecret("siemUrl", "https://siem.acme.example/sentinel-of-another");
		const report = join(stage.sandbox.dir, "drift.json");
		await review(stage, byHand, { MEDSTACK_TO_APTIBLE_DRIFT_REPORT: report });
		const { drifted } = JSON.parse(await readFile(report, "utf8")) as DriftReport;
		assert.deepEqual(drifted.map(({ name }) => name).sort(), ["cache", "environment-permissions", "gateway", "siem"]);
		const siem = drifted.find(({ name }) => name === "siem");
		assert.deepEqual(
			siem?.differences.map(({ cause }) => cause),
			[eitherSide],
		);
	});
});

test("each golden preview is of a change", () =>
	checkGoldens((file) => !file.startsWith("azure-"), [...inPlace, ...comingAndGoing, ...renamed, ...byHand]));
