import assert from "node:assert/strict";
import { test } from "node:test";
import { countMutations, markJournal, readJournal, telemetryLeaks } from "../../aptible/journal.ts";
import { Bench } from "./support.ts";

const SENTINEL = "sentinel-3f9a";
const DEPLOY = ["deploy", "--app", "portal", "--docker-image", "acme/portal:1"];

test("no secret is kept in the journal, and the telemetry's share of them is told", async () => {
	using bench = new Bench("acme-staging");
	await bench.ok("apps:create", "portal");
	await bench.ok(...DEPLOY);
	const secret = `https://u:${SENTINEL}@logs.example/x`;
	await bench.ok("config:set", "--app", "portal", `KEY=${SENTINEL}-a`);
	await bench.ok(
		...DEPLOY,
		"--private-registry-username",
		"deploy",
		`--private-registry-password=${SENTINEL}-b`,
		`K=${SENTINEL}-a`,
	);
	assert.ok(!telemetryLeaks(bench.dir, `${SENTINEL}-a`));
	assert.ok(!telemetryLeaks(bench.dir, `${SENTINEL}-b`));
	await bench.ok("log_drain:create:https", "siem", "--url", secret);
	await bench.ok("metric_drain:create:datadog", "dd", "--api_key", `${SENTINEL}-c`, "--site", "US1");
	await bench.run(["config:set", "--app", "portal", "--env", "acme-staging", `X=${SENTINEL}`, "--url", SENTINEL]);
	assert.ok(telemetryLeaks(bench.dir, SENTINEL));
	assert.ok(telemetryLeaks(bench.dir, `${SENTINEL}-c`));
	assert.ok(!JSON.stringify(readJournal(bench.dir)).includes(SENTINEL));
});

test("the journal tells what was asked, what changed and how it ended", async () => {
	using bench = new Bench("acme-staging");
	const mark = markJournal(bench.dir);
	await bench.ok("apps:create", "portal");
	await bench.run(["apps:create", "portal"]);
	await bench.ok("apps");
	const rows = readJournal(bench.dir).slice(-3);
	assert.deepEqual(
		rows.map(({ source, command, mutating, writes, exit }) => [source, command, mutating, writes.length, exit]),
		[
			["cli", "apps:create", true, 1, 0],
			["cli", "apps:create", true, 0, 1],
			["cli", "apps", false, 0, 0],
		],
	);
	assert.equal(countMutations(bench.dir, mark), 1);
});
