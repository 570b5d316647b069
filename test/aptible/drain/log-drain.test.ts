import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type JournalRow, telemetryLeaks } from "@medstack-to-aptible/sandbox/aptible/journal.ts";
import { openDrains } from "./drains-under-test.ts";

const sentinel = "sentinel-5f0c3a9e";
const url = `https://aptible:${sentinel}@logs.acme.example/x`;
const secrets = { "secrets.siemUrl": url, "secrets.token": sentinel };
const other = { "secrets.siemUrl": url.replace("/x", "/y"), "secrets.token": `${sentinel}-2` };

const recorded: { transcripts: { argv: string[]; writes: { create?: string; body: Record<string, unknown> }[] }[] } =
	JSON.parse(readFileSync(new URL("../../../packages/sandbox/test/aptible/transcripts.json", import.meta.url), "utf8"));

/** Names of the fields that the real CLI sends for a command. */
function recordedFields(command: string): string[] {
	const transcript = recorded.transcripts.find(({ argv, writes }) => argv[0] === command && writes?.length > 0);
	return Object.keys(transcript?.writes.find(({ create }) => create !== undefined)?.body ?? {}).sort();
}

function bodyOf(rows: readonly JournalRow[]): Record<string, unknown> {
	const made = rows.flatMap(({ writes }) => writes).find((write) => "create" in write);
	return made !== undefined && "body" in made ? made.body : {};
}

test("a log drain over HTTPS is made by the API, with what the CLI would send, and once only", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	const facts = await aptible.applied("log-drain", drains.logDrain(), { secrets });
	assert.deepEqual(facts, {
		id: drains.liveLogDrains()[0]?.id,
		environmentId: drains.environmentId,
		handle: drains.handle(),
		type: "https_post",
		warnings: [],
	});
	const rows = aptible.newJournal();
	assert.deepEqual(
		rows.filter(({ mutating }) => mutating).map(({ source, command }) => `${source} ${command}`),
		[`api POST /accounts/${drains.environmentId}/log_drains`, `api POST /log_drains/${facts.id}/operations`],
	);
	assert.deepEqual(Object.keys(bodyOf(rows)).sort(), recordedFields("log_drain:create:https"));
	assert.equal(drains.liveLogDrains()[0]?.url, url);
	await aptible.applied("log-drain", drains.logDrain(), { secrets, previous: facts });
	await aptible.applied("log-drain", drains.logDrain(), { secrets });
	assert.deepEqual(aptible.newWrites(), []);
	assert.deepEqual(drains.live(), [`${drains.handle()} provisioned`]);
});

const kinds: { spec: Record<string, unknown>; by: "api" | "cli"; type: string; live: Record<string, unknown> }[] = [
	{
		spec: { kind: "datadog", url: "https://http-intake.logs.datadoghq.com/v1/input/${secrets.token}" },
		by: "api",
		type: "https_post",
		live: { url: `https://http-intake.logs.datadoghq.com/v1/input/${sentinel}` },
	},
	{ spec: { kind: "sumologic", url: "${secrets.siemUrl}" }, by: "api", type: "https_post", live: { url } },
	{
		spec: { kind: "logdna", url: "https://logs.logdna.com/aptible/ingest/${secrets.token}" },
		by: "api",
		type: "https_post",
		live: { url: `https://logs.logdna.com/aptible/ingest/${sentinel}` },
	},
	{
		spec: { kind: "papertrail", host: "logs.papertrailapp.com", port: 12345 },
		by: "cli",
		type: "syslog_tls_tcp",
		live: { drain_host: "logs.papertrailapp.com", drain_port: "12345", logging_token: null },
	},
	{
		spec: { kind: "solarwinds", host: "logs.solarwinds.com", token: "${secrets.token}" },
		by: "api",
		type: "solarwinds",
		live: { drain_host: "logs.solarwinds.com", logging_token: sentinel },
	},
	{
		spec: { kind: "syslog", host: "logs.acme.example", port: 6514, proxies: false },
		by: "cli",
		type: "syslog_tls_tcp",
		live: { drain_host: "logs.acme.example", drain_port: "6514", drain_proxies: false },
	},
	{
		spec: { kind: "syslog", host: "logs.acme.example", port: 6514, token: "${secrets.token}" },
		by: "api",
		type: "syslog_tls_tcp",
		live: { drain_host: "logs.acme.example", drain_port: "6514", logging_token: sentinel },
	},
	{
		spec: { kind: "elasticsearch", database: "search", pipeline: "parse", databases: false },
		by: "cli",
		type: "elasticsearch_database",
		live: { logging_token: "parse", drain_databases: false },
	},
];

