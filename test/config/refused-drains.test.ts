import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStage } from "../../config/parse.ts";
import { testRefused } from "./refused.ts";
import { absent, stageWith } from "./stage-file.ts";

const siem = { kind: "https", url: "${secrets.siemUrl}" };
const influx = {
	kind: "influxdb:custom",
	url: "https://influx.acme.example:8086",
	username: "aptible",
	password: "${secrets.influxPassword}",
	databaseName: "metrics",
};
const sentinel = "sentinel-8c2f1d";
const secrets = { "secrets/siemUrl": `https://logs.acme.example/${sentinel}`, "secrets/influxPassword": sentinel };

testRefused({
	"a kind of log drain that is none": {
		change: { ...secrets, "logDrains/siem": { ...siem, kind: "htps" } },
		says: [
			'logDrains.siem.kind: "htps" is not a kind of log drain; allowed: "https", "datadog", "sumologic", "logdna", "papertrail", "solarwinds", "syslog", "elasticsearch"; did you mean "https"?',
		],
	},
	"a log drain without a kind": {
		change: { "logDrains/siem": { host: "logs.acme.example" } },
		says: [
			'logDrains.siem.kind: is missing; give a kind of log drain: "https", "datadog", "sumologic", "logdna", "papertrail", "solarwinds", "syslog", "elasticsearch"',
		],
	},
	"a log drain that is text": {
		change: { "logDrains/siem": "https://logs.acme.example" },
		says: [
			'logDrains.siem: "https://logs.acme.example" is not a log drain; allowed: a block with kind and what goes with it',
		],
	},
	"a field of another kind of log drain": {
		change: { ...secrets, "logDrains/siem": { ...siem, host: "logs.acme.example" } },
		says: [
			"logDrains.siem.host: is not known here; allowed: kind, url, apps, databases, ephemeralSessions, proxies, adopt",
		],
	},
	"a log drain with a password in its address": {
		change: { "logDrains/siem/kind": "https", "logDrains/siem/url": "https://log:hunter2@logs.acme.example/x" },
		says: [
			"logDrains.siem.url: its value holds a password or a key in the open; put it among the secrets and write ${secrets.NAME} in its place",
		],
	},
	"a log drain with a password in the open beside a secret": {
		change: {
			...secrets,
			"logDrains/siem": { ...siem, url: "https://log:hunter2@logs.acme.example/${secrets.siemUrl}" },
		},
		says: [
			"logDrains.siem.url: its value holds a password or a key in the open; put it among the secrets and write ${secrets.NAME} in its place",
		],
	},
	"a log drain with a key in its query": {
		change: {
			...secrets,
			"logDrains/siem": { ...siem, url: "https://logs.acme.example/${secrets.siemUrl}?api_key=k" },
		},
		says: [
			"logDrains.siem.url: its value holds a password or a key in the open; put it among the secrets and write ${secrets.NAME} in its place",
		],
	},
	"an address of Datadog with its key in the open": {
		change: { "logDrains/dd": { kind: "datadog", url: "https://http-intake.logs.datadoghq.com/v1/input/0123456789" } },
		says: [
			"logDrains.dd.url: its value is not an https:// address with a secret in it; allowed: ${secrets.datadogUrl}, or https://... with a secret in it",
		],
	},
	"an address that is none": {
		change: { "logDrains/siem": { ...siem, url: "logs.acme.example" } },
		says: [
			"logDrains.siem.url: its value is not an https:// address with a secret in it; allowed: ${secrets.siemUrl}, or https://... with a secret in it",
		],
	},
	"logs over plain HTTP": {
		change: {
			...secrets,
			"environment/phi": false,
			"logDrains/siem": { ...siem, url: "http://logs.acme.example/${secrets.siemUrl}" },
		},
		says: ["logDrains.siem.url: is an http:// address, and Aptible sends logs over HTTPS only; give the https:// one"],
	},
	"logs over plain HTTP at an address that is a secret": {
		change: { "logDrains/siem": siem, "secrets/siemUrl": `http://logs.acme.example/${sentinel}` },
		says: ["logDrains.siem.url: is an http:// address, and Aptible sends logs over HTTPS only; give the https:// one"],
	},
	"a secret that is not there": {
		change: { "logDrains/siem": siem, "secrets/siemUrI": "https://logs.acme.example/x" },
		says: [
			'logDrains.siem.url: "${secrets.siemUrl}" refers to a secret that is not under secrets; declared: registryPassword, sessionKey, siemUrI; did you mean "siemUrI"?',
		],
	},
	"a drain that refers to a database's address": {
		change: { "logDrains/siem": { ...siem, url: "https://logs.acme.example/${databases.main.url}" } },
		says: ['logDrains.siem.url: "${databases.main.url}" is no secret; allowed in a drain: ${secrets.NAME}'],
	},
	"a token in the open": {
		change: {
			"logDrains/solarwinds": {
				kind: "solarwinds",
				host: "logs.collector.solarwinds.com",
				token: "hunter2-in-the-open",
			},
		},
		says: [
			"logDrains.solarwinds.token: its value is not one reference to a secret; allowed: ${secrets.solarwindsToken} or another secret, and nothing beside it",
		],
	},
	"a host with a scheme": {
		change: { "logDrains/paper": { kind: "papertrail", host: "https://logs.papertrailapp.com", port: 12345 } },
		says: [
			'logDrains.paper.host: "https://logs.papertrailapp.com" is not a host name; allowed: for example logs.example.com, without a scheme and a port',
		],
	},
	"no port": {
		change: { "logDrains/paper": { kind: "papertrail", host: "logs.papertrailapp.com" } },
		says: ["logDrains.paper.port: is missing; give a whole number from 1 to 65535: port of the destination"],
	},
	"a database that is not there": {
		change: {
			"logDrains/search": { kind: "elasticsearch", database: "serch" },
			"databases/search": { type: "elasticsearch", version: "7.10" },
		},
		says: [
			'logDrains.search.database: "serch" is not a database of this stage; allowed: search; did you mean "search"?',
		],
	},
	"a database of another type": {
		change: { "logDrains/search": { kind: "elasticsearch", database: "main" } },
		says: [
			'logDrains.search.database: "main" is a database of type postgresql, and this drain writes to elasticsearch; none of type elasticsearch is declared',
		],
	},
	"the name of a drain that leaves no room": {
		change: { ...secrets, [`logDrains/${"a".repeat(49)}`]: siem },
		says: [
			`logDrains.${"a".repeat(49)}: "${"a".repeat(49)}" is not the name of a drain; allowed: 1 to 48 lower-case letters, digits, dots, underscores and hyphens, a letter or digit first, as it begins a handle`,
		],
	},
	"the name of a metric drain in capitals": {
		change: { ...secrets, "metricDrains/Influx": influx },
		says: [
			'metricDrains.Influx: "Influx" is not the name of a drain; allowed: 1 to 48 lower-case letters, digits, dots, underscores and hyphens, a letter or digit first, as it begins a handle',
		],
	},
	"a kind of metric drain that is none": {
		change: { ...secrets, "metricDrains/influx": { ...influx, kind: "influxdb:customv3" } },
		says: [
			'metricDrains.influx.kind: "influxdb:customv3" is not a kind of metric drain; allowed: "influxdb", "influxdb:custom", "influxdb:customv2", "datadog"; did you mean "influxdb:customv2"?',
		],
	},
	"metrics over plain HTTP with health information": {
		change: { ...secrets, "metricDrains/influx": { ...influx, url: "http://influx.acme.example:8086" } },
		says: ["metricDrains.influx.url: is an http:// address, which phi: true rules out; give the https:// one"],
	},
	"a metric drain with its password in the open": {
		change: { "metricDrains/influx": { ...influx, password: "hunter2" } },
		says: [
			"metricDrains.influx.password: its value is not one reference to a secret; allowed: ${secrets.influxPassword} or another secret, and nothing beside it",
		],
	},
	"a metric drain with a password in its address": {
		change: { ...secrets, "metricDrains/influx": { ...influx, url: "https://u:hunter2@influx.acme.example:8086" } },
		says: [
			"metricDrains.influx.url: its value holds a password or a key in the open; put it among the secrets and write ${secrets.NAME} in its place",
		],
	},
	"a site of Datadog that is none": {
		change: { "metricDrains/dd": { kind: "datadog", apiKey: "${secrets.sessionKey}", site: "EU" } },
		says: [
			'metricDrains.dd.site: "EU" is not a site of Datadog; allowed: "US1", "US3", "US5", "EU1", "US1-FED"; did you mean "EU1"?',
		],
	},
	"a metric drain without its bucket": {
		change: {
			"metricDrains/v2": {
				kind: "influxdb:customv2",
				url: "https://influx.acme.example:8086",
				org: "acme",
				token: "${secrets.sessionKey}",
			},
		},
		says: ["metricDrains.v2.bucket: is missing; give the name of a bucket: as InfluxDB has it"],
	},
	"a metric drain into a database that is no InfluxDB": {
		change: { "metricDrains/influx": { kind: "influxdb", database: "cache" } },
		says: [
			'metricDrains.influx.database: "cache" is a database of type redis, and this drain writes to influxdb; none of type influxdb is declared',
		],
	},
});

