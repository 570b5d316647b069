import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { Live, Seen } from "../../compliance/control.ts";
import { writeCompliance } from "../../compliance/page.ts";
import { controls, judgeStage } from "../../compliance/report.ts";
import type { Draft } from "../../config/draft.ts";
import { parseStage } from "../../config/parse.ts";
import { phiRules } from "../../config/phi.ts";
import { absent, readStageFile, stageWith } from "../config/stage-file.ts";

const now = new Date("2026-12-01T10:00:00.000Z");
const example = path.join(import.meta.dirname, "../../docs/examples/compliance-prod.md");

/** Values that only Aptible has, in every place of a snapshot where one may be. */
const secret = "sentinel-of-aptible";

function seen(raw: Record<string, unknown>, live: Seen["live"] = { unseen: "not looked at" }): Seen {
	return { stage: parseStage(raw, { file: "Pulumi.prod.yaml" }), draft: raw as Draft, live, now };
}

const endpoint = (id: number, more: Readonly<Record<string, unknown>>) => ({
	listed: {
		id,
		hostname: `elb-acme-${id}.aptible.in`,
		status: "provisioned",
		type: "https",
		internal: false,
		ip_whitelist: "all traffic",
		defaultDomainEnabled: false,
		managedTlsEnabled: false,
		service: "web",
		ssl_protocols_override: "TLSv1.2 PFS TLSv1.3",
		force_ssl: "true",
		...more,
	},
	details: undefined,
});

const app = (handle: string, endpoints: readonly unknown[], config: readonly [string, string][]) => ({
	app: { id: handle.length, handle, status: "provisioned" },
	config: new Map(config),
	settings: { image: `registry.acme.example/${handle}:2026-11-20`, registry: { username: "deploy", password: secret } },
	services: [],
	endpoints,
});

const database = (handle: string, more: object = {}, endpoints: readonly unknown[] = []) => ({
	listed: {
		id: handle.length,
		handle,
		status: "provisioned",
		automaticBackups: true,
		connectionUrl: `postgresql://aptible:${secret}@db.aptible.in:1/db`,
		credentials: [],
		...more,
	},
	endpoints,
});

/** What lives under the production example: as it is declared, but for a TLS version, a door and a policy that somebody changed. */
function liveProd(): Live {
	const snapshot = {
		environment: {
			id: 7,
			handle: "acme-prod",
			caCertificate: "",
			stack: { id: 3, name: "acme-prod-ca", region: "ca-central-1", organizationId: "acme", outboundIpAddresses: [] },
		},
		retention: { daily: 14, monthly: 12, yearly: 6, makeCopy: true, keepFinal: true, pitrDays: 7 },
		permissions: {
			roles: [
				{ id: "1", name: "Account Owners", type: "owner" },
				{ id: "2", name: "Operators", type: "platform_user" },
			],
			permissions: [
				{ id: "1", roleId: "1", scope: "admin" },
				{ id: "2", roleId: "2", scope: "destroy" },
				{ id: "3", roleId: "2", scope: "deploy" },
			],
		},
		databases: [
			database("main", {}, [endpoint(31, { type: "tcp", service: "main", ip_whitelist: "203.0.113.0/24" })]),
			database("cache"),
		],
		apps: [
			app(
				"portal",
				[
					endpoint(21, { defaultDomainEnabled: true }),
					endpoint(22, {
						managedTlsEnabled: true,
						managedTlsDomain: "portal.acme.example",
						managedTlsStatus: "ready",
						certificateId: 5,
						ssl_protocols_override: "TLSv1.1 TLSv1.2",
					}),
				],
				[["SESSION_KEY", secret]],
			),
			app("reports", [], []),
		],
		listedApps: [],
		logDrains: [
			{
				id: 11,
				handle: "siem-7",
				drain_type: "https_post",
				status: "provisioned",
				drain_apps: true,
				drain_databases: true,
				drain_ephemeral_sessions: true,
				drain_proxies: true,
				url: `https://${secret}`,
			},
		],
		metricDrains: [],
	};
	return {
		snapshot: snapshot as unknown as Live["snapshot"],
		certificateEnds: new Map([[5, new Date("2027-02-14T00:00:00.000Z")]]),
	};
}

