import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { loadStage } from "../../config/load.ts";
import { readStageFile } from "./stage-file.ts";

/** Hands a stage to the program as the engine does. */
function hand(stage: Record<string, unknown>, encrypted: string[], others: Record<string, string> = {}): void {
	const entries = Object.entries(stage).map(([key, value]) => [
		`medstack-to-aptible:${key}`,
		typeof value === "string" ? value : JSON.stringify(value),
	]);
	const secretKeys = encrypted.map((key) => `medstack-to-aptible:${key}`);
	pulumi.runtime.setAllConfig({ "aws:region": "eu-west-1", ...others, ...Object.fromEntries(entries) }, secretKeys);
}

before(() =>
	pulumi.runtime.setMocks(
		{ newResource: () => ({ id: undefined, state: {} }), call: () => ({}) },
		"medstack-to-aptible",
		"staging",
	),
);

test("a stage is loaded with its secrets beside it, each a secret to Pulumi", async () => {
	hand(readStageFile("Pulumi.staging.yaml"), ["secrets"]);
	const { stage, secrets } = await loadStage();
	assert.equal(stage.environment.handle, "acme-staging");
	assert.deepEqual(Object.keys(secrets), ["registryPassword", "sessionKey", "siemUrl"]);
	for (const secret of Object.values(secrets)) assert.equal(await pulumi.isSecret(secret), true);
});

test("every mistake is in one error, with the name of the file, keys nobody asked for among them", async () => {
	const stage = readStageFile("Pulumi.staging.yaml");
	hand({ ...stage, databasse: {}, environment: "acme" }, ["secrets"]);
	await assert.rejects(loadStage(), (error) => {
		assert.ok(pulumi.RunError.isInstance(error));
		assert.equal(
			error.message,
			[
				"the stage file has 2 mistakes:",
				'Pulumi.staging.yaml: environment: "acme" is not the environment of the stage; allowed: a block with handle, stack, phi, adopt, renamedFrom, protect, permissions, backups',
				'Pulumi.staging.yaml: databasse: is not known here; allowed: environment, databases, shared, apps, logDrains, metricDrains, storage, dns, move, secrets, include; did you mean "databases"?',
			].join("\n"),
		);
		return true;
	});
});

test("a block with nothing in it is told apart from text", async () => {
	hand({ ...readStageFile("Pulumi.staging.yaml"), databases: "", apps: {} }, ["secrets"]);
	await assert.rejects(loadStage(), {
		message:
			"the stage file has 1 mistake:\nPulumi.staging.yaml: databases: has no value; give a block of databases: one name to a line; or remove the line",
	});
});

test("secrets that are not encrypted are refused", async () => {
	hand(readStageFile("Pulumi.staging.yaml"), []);
	await assert.rejects(loadStage(), /secrets\.sessionKey: is in plain text; .*pulumi config set --secret --path/);
});

test("an encrypted value in another block is refused", async () => {
	hand(readStageFile("Pulumi.staging.yaml"), ["secrets", "apps"]);
	await assert.rejects(loadStage(), /apps: holds an encrypted value/);
});

test("a block under a misspelt namespace is refused, with every other mistake", async () => {
	const { apps, ...stage } = readStageFile("Pulumi.staging.yaml");
	hand({ ...stage, databasse: {} }, ["secrets"], { "medstack-to-aptibel:apps": JSON.stringify(apps) });
	await assert.rejects(loadStage(), (error) => {
		assert.ok(pulumi.RunError.isInstance(error));
		assert.match(error.message, /^the stage file has 2 mistakes:/);
		assert.match(
			error.message,
			/Pulumi\.staging\.yaml: medstack-to-aptibel:apps: is read by nobody; write medstack-to-aptible:apps/,
		);
		return true;
	});
});

test("a provider's own key is none of ours", async () => {
	hand(readStageFile("Pulumi.staging.yaml"), ["secrets"], { "azure-native:environment": "usgovernment" });
	assert.equal((await loadStage()).stage.environment.handle, "acme-staging");
});

test("a phase that stands on a verified copy is loaded with its record, or not at all", async (t) => {
	const root = await mkdtemp(join(tmpdir(), "record-"));
	t.after(() => rm(root, { recursive: true }));
	const move = { phase: "trial", from: { addresses: ["203.0.113.9"] }, databases: { main: {} } };
	hand({ ...readStageFile("Pulumi.prod.yaml"), move }, ["secrets"]);
	await assert.rejects(loadStage(root), {
		message:
			'the stage file has 1 mistake:\nPulumi.staging.yaml: move.phase: "trial" needs the record of a verified copy, Pulumi.staging.move.json beside the stage file, which is not there; run `npm run move -- verify --stack staging`, which writes it, and commit it',
	});
	const record = {
		version: 1,
		run: "r1",
		databases: { main: { aptibleId: 7, hash: "aa" } },
		at: "2026-12-05T02:14:00Z",
	};
	const write = (more: object) =>
		writeFile(join(root, "Pulumi.staging.move.json"), JSON.stringify({ ...record, ...more }));
	await write({});
	const { moveRecord, moveRecordState } = await loadStage(root);
	assert.deepEqual(moveRecord, record);
	assert.equal(moveRecordState(), "open");
	await write({ closed: true });
	assert.equal(moveRecordState(), "closed", "it is read when it is asked");
});

test("config that is nearly all that Linux hands to a program is warned about before nothing starts any more", async (t) => {
	const warnings: string[] = [];
	const { warn } = pulumi.log;
	Object.assign(pulumi.log, { warn: async (message: string) => void warnings.push(message) });
	t.after(() => {
		Object.assign(pulumi.log, { warn });
		delete process.env.PULUMI_CONFIG;
	});
	hand(readStageFile("Pulumi.staging.yaml"), ["secrets"]);
	process.env.PULUMI_CONFIG = "x".repeat(110_000);
	await loadStage();
	assert.deepEqual(warnings, []);
	process.env.PULUMI_CONFIG = "x".repeat(120_000);
	await loadStage();
	assert.deepEqual(warnings, [
		"Pulumi.staging.yaml: its config takes 120000 of the 131072 bytes that Linux hands to a program at once, and beyond them pulumi ends as `spawn E2BIG`; move apps into files of their own (docs/configuration/README.md#several-files)",
	]);
});
