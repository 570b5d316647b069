import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStage } from "../../config/parse.ts";
import { readStageFile } from "./stage-file.ts";

const encrypted = new Set(["secrets"]);
const load = (file: string) => parseStage(readStageFile(file), { file, secretKeys: encrypted });

test("Pulumi.staging.yaml is a right stage without health information", () => {
	const { environment, apps } = load("Pulumi.staging.yaml");
	assert.equal(environment.stack, "shared-ca-central-1");
	assert.equal(environment.phi, false);
	assert.equal(environment.protect, false);
	assert.deepEqual(Object.keys(apps.portal?.endpoints ?? {}), ["test"]);
});

test("Pulumi.prod.yaml is a right stage with health information, and all of it is protected", () => {
	const { environment, databases, apps } = load("Pulumi.prod.yaml");
	assert.equal(environment.phi, true);
	assert.deepEqual(environment.backups, { daily: 30, monthly: 12, yearly: 6, makeCopy: true, keepFinal: true });
	for (const one of [environment, ...Object.values(databases), ...Object.values(apps)]) assert.equal(one.protect, true);
	assert.deepEqual(Object.keys(apps.portal?.endpoints ?? {}), ["test", "public"]);
});

test("both stage files have the same keys in the same order, but for the public endpoint, the autoscaled worker and protection", () => {
	const keysOf = (value: unknown, path = ""): string[] =>
		typeof value !== "object" || value === null
			? []
			: Object.entries(value).flatMap(([key, inner]) => [`${path}${key}`, ...keysOf(inner, `${path}${key}.`)]);
	const prod = keysOf(readStageFile("Pulumi.prod.yaml"));
	assert.deepEqual(
		keysOf(readStageFile("Pulumi.staging.yaml")).filter(
			(key) => !["apps.portal.services.worker.containers", "storage.protect"].includes(key),
		),
		prod.filter((key) => !/^apps\.portal\.(endpoints\.public|services\.worker\.autoscale)/.test(key)),
	);
});
