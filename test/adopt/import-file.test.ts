import assert from "node:assert/strict";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createEnvironment } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { liveSecrets, makeLiveEnvironment } from "../support/live-environment.ts";
import { runNode } from "../support/run-node.ts";
import { type Blocks, fail, openStage, succeed } from "../support/stage.ts";

test("an adopted environment is imported without running anything", async (t) => {
	const stage = await openStage(t, "staging");
	const { dir, env } = stage.sandbox;
	const stageFile = join(dir, "Pulumi.staging.yaml");
	const importFile = join(dir, "import.json");
	const adopt = (...args: string[]) => runNode("adopt/main.ts", ["--stack", "staging", ...args], env);
	const writeImport = () => adopt("--import-file", importFile, "--config-file", stageFile);
	createEnvironment(stage.aptible.dir, "acme-live");
	await makeLiveEnvironment(stage.aptible, "acme-live");
	await rm(stageFile);
	const { default_domain: domain } = ((await stage.cli("endpoints:list", "--app", "portal")) as Blocks[])[0] ?? {};
	await stage.cli("apps:create", "reports", "--environment", "acme-live");
	await stage.cli("config:set", "--app", "reports", `PORTAL_URL=https://${domain}`);
	await stage.cli("deploy", "--app", "reports", "--docker-image", "acme/reports:1");
	await succeed(adopt("--environment", "acme-live", "--output", stageFile, "--encrypt"));
	await stage.edit(({ apps }) => {
		apps.reports.config.PORTAL_URL = "${apps.portal.endpoints.default.url}";
	});
	stage.newWrites();

	await t.test("nothing is written where an object is not as declared, and nothing is changed", async () => {
		await stage.edit(({ apps }) => {
			apps.portal.services.web.containers = 3;
		});
		const output = await fail(writeImport());
		assert.match(output, /it is not as declared: this would send aptible apps:scale/);
		await stage.edit(({ apps }) => {
			apps.portal.services.web.containers = 2;
		});
		assert.deepEqual(stage.newWrites(), []);
	});

	await t.test("the import file is for its owner alone", async () => {
		await succeed(writeImport());
		assert.equal((await stat(importFile)).mode & 0o777, 0o600);
	});

	await t.test("after the import, an update has nothing to do", async () => {
		await succeed(
			stage.pulumi(
				"import",
				"--file",
				importFile,
				"--yes",
				"--skip-preview",
				"--protect=false",
				"--generate-code=false",
			),
		);
		const state = await stage.state();
		for (const secret of Object.values(liveSecrets)) assert.ok(!state.includes(secret), secret);
		await succeed(stage.up("--expect-no-changes"));
		assert.deepEqual(stage.newWrites(), []);
	});

	await t.test("what was imported is kept as if it had been made from here", async () => {
		await stage.edit(({ apps }) => {
			apps.portal.services.web.containers = 3;
			delete apps.portal.endpoints.tcp_worker_internal;
		});
		await succeed(stage.up());
		assert.deepEqual(stage.newWrites().sort(), ["deprovision vhosts", "scale services web"]);
	});
});