test("the example in docs/ is what the report says of production; UPDATE_GOLDEN=1 writes it", () => {
	const report = judgeStage("prod", seen(readStageFile("Pulumi.prod.yaml"), liveProd()));
	const page = writeCompliance(report);
	if (process.env.UPDATE_GOLDEN === "1") writeFileSync(example, page);
	assert.equal(page, readFileSync(example, "utf8"));
	assert.ok(!page.includes(secret) && !JSON.stringify(report).includes(secret));
	assert.deepEqual(
		report.controls.filter(({ outcome }) => outcome === "fails").map(({ id }) => id),
		["tls-floor", "backup-retention", "database-endpoints"],
	);
	assert.equal(report.outcome, "fails");
});

test("every rule of phi is in the report, judged by itself, with a control that shows it", () => {
	const { rules } = judgeStage("prod", seen(stageWith()));
	assert.deepEqual(
		rules.map(({ key, forbids }) => [key, forbids]),
		phiRules.map(({ key, forbids }) => [key, forbids]),
	);
	assert.deepEqual(
		rules.filter((rule) => rule.controls.length === 0).map(({ key }) => key),
		[],
	);
	const keys = new Set(phiRules.map(({ key }) => key));
	assert.deepEqual(
		controls.flatMap(({ phiKeys }) => phiKeys).filter((key) => !keys.has(key)),
		[],
	);
});

test("an address of a metric drain that is in a secret is not said to hold", () => {
	const drain = { kind: "influxdb:custom", databaseName: "a", username: "a", password: "${secrets.sessionKey}" };
	const ruleOf = (url: string) => {
		const report = judgeStage("prod", seen(stageWith({ metricDrains: { load: { ...drain, url } } })), true);
		const control = report.controls.find(({ id }) => id === "metric-drain-transport");
		const rule = report.rules.find(({ key }) => key === "metricDrains.NAME.url");
		return [rule?.outcome, control?.rows[0]?.declared];
	};
	assert.deepEqual(ruleOf("https://influx.acme.example"), ["holds", "https://"]);
	const hidden = { "secrets/influx": "encrypted", metricDrains: { load: { ...drain, url: "${secrets.influx}" } } };
	const raw = stageWith(hidden);
	const file = seen({ ...raw, secrets: { ...(raw.secrets as object), influx: "https://influx.acme.example" } });
	const report = judgeStage("prod", file, true);
	const rule = report.rules.find(({ key }) => key === "metricDrains.NAME.url");
	assert.deepEqual([rule?.outcome, rule?.checked], ["shown", "in the preview, as it is in a secret"]);
});

test("without phi what does not hold is not required, and with it the same live environment fails", () => {
	const loose = {
		"environment/phi": false,
		"environment/backups": { daily: 1, monthly: 0, yearly: 0, keepFinal: false },
		"databases/main/automaticBackups": false,
		"databases/main/endpoints": { out: {} },
		"apps/portal/image": "registry.acme.example/portal:latest",
		"apps/portal/config/REDIS_URL": "${databases.cache.url}",
		"apps/portal/endpoints/test": {
			service: "web",
			kind: "https",
			defaultDomain: true,
			sslProtocols: "TLSv1.1 TLSv1.2",
			forceSsl: false,
		},
		metricDrains: {
			load: {
				kind: "influxdb:custom",
				url: "http://influx.acme.example",
				databaseName: "a",
				username: "a",
				password: "${secrets.sessionKey}",
			},
		},
	};
	const report = judgeStage("prod", seen(stageWith(loose)), true);
	assert.equal(report.outcome, "holds");
	const notRequired = report.controls.filter(({ outcome }) => outcome === "not required").map(({ id }) => id);
	assert.deepEqual(notRequired, [
		"tls-floor",
		"https-only",
		"database-connections",
		"metric-drain-transport",
		"backup-retention",
		"automatic-backups",
		"final-backup",
		"protection",
		"database-endpoints",
		"releases",
		"log-drains",
	]);
	const broken = report.rules.filter(({ outcome }) => outcome === "not required").map(({ key, at }) => [key, at[0]]);
	assert.deepEqual(broken.slice(0, 2), [
		["environment.backups.keepFinal", "environment.backups.keepFinal"],
		["databases.NAME.automaticBackups", "databases.main.automaticBackups"],
	]);
	const { stage, draft } = seen(stageWith(loose));
	const strict = {
		stage: { ...stage, environment: { ...stage.environment, phi: true } },
		draft,
		live: { unseen: "" },
		now,
	};
	assert.equal(judgeStage("prod", strict, true).outcome, "fails");
});