test("every kind of drain is read with its defaults", () => {
	const stage = parseStage(
		stageWith({
			...secrets,
			"databases/search": { type: "elasticsearch", version: "7.10" },
			"databases/load": { type: "influxdb", version: "2.7" },
			logDrains: {
				siem,
				datadog: { kind: "datadog", url: "https://http-intake.logs.datadoghq.com/v1/input/${secrets.sessionKey}" },
				sumologic: { kind: "sumologic", url: "${secrets.siemUrl}" },
				logdna: { kind: "logdna", url: "https://logs.logdna.com/aptible/ingest/${secrets.sessionKey}" },
				basic: { kind: "https", url: "https://log:${secrets.sessionKey}@logs.acme.example/x", proxies: false },
				papertrail: { kind: "papertrail", host: "logs.papertrailapp.com", port: 12345 },
				solarwinds: { kind: "solarwinds", host: "logs.solarwinds.com", token: "${secrets.sessionKey}" },
				syslog: { kind: "syslog", host: "logs.acme.example", port: 6514 },
				search: { kind: "elasticsearch", database: "search", pipeline: "parse" },
			},
			metricDrains: {
				own: { kind: "influxdb", database: "load" },
				influx,
				plain: { ...influx, url: "https://influx.acme.example" },
				datadog: { kind: "datadog", apiKey: "${secrets.sessionKey}" },
			},
		}),
		{ file: "Pulumi.test.yaml" },
	);
	assert.deepEqual(stage.logDrains.siem, {
		kind: "https",
		url: "${secrets.siemUrl}",
		apps: true,
		databases: true,
		ephemeralSessions: true,
		proxies: true,
		adopt: false,
	});
	assert.deepEqual(Object.keys(stage.logDrains).length, 9);
	assert.deepEqual(stage.metricDrains.datadog, {
		kind: "datadog",
		apiKey: "${secrets.sessionKey}",
		site: "US1",
		adopt: false,
	});
});