test("each kind is made by the CLI unless a secret is in it, and compared on what Aptible makes of it", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	await drains.database("search", "elasticsearch", "7.10");
	for (const [index, { spec, by, type, live }] of kinds.entries()) {
		const name = `drain${index}`;
		const declared = drains.logDrain({ ...spec, name });
		const facts = await aptible.applied("log-drain", declared, { secrets });
		assert.equal(facts.type, type, name);
		const rows = aptible.newJournal();
		const making = rows.find(({ writes }) => writes.some((write) => "create" in write));
		assert.equal(making?.source, by, name);
		if (by === "cli") assert.equal(making?.command, `log_drain:create:${spec.kind}`);
		const record = drains.liveLogDrains().find(({ handle }) => handle === drains.handle(1, name));
		assert.deepEqual({ ...record, ...live }, record, name);
		await aptible.applied("log-drain", declared, { secrets, previous: facts });
		assert.deepEqual(aptible.newWrites(), [], name);
	}
	assert.deepEqual(recordedFields("log_drain:create:syslog"), [
		...["drain_apps", "drain_databases", "drain_ephemeral_sessions", "drain_host", "drain_port", "drain_proxies"],
		...["drain_type", "handle", "logging_token"],
	]);
	assert.equal(telemetryLeaks(aptible.dir, sentinel), false);
	assert.equal(telemetryLeaks(aptible.dir, "logs.papertrailapp.com"), true, "the record of the telemetry works");
});

test("what a drain sends changes in place, each with one request and no operation", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	let previous = await aptible.applied("log-drain", drains.logDrain(), { secrets });
	aptible.newJournal();
	const change: Record<string, boolean> = {};
	for (const source of ["apps", "databases", "ephemeralSessions", "proxies"]) {
		change[source] = false;
		previous = await aptible.applied("log-drain", drains.logDrain(change), { secrets, previous });
		const writes = aptible.newJournal().flatMap((row) => row.writes);
		const wire = `drain_${source.replace("S", "_s")}`;
		assert.deepEqual(
			writes.map(({ at: _, ...write }) => write),
			[{ update: "log_drains", id: previous.id, body: { [wire]: false } }],
		);
	}
	previous = await aptible.applied("log-drain", drains.logDrain(), { secrets, previous });
	assert.deepEqual(aptible.newWrites(), ["update log_drains"]);
	assert.deepEqual(drains.live(), [`${drains.handle()} provisioned`]);
});

test("for another destination a new drain is there before the old one goes", async (t) => {
	const drains = await openDrains(t);
	const { aptible } = drains;
	await drains.database("search", "elasticsearch", "7.10");
	await drains.database("search2", "elasticsearch", "7.10");
	const syslog = { kind: "syslog", host: "logs.acme.example", port: 6514, token: "${secrets.token}" };
	const search = { kind: "elasticsearch", database: "search" };
	const steps: { spec: Record<string, unknown>; handed?: typeof secrets }[] = [
		{ spec: {} },
		{ spec: {}, handed: other },
		{ spec: { kind: "https", url: "https://logs.acme.example/${secrets.token}", proxies: false } },
		{ spec: syslog },
		{ spec: { ...syslog, host: "logs2.acme.example" } },
		{ spec: { ...syslog, port: 6515 } },
		{ spec: { ...syslog, port: 6515 }, handed: other },
		{ spec: { ...syslog, token: undefined } },
		{ spec: search },
		{ spec: { ...search, pipeline: "parse" } },
		{ spec: { ...search, database: "search2", pipeline: "parse" } },
	];
	let previous: Record<string, unknown> | undefined;
	for (const [index, { spec, handed = secrets }] of steps.entries()) {
		const [turn, before] = index % 2 === 0 ? [1, 2] : [2, 1];
		previous = await aptible.applied("log-drain", drains.logDrain(spec), { secrets: handed, previous });
		const made = drains.handle(turn);
		const expected = [`create log_drains ${made}`, `provision log_drains ${made}`];
		const gone = `deprovision log_drains ${drains.handle(before)}`;
		assert.deepEqual(aptible.newWrites(), index === 0 ? expected : [...expected, gone], `step ${index}`);
		assert.deepEqual(drains.live(), [`${made} provisioned`], `step ${index}`);
	}
	// One type to Aptible: only the address counts.
	const url = { url: "${secrets.siemUrl}" };
	previous = await aptible.applied("log-drain", drains.logDrain({ kind: "https", ...url }), { secrets, previous });
	aptible.newJournal();
	await aptible.applied("log-drain", drains.logDrain({ kind: "sumologic", ...url }), { secrets, previous });
	assert.deepEqual(aptible.newWrites(), []);
});