test("what is live beside the file is judged, and what is declared and not there is unknown", () => {
	const live = liveProd();
	const raw = stageWith({
		"environment/handle": "acme-prod",
		"environment/stack": "acme-prod-ca",
		"apps/portal/endpoints": absent,
	});
	const { controls: judged } = judgeStage("prod", seen(raw, live));
	const rows = (id: string) => judged.find((one) => one.id === id)?.rows ?? [];
	assert.deepEqual(
		rows("tls-floor").map(({ object, declared, outcome }) => [object, declared, outcome]),
		[
			["endpoint portal at elb-acme-21.aptible.in", "not declared", "fails"],
			["endpoint portal at elb-acme-22.aptible.in", "not declared", "fails"],
		],
	);
	live.snapshot.databases.pop();
	const gone = judgeStage("prod", seen(raw, live)).controls.find(({ id }) => id === "automatic-backups");
	assert.deepEqual(
		gone?.rows.find(({ object }) => object === "database cache"),
		{ object: "database cache", declared: "backed up daily", live: "not there", differs: false, outcome: "unknown" },
	);
});

test("a certificate that ends soon, one that is pending and one that is hidden are told apart", () => {
	const raw = stageWith({
		"environment/handle": "acme-prod",
		"environment/stack": "acme-prod-ca",
		"apps/portal/endpoints/own": {
			service: "web",
			kind: "https",
			domain: "own.acme.example",
			certificateFingerprint: "0123456789abcdef",
		},
	});
	const outcomeOf = (own: Readonly<Record<string, unknown>>, ends: readonly [number, Date][]) => {
		const live = liveProd();
		live.snapshot.apps[0]?.endpoints.push(endpoint(23, own) as never);
		const judged = judgeStage("prod", seen(raw, { ...live, certificateEnds: new Map(ends) }));
		const row = judged.controls
			.find(({ id }) => id === "certificates")
			?.rows.find(({ object }) => object === "endpoint portal.own");
		return [row?.live, row?.outcome];
	};
	const at = (days: number) => new Date(now.getTime() + days * 86_400_000);
	assert.deepEqual(outcomeOf({ certificateId: 9 }, [[9, at(31)]]), ["own, ends on 2027-01-01", "holds"]);
	assert.deepEqual(outcomeOf({ certificateId: 9 }, [[9, at(29)]]), ["own, ends on 2026-12-30", "fails"]);
	assert.deepEqual(outcomeOf({ certificateId: 9 }, []), ["own, its end is hidden from this token", "unknown"]);

	const pending = liveProd();
	const hidden = { ...liveProd(), certificateEnds: new Map() };
	const judgedHidden = judgeStage("prod", seen(readStageFile("Pulumi.prod.yaml"), hidden));
	assert.deepEqual(
		judgedHidden.controls.find(({ id }) => id === "certificates")?.rows.map(({ live, outcome }) => [live, outcome]),
		[["managed, ready; its end is hidden from this token", "unknown"]],
	);
	const managed = pending.snapshot.apps[0]?.endpoints[1]?.listed;
	if (managed !== undefined) managed.managedTlsStatus = "pending";
	const judged = judgeStage("prod", seen(readStageFile("Pulumi.prod.yaml"), pending));
	assert.deepEqual(
		judged.controls.find(({ id }) => id === "certificates")?.rows.map(({ live, outcome }) => [live, outcome]),
		[["managed, pending", "fails"]],
	);
});

test("a control that holds claims no contract, which no stage can show", () => {
	const judged = judgeStage("prod", seen(stageWith()));
	for (const { id, requires } of judged.controls) assert.doesNotMatch(requires, /has an agreement/, id);
	assert.match(judged.notIncluded.join("\n"), /contracts .*whoever takes the logs/);
});
