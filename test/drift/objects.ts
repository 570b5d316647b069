import assert from "node:assert/strict";
import { Context } from "../../aptible/context.ts";
import { gone } from "../../drift/compare.ts";
import { readSnapshot } from "../../drift/snapshot.ts";
import { plainEndpoint } from "../aptible/endpoint/endpoints-under-test.ts";
import { portalSpec } from "../support/app-spec.ts";

export const secrets: Record<string, string> = {
	"secrets.session": "sentinel-session",
	"secrets.registry": "sentinel-registry",
	"secrets.siem": "https://siem.acme.example/sentinel-siem",
	"secrets.datadog": "sentineldatadog",
};

export const environment = "acme-test";
export const place = ["--environment", environment];
export const portal = ["--app", "portal", ...place];

/** One object of each kind, with what a person does to it by hand and the fields that then differ. */
export const objects: { kind: string; spec: object; byHand: string[][]; fields: string[] }[] = [
	{
		kind: "environment",
		spec: {
			handle: environment,
			stack: "shared-ca-central-1",
			phi: false,
			backups: { daily: 30, monthly: 12, yearly: 6, makeCopy: false, keepFinal: true },
		},
		byHand: [["backup_retention_policy:set", environment, "--yearly", "1", "--no-keep-final", "--force"]],
		fields: ["backups.yearly", "backups.keepFinal"],
	},
	{
		kind: "database",
		spec: {
			environment,
			handle: "main",
			type: "postgresql",
			version: "16",
			containerMb: 1024,
			containerProfile: "m",
			diskGb: 20,
			iops: 3000,
		},
		byHand: [
			["db:rename", "main", "primary", ...place],
			["db:restart", "primary", ...place, "--disk-size", "40"],
		],
		fields: ["handle", "diskGb"],
	},
	{
		kind: "app",
		spec: portalSpec({
			config: {
				SESSION: "${secrets.session}",
				DATABASE_URL: "${databases.main.url}",
				A: "1",
				SAS: "${storage.files.sasToken}",
			},
			registry: { username: "deploy", password: "${secrets.registry}" },
		}),
		byHand: [
			["config:set", ...portal, "SESSION=sentinel-other", "A=2", "B=3"],
			["apps:scale", "worker", ...portal, "--container-size", "2048"],
			["services:settings", "web", ...portal, "--stop-timeout", "90"],
			["deploy", ...portal, "--docker-image", "acme/portal:2"],
		],
		fields: ["image", "config.SESSION", "config.A", "services.web.stopTimeoutSeconds", "services.worker.containerMb"],
	},
	{
		kind: "endpoint",
		spec: { ...plainEndpoint, name: "test", kind: "https", defaultDomain: true, settings: { force_ssl: true } },
		byHand: [["endpoints:https:modify", "HOSTNAME", ...portal, "--no-force-ssl", "--ip-whitelist", "203.0.113.9"]],
		fields: ["ipFilter", "forceSsl"],
	},
	{
		kind: "log-drain",
		spec: {
			environment,
			name: "siem",
			adopt: false,
			kind: "https",
			url: "${secrets.siem}",
			apps: true,
			databases: true,
			ephemeralSessions: true,
			proxies: true,
		},
		byHand: [["log_drain:deprovision", "HANDLE", ...place]],
		fields: [gone.field],
	},
	{
		kind: "metric-drain",
		spec: { environment, name: "dog", adopt: false, kind: "datadog", apiKey: "${secrets.datadog}", site: "US1" },
		byHand: [["metric_drain:deprovision", "HANDLE", ...place]],
		fields: [gone.field],
	},
];

/** The environment of these objects as it is now. */
export async function snapshot() {
	const found = await readSnapshot(new Context(), (all) => all.find(({ handle }) => handle === environment));
	assert.ok(found !== undefined);
	return found;
}
