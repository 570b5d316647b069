import assert from "node:assert/strict";
import { test } from "node:test";
import { telemetryLeaks } from "@medstack-to-aptible/sandbox/aptible/journal.ts";
import { openDrains } from "./drains-under-test.ts";

const sentinel = "sentinel-b27d4401";
const secrets = { "secrets.key": sentinel };
const other = { "secrets.key": `${sentinel}-2` };

const custom = {
	kind: "influxdb:custom",
	url: "https://influx.acme.example:8086",
	username: "aptible",
	password: "${secrets.key}",
	databaseName: "load",
};
const customv2 = {
	kind: "influxdb:customv2",
	url: "https://influx.acme.example:8086",
	org: "acme",
	token: "${secrets.key}",
	bucket: "load",
};
const datadog = { kind: "datadog", apiKey: "${secrets.key}", site: "EU1" };
const own = { kind: "influxdb", database: "influx" };

/** What the real CLI sends for each kind (recorded runs 89, 90; CLI 0.26.6, `metric_drain.rb`). */
const kinds = [
	{ spec: own, by: "cli", type: "influxdb_database", configuration: {} },
	{
		spec: custom,
		by: "api",
		type: "influxdb",
		configuration: { address: custom.url, username: "aptible", password: sentinel, database: "load" },
	},
	{
		spec: customv2,
		by: "api",
		type: "influxdb2",
		configuration: { address: custom.url, org: "acme", authToken: sentinel, bucket: "load" },
	},
	{
		spec: datadog,
		by: "api",
		type: "datadog",
		configuration: { api_key: sentinel, series_url: "https://app.datadoghq.eu/api/v1/series" },
	},
];

test("each kind is made once, by the CLI unless a secret is in it", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	await drains.database("influx", "influxdb", "2.7");
	const outputs: string[] = [];
	for (const [index, { spec, by, type, configuration }] of kinds.entries()) {
		const declared = drains.metricDrain({ ...spec, name: `drain${index}` });
		const { facts, stdout, stderr } = await aptible.apply("metric-drain", declared, { secrets });
		const handle = drains.handle(1, `drain${index}`);
		assert.deepEqual([facts.handle, facts.type, facts.warnings], [handle, type, []], stderr);
		outputs.push(stdout, stderr);
		const rows = aptible.newJournal();
		assert.equal(rows.find(({ writes }) => writes.some((write) => "create" in write))?.source, by, type);
		const record = drains.liveMetricDrains().find((one) => one.handle === handle);
		assert.deepEqual(record?.drain_configuration, configuration);
		await aptible.applied("metric-drain", declared, { secrets, previous: facts });
		assert.deepEqual(aptible.newWrites(), [], type);
		outputs.push(...rows.flatMap(({ argv }) => argv));
	}
	for (const text of outputs) assert.equal(text.includes(sentinel), false, text);
	assert.equal(telemetryLeaks(aptible.dir, sentinel), false);
});

test("for each change a new drain is there before the old one goes", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	await drains.database("influx", "influxdb", "2.7");
	const steps: { spec: Record<string, unknown>; handed?: typeof secrets }[] = [
		{ spec: custom },
		{ spec: { ...custom, url: "https://influx2.acme.example:8086" } },
		{ spec: { ...custom, username: "other" } },
		{ spec: { ...custom, databaseName: "other" } },
		{ spec: { ...custom, databaseName: "other" }, handed: other },
		{ spec: customv2 },
		{ spec: { ...customv2, org: "other" } },
		{ spec: { ...customv2, bucket: "other" } },
		{ spec: datadog },
		{ spec: { ...datadog, site: "US1" } },
		{ spec: own },
	];
	let previous: Record<string, unknown> | undefined;
	for (const [index, { spec, handed = secrets }] of steps.entries()) {
		const [turn, before] = index % 2 === 0 ? [1, 2] : [2, 1];
		previous = await aptible.applied("metric-drain", drains.metricDrain(spec), { secrets: handed, previous });
		const made = drains.handle(turn, "load");
		const expected = [`create metric_drains ${made}`, `provision metric_drains ${made}`];
		const gone = `deprovision metric_drains ${drains.handle(before, "load")}`;
		assert.deepEqual(aptible.newWrites(), index === 0 ? expected : [...expected, gone], `step ${index}`);
		assert.deepEqual(drains.live(), [`${made} provisioned`], `step ${index}`);
	}
	await aptible.removed("metric-drain", drains.metricDrain(own), { previous });
	await aptible.removed("metric-drain", drains.metricDrain(own), { previous });
	assert.deepEqual(aptible.newWrites(), [`deprovision metric_drains ${drains.handle(1, "load")}`]);
});

