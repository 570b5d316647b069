/** Log drains and metric drains of the matrix, one for each form in which they go to the API. */
import { redis } from "../support/database-spec.ts";
import type { Spec } from "./reconcilers.ts";
import { secrets } from "./secrets.ts";
import type { Change, Subject } from "./subject.ts";
import type { World } from "./world.ts";

const fixed = ["environment", "name", "adopt", "kind"];

async function setup(world: World): Promise<Spec> {
	const databases = [
		["search", "elasticsearch", "7.10"],
		["search2", "elasticsearch", "7.10"],
		["metrics", "influxdb", "1.12"],
		["metrics2", "influxdb", "1.12"],
	] as const;
	for (const [handle, type, version] of databases) {
		await world.applied("database", { ...redis, handle, type, version, containerMb: 1024 });
	}
	return {};
}

const allSources = ["--drain-apps", "--drain-databases", "--drain-ephemeral-sessions", "--drain-proxies"];

const sources: Readonly<Record<string, Change>> = {
	apps: { to: { apps: false } },
	databases: { to: { databases: false } },
	ephemeralSessions: { to: { ephemeralSessions: false } },
	proxies: { to: { proxies: false } },
};

const all = { environment: "acme-test", name: "siem", adopt: false };
const everything = { apps: true, databases: true, ephemeralSessions: true, proxies: true };

function logDrain(spec: Spec, changes: Readonly<Record<string, Change>>): Subject {
	return {
		name: `log drain ${spec.kind}`,
		kind: "log-drain",
		setup,
		spec: { ...all, ...everything, ...spec },
		changes: { ...sources, ...changes },
		fixed,
	};
}

function metricDrain(spec: Spec, changes: Readonly<Record<string, Change>>): Subject {
	return { name: `metric drain ${spec.kind}`, kind: "metric-drain", setup, spec: { ...all, ...spec }, changes, fixed };
}

/** What somebody made by hand, under the bare name. */
function byHand(command: string, ...options: string[]): (world: World) => Promise<Spec> {
	return async (world) => {
		await setup(world);
		await world.cli(`${command}`, "siem", "--environment", "acme-test", ...options);
		return {};
	};
}

const url: Change = { to: { url: "${secrets.url2}" } };

export const drains: readonly Subject[] = [
	logDrain(
		{ kind: "https", url: "${secrets.url1}" },
		{ url, kind: { to: { kind: "syslog", url: undefined, host: "logs.acme.example", port: 6514 } } },
	),
	{
		...logDrain({ kind: "https", url: "${secrets.url1}", adopt: true }, { url }),
		name: "log drain made by hand, taken over as it is",
		setup: byHand("log_drain:create:https", "--url", secrets["secrets.url1"] ?? "", ...allSources),
	},
	{
		...logDrain({ kind: "https", url: "${secrets.url2}", adopt: true }, {}),
		name: "log drain made by hand, taken over and changed",
		setup: byHand("log_drain:create:https", "--url", secrets["secrets.url1"] ?? "", "--no-drain-apps"),
	},
	logDrain(
		{ kind: "syslog", host: "logs.acme.example", port: 6514, token: "${secrets.one}" },
		{
			host: { to: { host: "other.acme.example" } },
			port: { to: { port: 6515 } },
			token: { to: { token: "${secrets.two}" } },
			"token: none": { to: { token: undefined } },
		},
	),
	logDrain(
		{ kind: "papertrail", host: "logs.acme.example", port: 6514 },
		{ port: { to: { port: 6515 } }, host: { to: { host: "other.acme.example" } } },
	),
	logDrain(
		{ kind: "solarwinds", host: "logs.acme.example", token: "${secrets.one}" },
		{ token: { to: { token: "${secrets.two}" } }, host: { to: { host: "other.acme.example" } } },
	),
	logDrain(
		{ kind: "elasticsearch", database: "search" },
		{ database: { to: { database: "search2" } }, pipeline: { to: { pipeline: "logs" } } },
	),
	metricDrain({ kind: "influxdb", database: "metrics" }, { database: { to: { database: "metrics2" } } }),
	{
		...metricDrain(
			{ kind: "influxdb", database: "metrics", adopt: true },
			{ database: { to: { database: "metrics2" } } },
		),
		name: "metric drain made by hand, taken over",
		setup: byHand("metric_drain:create:influxdb", "--db", "metrics2"),
	},
	metricDrain(
		{
			...{ kind: "influxdb:custom", url: "${secrets.url1}", databaseName: "load" },
			...{ username: "${secrets.username}", password: "${secrets.password}" },
		},
		{
			url,
			username: { to: { username: "${secrets.one}" } },
			password: { to: { password: "${secrets.two}" } },
			databaseName: { to: { databaseName: "other" } },
		},
	),
	metricDrain(
		{ kind: "influxdb:customv2", url: "${secrets.url1}", org: "acme", token: "${secrets.one}", bucket: "load" },
		{
			url,
			org: { to: { org: "other" } },
			token: { to: { token: "${secrets.two}" } },
			bucket: { to: { bucket: "other" } },
		},
	),
	metricDrain(
		{ kind: "datadog", apiKey: "${secrets.one}", site: "US1" },
		{ apiKey: { to: { apiKey: "${secrets.two}" } }, site: { to: { site: "EU1" } } },
	),
];
