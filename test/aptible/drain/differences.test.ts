import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiLogDrain, ApiMetricDrain } from "../../../aptible/api/drain.ts";
import { diffLogDrain, readLogDrainState } from "../../../aptible/drain/log-drain.ts";
import { diffMetricDrain, readMetricDrainState } from "../../../aptible/drain/metric-drain.ts";
import { drainHandle, isHandleOf } from "../../../wire/drain.ts";
import { LogDrainSpec } from "../../../wire/log-drain.ts";
import { MetricDrainSpec } from "../../../wire/metric-drain.ts";

const _links = { account: { href: "https://api.aptible.com/accounts/1" } };

const sentinel = "sentinel-41d7";
const common = { environment: "acme-test", name: "siem", adopt: false };
const all = { apps: true, databases: true, ephemeralSessions: true, proxies: true };
const fill = (template: string) => template.replace("${secrets.key}", sentinel);
const databases = [{ id: 7, handle: "search" }];

function liveLogDrain(change: Record<string, unknown>) {
	const record = {
		...{ id: 1, handle: "siem-1", drain_type: "https_post", status: "provisioned", _links },
		...{ drain_apps: true, drain_databases: true, drain_ephemeral_sessions: true, drain_proxies: true },
		...change,
	};
	return readLogDrainState(ApiLogDrain.parse(record), databases);
}

function liveMetricDrain(change: Record<string, unknown>) {
	const record = { id: 1, handle: "load-1", drain_type: "influxdb", status: "provisioned", _links, ...change };
	return readMetricDrainState(ApiMetricDrain.parse(record), databases);
}

const https = LogDrainSpec.parse({ ...common, ...all, kind: "https", url: "https://logs.acme.example/${secrets.key}" });
const syslog = { ...common, ...all, kind: "syslog", host: "logs.acme.example", port: 6514 };

test("an address that differs is only said to differ", () => {
	const same = liveLogDrain({ url: `https://logs.acme.example/${sentinel}` });
	const other = liveLogDrain({ url: `https://logs.acme.example/${sentinel}-old`, drain_proxies: false });
	assert.deepEqual(diffLogDrain(https, same, fill), []);
	const differences = diffLogDrain(https, other, fill);
	assert.deepEqual(differences, [
		{ field: "url", declared: "https://logs.acme.example/${secrets.key}", live: "another value" },
		{ field: "proxies", declared: "true", live: "false" },
	]);
	assert.equal(JSON.stringify(differences).includes(sentinel), false);
});

test("without the secrets, and where the token may not see them, nothing is said of them", () => {
	const other = liveLogDrain({ url: "https://logs.acme.example/other" });
	assert.deepEqual(diffLogDrain(https, other), []);
	assert.deepEqual(diffLogDrain(https, liveLogDrain({ url: null }), fill), []);
	assert.deepEqual(diffLogDrain(https, liveLogDrain({}), fill), []);
});

test("what the API gives as a number, as nothing or as empty text is compared as what it is", () => {
	const spec = LogDrainSpec.parse(syslog);
	const live = { drain_type: "syslog_tls_tcp", drain_host: "logs.acme.example" };
	assert.deepEqual(diffLogDrain(spec, liveLogDrain({ ...live, drain_port: 6514, logging_token: "" }), fill), []);
	assert.deepEqual(diffLogDrain(spec, liveLogDrain({ ...live, drain_port: "6515" }), fill), [
		{ field: "port", declared: "6514", live: "6515" },
	]);
	assert.deepEqual(diffLogDrain(spec, liveLogDrain({ ...live, drain_port: 6514, logging_token: sentinel }), fill), [
		{ field: "token", declared: "none", live: "another value" },
	]);
	assert.deepEqual(diffLogDrain(spec, liveLogDrain({ url: "https://logs.acme.example" }), fill), [
		{ field: "kind", declared: "syslog_tls_tcp", live: "https_post" },
	]);
});

test("a database is compared by its handle, under whatever name it goes now", () => {
	const spec = LogDrainSpec.parse({ ...common, ...all, kind: "elasticsearch", database: "search" });
	const live = (id: number) => ({
		drain_type: "elasticsearch_database",
		_links: { ..._links, database: { href: `https://api.aptible.com/databases/${id}` } },
	});
	assert.deepEqual(diffLogDrain(spec, liveLogDrain(live(7))), []);
	assert.deepEqual(diffLogDrain(spec, liveLogDrain(live(8))), [
		{ field: "database", declared: "search", live: "number 8" },
	]);
	assert.deepEqual(diffLogDrain(spec, liveLogDrain({ ...live(7), logging_token: "parse" })), [
		{ field: "pipeline", declared: "none", live: "parse" },
	]);
});

test("a metric drain's settings are compared, its keys only said to differ", () => {
	const spec = MetricDrainSpec.parse({
		...common,
		...{ kind: "influxdb:custom", url: "https://i.example:8086", username: "aptible", password: "${secrets.key}" },
		databaseName: "load",
	});
	const shown = { address: "https://i.example:8086", username: "aptible", password: sentinel, database: "load" };
	const live = (change: object) => liveMetricDrain({ drain_configuration: { ...shown, ...change } });
	assert.deepEqual(diffMetricDrain(spec, live({}), fill), []);
	assert.deepEqual(diffMetricDrain(spec, live({ password: `${sentinel}-old`, database: "other" }), fill), [
		{ field: "password", declared: "${secrets.key}", live: "another value" },
		{ field: "databaseName", declared: "load", live: "other" },
	]);
	for (const hidden of [{}, null, undefined]) {
		assert.deepEqual(diffMetricDrain(spec, liveMetricDrain({ drain_configuration: hidden }), fill), []);
	}
	assert.deepEqual(diffMetricDrain(spec, liveMetricDrain({ drain_type: "influxdb2" }), fill), [
		{ field: "kind", declared: "influxdb", live: "influxdb2" },
	]);
});

test("a site of Datadog is known by its address", () => {
	const spec = MetricDrainSpec.parse({ ...common, kind: "datadog", apiKey: "${secrets.key}", site: "US5" });
	const live = (url: string) =>
		liveMetricDrain({ drain_type: "datadog", drain_configuration: { api_key: sentinel, series_url: url } });
	assert.deepEqual(diffMetricDrain(spec, live("https://us5.datadoghq.com/api/v1/series"), fill), []);
	assert.deepEqual(diffMetricDrain(spec, live("https://app.datadoghq.eu/api/v1/series"), fill), [
		{ field: "site", declared: "US5", live: "EU1" },
	]);
	assert.deepEqual(diffMetricDrain(spec, live("https://proxy.acme.example/series"), fill), [
		{ field: "site", declared: "US5", live: "https://proxy.acme.example/series" },
	]);
});

test("a handle is the drain's in each of its turns, and nobody else's", () => {
	const drain = { name: "siem", adopt: false };
	assert.deepEqual(
		[1, 2, 9].map((turn) => drainHandle("siem", 116, turn)),
		["siem-116", "siem-116-2", "siem-116-9"],
	);
	for (const handle of ["siem-116", "siem-116-2", "siem-116-9"]) assert.equal(isHandleOf(handle, drain, 116), true);
	for (const handle of ["siem", "siem-116-10", "siem-116-1", "siem-1162", "siem-2-116", "siem-117", "my-siem-116"]) {
		assert.equal(isHandleOf(handle, drain, 116), false, handle);
	}
	assert.equal(isHandleOf("siem", { ...drain, adopt: true }, 116), true);
	assert.ok(drainHandle("a".repeat(48), 9_999_999_999_999, 9).length <= 64);
});