test("a drain to Datadog that was made without a site is adopted as the first site's", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	const body = { handle: "load", drain_type: "datadog", drain_configuration: { api_key: sentinel } };
	const { id } = await drains.api("POST", `/accounts/${drains.environmentId}/metric_drains`, body);
	await drains.api("POST", `/metric_drains/${id}/operations`, { type: "provision" });
	aptible.newJournal();
	const spec = drains.metricDrain({ ...datadog, site: "US1", adopt: true });
	assert.equal((await aptible.applied("metric-drain", spec, { secrets })).id, id);
	assert.deepEqual(aptible.newWrites(), []);
});

test("a failed provision and a kill are gone on from", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	for (const [index, spec] of [custom, own].entries()) {
		await drains.database(`influx${index}`, "influxdb", "2.7");
		const database = index === 1 ? { database: "influx1" } : {};
		const failing = drains.metricDrain({ ...spec, ...database, name: `failing${index}` });
		aptible.fault({ name: "provision-fails", reason: "connection refused" });
		const { code, stderr } = await aptible.apply("metric-drain", failing, { secrets });
		assert.equal(code, 1);
		assert.match(stderr, /metric drain "failing\d-\d+": \w+ failed[\s\S]*connection refused/);
		aptible.newJournal();
		await aptible.applied("metric-drain", failing, { secrets });
		assert.deepEqual(aptible.newWrites(), [`provision metric_drains ${drains.handle(1, `failing${index}`)}`]);
		const killed = drains.metricDrain({ ...spec, ...database, name: `killed${index}` });
		for (const n of [1, 2]) assert.equal(await aptible.interrupted(n, "metric-drain", killed, { secrets }), n === 1);
		const handle = drains.handle(1, `killed${index}`);
		assert.deepEqual(aptible.newWrites(), [`create metric_drains ${handle}`, `provision metric_drains ${handle}`]);
		await aptible.applied("metric-drain", killed, { secrets });
		assert.deepEqual(aptible.newWrites(), []);
	}
});

test("a token that may not see a drain's settings has a new one made for each change, and is told so", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	aptible.fault({ name: "secrets-hidden", command: "GET /metric_drains", times: 99 });
	const previous = await aptible.applied("metric-drain", drains.metricDrain(custom), { secrets });
	assert.match(String(previous.warnings), /may not see its url, username, password, databaseName/);
	await aptible.applied("metric-drain", drains.metricDrain(custom), { secrets, previous });
	assert.deepEqual(drains.live(), [`${drains.handle(2, "load")} provisioned`]);
});

test("an address that is none once its secret is filled in is refused without being shown", async (t) => {
	const drains = await openDrains(t);
	const spec = drains.metricDrain({ ...custom, url: "${secrets.key}" });
	const { code, stderr } = await drains.aptible.apply("metric-drain", spec, { secrets });
	assert.equal(code, 1);
	assert.equal(
		stderr,
		'metric drain "load": with its secrets filled in, url is not an https:// or http:// address. Set the secret again: ' +
			"pulumi config set --secret --path 'medstack-to-aptible:secrets.NAME'\n",
	);
});