test("metrics may go over plain HTTP where there is no health information", () => {
	const change = {
		...secrets,
		"environment/phi": false,
		"metricDrains/influx": { ...influx, url: "http://i.example:8086" },
	};
	assert.equal(
		parseStage(stageWith(change), { file: "Pulumi.test.yaml" }).metricDrains.influx?.kind,
		"influxdb:custom",
	);
});

test("what is written for a drain's secrets is never in a message", () => {
	const open = "hunter2-in-the-open";
	const drains = {
		"logDrains/a": { kind: "https", url: `https://u:${open}@logs.acme.example` },
		"logDrains/b": { kind: "logdna", url: open },
		"logDrains/c": { kind: "solarwinds", host: "h.example.com", token: open },
		"metricDrains/d": { kind: "datadog", apiKey: open },
		"metricDrains/e": { ...influx, password: open },
		"metricDrains/f": {
			kind: "influxdb:customv2",
			url: `https://u:${open}@i.example`,
			org: "o",
			token: open,
			bucket: "b",
		},
		"secrets/influxPassword": absent,
	};
	assert.throws(
		() => parseStage(stageWith(drains), { file: "Pulumi.test.yaml" }),
		(error: Error) => !error.message.includes(open) && error.message.split("\n").length >= 8,
	);
});
