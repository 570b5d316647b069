import assert from "node:assert/strict";
import { copyFile, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createEnvironment } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { liveSecrets, makeLiveEnvironment } from "../support/live-environment.ts";
import { runNode } from "../support/run-node.ts";
import { fail, openStage, succeed } from "../support/stage.ts";

test("an adopted environment is taken over without a change", async (t) => {
	const stage = await openStage(t, "staging");
	stage.watchDrift();
	const { dir, env } = stage.sandbox;
	const file = join(dir, "Pulumi.staging.yaml");
	createEnvironment(stage.aptible.dir, "acme-live");
	await makeLiveEnvironment(stage.aptible, "acme-live");
	// What Aptible's GitHub Action leaves.
	await stage.cli("config:set", "--app", "portal", "--environment", "acme-live", "APTIBLE_GIT_COMMIT_SHA=4f9a1c2");
	stage.newWrites();

	await t.test("the stage file has its secrets encrypted, and none in the open", async () => {
		await rm(file);
		await succeed(
			runNode(
				"adopt/main.ts",
				["--environment", "acme-live", "--stack", "staging", "--output", file, "--encrypt"],
				env,
			),
		);
		const text = await readFile(file, "utf8");
		for (const secret of Object.values(liveSecrets)) assert.ok(!text.includes(secret), secret);
		assert.match(text, /sessionKey:\n +secure: v1:/);
		assert.deepEqual(stage.newWrites(), []);
	});

	await t.test(
		"the preview says of each object that nothing changes, and of one that CI releases what stays",
		async () => {
			await stage.edit(({ apps }) => {
				assert.deepEqual([apps.portal.releasedBy, apps.portal.image], ["ci", "acme/portal:2"]);
				apps.portal.image = "acme/portal:1";
			});
			const output = await succeed(stage.preview("--diff"));
			assert.match(output, /CI releases it: image acme\/portal:2 runs and stays/);
			assert.match(output, /image acme\/portal:1 of the stage file is not deployed: image acme\/portal:2 runs/);
			for (const object of [
				"environment acme-live",
				"database main",
				"database main-copy",
				"app portal",
				"endpoint tcp_worker_internal of app portal",
				"log drain siem",
				"metric drain dog",
			])
				assert.ok(output.includes(`${object}: taken over as it is\n`), `${object}\n${output}`);
			assert.doesNotMatch(output, /: new\b|empty|; changes |not in the stage file/);
		},
	);

	await t.test("without credentials, the preview says that what is there is taken over, and else made", async () => {
		const output = await succeed(stage.previewWith({ APTIBLE_ACCESS_TOKEN: "" }));
		assert.match(output, /database main: taken over if it is there \(adopt\), else new, postgresql 16, empty/);
		assert.doesNotMatch(output, /: new\b|taken over as it is/);
	});

	await t.test("the update sends nothing, nor does the next one", async () => {
		const output = await succeed(stage.up());
		assert.deepEqual(stage.newWrites(), []);
		for (const secret of Object.values(liveSecrets)) assert.ok(!output.includes(secret), secret);
		const again = await succeed(stage.up("--expect-no-changes"));
		assert.doesNotMatch(again, /not deployed|CI releases/);
		assert.deepEqual(stage.newWrites(), []);
	});
});

test("the stage file is written into what `pulumi stack init` made, secrets and all, or not at all", async (t) => {
	const stage = await openStage(t, "staging");
	const { dir, env } = stage.sandbox;
	createEnvironment(stage.aptible.dir, "acme-live");
	await makeLiveEnvironment(stage.aptible, "acme-live");
	// A folder of the same project, as `stack init` writes where it runs.
	await copyFile("Pulumi.yaml", join(dir, "Pulumi.yaml"));
	const file = join(dir, "Pulumi.live.yaml");
	const place = ["--environment", "acme-live", "--stack", "live", "--output", file];
	const adopt = (...args: string[]) => runNode("adopt/main.ts", [...place, ...args], env);

	await t.test("without its stack there is no file, and the message says what to run first", async () => {
		const message = await fail(adopt("--encrypt"));
		assert.match(message, /no stack named 'live' found/);
		assert.match(message, /pulumi stack init live/);
		assert.deepEqual(
			(await readdir(dir)).filter((name) => name.includes("live")),
			[],
		);
	});

	await t.test("after that it is whole, with the stack's own key", async () => {
		await succeed(stage.sandbox.pulumi(["stack", "init", "live"], { cwd: dir }));
		const [salt] = (await readFile(file, "utf8")).trim().split("\n");
		await succeed(adopt("--encrypt"));
		const text = await readFile(file, "utf8");
		assert.ok(text.includes(`\n${salt}\n`), salt);
		assert.match(text, /^# yaml-language-server: .*\n# Environment "acme-live" as/);
		assert.match(text, /sessionKey:\n +secure: v1:/);
		for (const secret of Object.values(liveSecrets)) assert.ok(!text.includes(secret), secret);
		const preview = ["preview", "--non-interactive", "--stack", "live", "--config-file", file];
		await succeed(stage.sandbox.pulumi(preview));
		assert.deepEqual(
			(await readdir(dir)).filter((name) => name.includes("live")),
			["Pulumi.live.yaml"],
		);
	});

	await t.test("a file with a stage in it is left as it is", async () => {
		const before = await readFile(file, "utf8");
		assert.match(
			await fail(adopt()),
			/Pulumi\.live\.yaml" is there already, with a stage in it; name another file, or move it away/,
		);
		assert.equal(await readFile(file, "utf8"), before);
	});
});
