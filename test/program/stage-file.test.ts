import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { test } from "node:test";
import { stringify } from "yaml";
import { fail, openStage, succeed } from "../support/stage.ts";

const root = join(import.meta.dirname, "../..");

test("a stage file through Pulumi's own YAML: an unknown stack, dates, and blocks under a misspelt namespace", async (t) => {
	const stage = await openStage(t, "staging");
	await stage.withChange(
		({ environment }) => {
			environment.stack = "shared-ca-centrl-1";
		},
		async () => {
			const says =
				/environment\.stack: "shared-ca-centrl-1" is not a stack that this token can see; there are: .*shared-ca-central-1.*; did you mean "shared-ca-central-1"\?/;
			assert.match(await fail(stage.previewWith({ MEDSTACK_TO_APTIBLE_DRIFT: "" })), says);
		},
	);
	await stage.edit((blocks) => {
		// Written without quotes, as it is text to YAML 1.2.
		blocks.apps.portal.config.PAYMENTS_API_VERSION = "2023-10-16";
		blocks.apps.portal.config.CUTOVER_AT = "2026-12-01 03:00:00";
	});
	const text = await fail(stage.preview("--config", "aptible:databases={}"));
	assert.match(text, /the stage file has 3 mistakes:/);
	assert.match(
		text,
		/Pulumi\.staging\.yaml: aptible:databases: is read by nobody, .* write medstack-to-aptible:databases/,
	);
	assert.match(
		text,
		/PAYMENTS_API_VERSION: "2023-10-16 00:00:00 \+0000 UTC" is what YAML makes of a date without quotes/,
	);
	assert.match(text, /CUTOVER_AT: "2026-12-01 03:00:00 \+0000 UTC" is what YAML makes of a date without quotes/);
});

test("a stage of 106 apps, whose config is more than Linux hands to a program at once, is included", async (t) => {
	const stage = await openStage(t, "staging");
	await mkdir(join(root, ".sandbox"), { recursive: true });
	const folder = await mkdtemp(join(root, ".sandbox/included-"));
	t.after(() => rm(folder, { recursive: true, force: true }));
	const config = Object.fromEntries(
		Array.from({ length: 20 }, (_, index) => [
			`SETTING_OF_THE_PORTAL_${index}`,
			`https://service-${index}.maple.example/tenants/v1`,
		]),
	);
	const app = { image: "registry.maple.example/portal:2026-11-20", config, services: { cmd: { containerMb: 512 } } };
	for (let index = 0; index < 106; index++) {
		await writeFile(join(folder, `${index}.yaml`), stringify({ apps: { [`tenant-${index}`]: app } }));
	}
	await stage.edit((blocks) => {
		for (const name of ["storage", "apps"]) delete blocks[name];
		blocks.include = [`${relative(root, folder)}/*.yaml`];
	});
	const text = await succeed(stage.preview());
	assert.match(text, /tenant-105/);
	assert.match(text, /\+ 2\d\d to create/);
});
