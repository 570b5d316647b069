import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { adoptApp } from "../../adopt/app.ts";
import { DatabaseValues } from "../../adopt/database-values.ts";
import { Notes } from "../../adopt/notes.ts";
import { findStack, stackOptions } from "../../adopt/output.ts";
import { isHarmless } from "../../adopt/secrets.ts";
import { parseStage } from "../../config/parse.ts";
import type { SnapshotApp } from "../../drift/snapshot.ts";
import { fillTemplate } from "../../wire/template.ts";
import { liveSecrets, makeLiveEnvironment } from "../support/live-environment.ts";
import { openReconciler } from "../support/reconcile.ts";
import { runNode } from "../support/run-node.ts";

test("a live environment becomes a stage file", async (t) => {
	const aptible = await openReconciler(t);
	const { environment, env } = aptible;
	await makeLiveEnvironment(aptible, environment);
	const place = ["--app", "portal", "--environment", environment];
	await aptible.cli("apps:create", "never-released", "--environment", environment);
	aptible.newJournal();
	const adopt = (...args: string[]) => runNode("adopt/main.ts", ["--environment", environment, ...args], env);
	const { code, stdout, stderr } = await adopt();
	const blocks = Object.fromEntries(
		Object.entries(parse(stdout).config as Record<string, unknown>).map(([key, block]) => [key.split(":")[1], block]),
	);

	await t.test("nothing is changed, and no secret is printed", () => {
		assert.equal(code, 0, stderr);
		assert.deepEqual(aptible.newWrites(), []);
		for (const secret of Object.values(liveSecrets)) assert.ok(!(stdout + stderr).includes(secret), secret);
	});

	await t.test("everything is taken over as it is", async () => {
		assert.equal(stdout, await readFile(join(import.meta.dirname, "adopted-stage.yaml"), "utf8"));
	});

	await t.test("with its secrets set, the file has no mistake", () => {
		const names = [...stdout.matchAll(/medstack-to-aptible:secrets\.(\w+)'/g)].map(([, name]) => name);
		assert.deepEqual(names, ["registryPassword", "pin", "sessionKey", "siemUrl", "dogApiKey"]);
		const secrets = Object.fromEntries(names.map((name) => [name, name === "siemUrl" ? "https://siem" : "x"]));
		assert.doesNotThrow(() => parseStage({ ...blocks, secrets }, { file: "Pulumi.live.yaml" }));
	});

	await t.test("what cannot be said stands in comments", async () => {
		assert.match(stdout, /^# {3}app "never-released": it was never released, .* it is left alone$/m);
		await aptible.cli("config:set", ...place, "APTIBLE_OWN=1");
		const again = await adopt("--phi", "true");
		assert.match(again.stdout, /^# {3}app "portal": config key APTIBLE_OWN is Aptible's own; it is left alone$/m);
		assert.match(again.stdout, /^# {3}this file: environment\.phi: true is not allowed on "shared-ca-central-1"/m);
	});

	await t.test("an app that Aptible's GitHub Action deploys is CI's to release, and a comment says why", async () => {
		await aptible.cli("config:set", ...place, "APTIBLE_GIT_COMMIT_SHA=4f9a1c2", "APTIBLE_GIT_REF=main");
		const { stdout: ofCi } = await adopt();
		assert.equal(parse(ofCi).config["medstack-to-aptible:apps"].portal.releasedBy, "ci");
		assert.match(
			ofCi,
			/^# {3}app "portal": its config has what Aptible's GitHub Action sets .* takes back what CI deploys$/m,
		);
		assert.doesNotMatch(ofCi, /APTIBLE_GIT/);
	});

	await t.test("whether a database is backed up, where Aptible does not show it, stands in a comment", async () => {
		aptible.fault({
			name: "answer-changed",
			command: "GET /accounts/ID/databases",
			times: 99,
			without: ["enable_backups"],
		});
		const hidden = await adopt();
		aptible.clearFaults();
		assert.match(
			hidden.stdout,
			/^# {3}database "main": Aptible does not show whether it backs it up; automaticBackups is left out/m,
		);
	});

	await t.test("a drain that a stage has made keeps its name there, unless another one would have it too", async () => {
		const [{ id }] = (await aptible.cli("environment:list")) as [{ id: number }];
		const destination = ["--environment", environment, "--host", "logs.acme.example", "--port", "6514"];
		for (const handle of [`paper-${id}-2`, `twin-${id}`, "twin"])
			await aptible.cli("log_drain:create:papertrail", handle, ...destination);
		const drains = parse((await adopt()).stdout).config["medstack-to-aptible:logDrains"];
		assert.deepEqual(Object.keys(drains), ["elastic", "paper", "siem", "sys", "twin", `twin-${id}`]);
		assert.equal(drains.paper.kind, "syslog");
	});

	await t.test("its commands are for the stack that the file is of", async () => {
		const file = join(aptible.dir, "Pulumi.willow.yaml");
		const written = await adopt("--output", file);
		assert.equal(written.code, 0, written.stderr);
		assert.ok(
			written.stderr.endsWith(`Now run: pulumi preview --stack willow --config-file ${file}\n`),
			written.stderr,
		);
		const head = await readFile(file, "utf8");
		assert.match(head, /After `pulumi stack init willow`/);
		assert.match(head, /secrets\.sessionKey' --stack willow$/m);
		await rm(file);
		const named = await adopt("--output", file, "--stack", "live");
		assert.ok(named.stderr.endsWith(`Now run: pulumi preview --stack live --config-file ${file}\n`), named.stderr);
	});

	await t.test("an environment that the token does not see is named with those that it does", async () => {
		const wrong = await runNode("adopt/main.ts", ["--environment", "acme-tset"], env);
		assert.equal(wrong.code, 1);
		assert.equal(wrong.stderr, 'environment "acme-tset" is not one that this token sees; it sees: acme-test.\n');
	});
});

test("a user of a registry whose name looks like a reference stays text", () => {
	const app = { handle: "portal", status: "provisioned" };
	const settings = { image: "acme/portal:1", registry: { username: "robot${x}", password: "p" } };
	const live = { app, settings, config: new Map(), services: [], endpoints: [] } as unknown as SnapshotApp;
	const { registry } = adoptApp(live, new DatabaseValues([]), new Notes()) as { registry: { username: string } };
	assert.equal(
		fillTemplate(registry.username, () => assert.fail("a reference")),
		"robot${x}",
	);
});

test("a file that Pulumi finds by its stack needs no option", () => {
	assert.equal(findStack("Pulumi.willow-adopted.yaml"), "willow-adopted");
	assert.equal(findStack("/elsewhere/Pulumi.prod.yaml"), "prod");
	assert.equal(findStack("stage.yaml"), undefined);
	assert.equal(stackOptions("prod", "Pulumi.prod.yaml"), "--stack prod");
	assert.equal(stackOptions("prod", "Pulumi.staging.yaml"), "--stack prod --config-file Pulumi.staging.yaml");
});

test("a config value stands in the open only where it is harmless", () => {
	for (const [key, value] of [
		["PORT", "3000"],
		["NODE_ENV", "production"],
		["DEBUG", "false"],
		["LANG", "en_US.UTF-8"],
	]) {
		assert.ok(isHarmless(key ?? "", value ?? ""), `${key}=${value}`);
	}
	for (const [key, value] of [
		["PIN", "1234"],
		["API_KEY", "test"],
		["ACCOUNT", "123456789"],
		["HOST", "db.internal"],
		["NAME", "hunter2"],
	]) {
		assert.ok(!isHarmless(key ?? "", value ?? ""), `${key}=${value}`);
	}
});
