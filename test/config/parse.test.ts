import assert from "node:assert/strict";
import { test } from "node:test";
import { retiredConfig } from "../../config/catalogue.ts";
import { parseStage } from "../../config/parse.ts";
import { problemsOf } from "./refused.ts";
import { absent, readStageFile, stageWith } from "./stage-file.ts";

const parse = (raw: unknown) => parseStage(raw, { file: "Pulumi.test.yaml" });

test("a stage that says little gets every default", () => {
	const stage = parse({
		environment: { handle: "acme", stack: "acme-ca", phi: false },
		databases: { main: { type: "postgresql", version: "16" } },
		apps: {
			portal: {
				image: "portal:1",
				services: { web: {} },
				endpoints: { test: { service: "web", kind: "https", defaultDomain: true } },
			},
		},
	});
	assert.deepEqual(stage, {
		environment: { handle: "acme", stack: "acme-ca", phi: false, adopt: false, protect: false },
		databases: {
			main: {
				type: "postgresql",
				version: "16",
				containerMb: 1024,
				containerProfile: "m",
				diskGb: 10,
				iops: 3000,
				logical: false,
				automaticBackups: true,
				finalBackup: false,
				endpoints: {},
				adopt: false,
				protect: false,
			},
		},
		apps: {
			portal: {
				image: "portal:1",
				config: {},
				services: {
					web: {
						containers: 1,
						containerMb: 1024,
						containerProfile: "m",
						forceZeroDowntime: false,
						simpleHealthCheck: false,
						restartFreeScaling: false,
						stopTimeoutSeconds: 10,
					},
				},
				endpoints: {
					test: {
						service: "web",
						kind: "https",
						defaultDomain: true,
						managedTls: false,
						internal: false,
						ipFilter: [],
						disableWeakCipherSuites: true,
						forceSsl: true,
						loadBalancingAlgorithm: "round_robin",
						shared: false,
						adopt: false,
						protect: false,
					},
				},
				adopt: false,
				protect: false,
			},
		},
		logDrains: {},
		metricDrains: {},
	});
});

test("protection follows phi where nothing else is said", () => {
	const { environment, databases, apps } = parse(stageWith({ "databases/cache/protect": false }));
	assert.equal(environment.protect, true);
	assert.equal(databases.main?.protect, true);
	assert.equal(databases.cache?.protect, false);
	assert.equal(apps.portal?.protect, true);
});

test("a stage holds no value of a secret", () => {
	assert.doesNotMatch(JSON.stringify(parse(stageWith())), /sentinel/);
});

test("mistakes of all sorts in all places are named together", () => {
	const change = {
		"environment/backups": { daily: 0, monthly: 0, yearly: 0, keepFinal: false },
		"databases/main/version": 16,
		"databases/cache/iops": 16000,
		"apps/portal/image": absent,
		"apps/portal/services/web/containers": "2",
		"apps/portal/config/URL": "${databases.mian.url}",
		"apps/portal/config/FORCE_SSL": "true",
		"apps/portal/endpoints/test/service": "wbe",
		logDrain: {},
	};
	const places = problemsOf(stageWith(change)).map((line) => line.split(": ")[1]);
	assert.deepEqual(places.sort(), [
		"apps.portal.config.FORCE_SSL",
		"apps.portal.config.URL",
		"apps.portal.endpoints.test.service",
		"apps.portal.image",
		"apps.portal.services.web.containers",
		"databases.cache.iops",
		"databases.main.version",
		"environment.backups.daily",
		"environment.backups.keepFinal",
		"logDrain",
	]);
});

test("a block that cannot be read draws no second mistake from what refers to it", () => {
	for (const change of [{ "databases/main": null }, { databases: "none" }, { "apps/portal/services": [] }]) {
		assert.equal(problemsOf(stageWith(change)).length, 1);
	}
});

for (const [name, setting] of Object.entries(retiredConfig)) {
	test(`the retired variable ${name} is refused with what to set instead`, () => {
		assert.deepEqual(problemsOf(stageWith({ [`apps/portal/config/${name}`]: "x" })), [
			`Pulumi.test.yaml: apps.portal.config.${name}: "${name}" is no config variable any more (Aptible, 2026-05-04); set ${setting} instead`,
		]);
	});
}

test("the one APTIBLE_ variable that is an app's own is taken", () => {
	assert.deepEqual(problemsOf(stageWith({ "apps/portal/config/APTIBLE_DO_NOT_WIPE": "1" })), []);
});

test("names that every object answers to are names like others", () => {
	const change = {
		"apps/portal/config/constructor": "x",
		"apps/portal/endpoints/test/service": "toString",
		"databases/main": { type: "constructor", version: "1" },
		"databases/cache/version": "valueOf",
		"environment/phi": "toString",
	};
	assert.deepEqual(
		problemsOf(stageWith(change)).map((line) => line.split(/: |;/).slice(1, 3).join(": ")),
		[
			'environment.phi: "toString" is not true or false (whether the stage holds protected health information)',
			'databases.main.type: "constructor" is not a database type',
			'databases.cache.version: "valueOf" is not a version of redis',
			'apps.portal.endpoints.test.service: "toString" is not a service of this app',
		],
	);
});

test("a deprecated version is taken for a database that exists", () => {
	assert.deepEqual(problemsOf(stageWith({ "databases/main": { type: "mysql", version: "8.0", adopt: true } })), []);
});

test("phi: true may unprotect data, as that comes before a destroy", () => {
	assert.deepEqual(problemsOf(stageWith({ "environment/protect": false, "databases/main/protect": false })), []);
});

test("a wildcard domain, a range and a digest are right", () => {
	const change = {
		"apps/portal/image": `registry.acme.example:5000/a/portal@sha256:${"0".repeat(64)}`,
		"apps/portal/endpoints/all": { service: "web", kind: "https", domain: "*.acme.example", managedTls: true },
		"apps/portal/endpoints/test/ipFilter": ["203.0.113.10", "10.0.0.0/8", "0.0.0.0/0"],
	};
	assert.deepEqual(problemsOf(stageWith(change)), []);
});

test("secrets in plain text are refused, each with the command that encrypts it", () => {
	const command = "remove it from the file and run: pulumi config set --secret --path";
	assert.deepEqual(problemsOf(stageWith(), new Set()), [
		`Pulumi.test.yaml: secrets.registryPassword: is in plain text; ${command} 'medstack-to-aptible:secrets.registryPassword'`,
		`Pulumi.test.yaml: secrets.sessionKey: is in plain text; ${command} 'medstack-to-aptible:secrets.sessionKey'`,
	]);
});

test("an encrypted value outside of secrets is refused, and nothing of its block is shown", () => {
	const change = {
		"apps/portal/config/KEY": "${sentinel}",
		"apps/portal/config/PIN": 4711,
		"databases/main/version": 16,
	};
	assert.deepEqual(problemsOf(stageWith(change), new Set(["secrets", "apps"])), [
		"Pulumi.test.yaml: databases.main.version: 16 is a number, not text; write in quotes what is meant (YAML makes 23 of 0027, 31 of 0x1F and 1.1 of 1.10, and rounds long numbers)",
		"Pulumi.test.yaml: apps: holds an encrypted value, which would be in the open from here on; set it with pulumi config set --secret --path 'medstack-to-aptible:secrets.NAME' and write ${secrets.NAME} in its place",
	]);
});

test("no message shows the value of a secret or of a registry's password", () => {
	const wrong: Record<string, unknown>[] = [
		{ "secrets/sessionKey": 90210 },
		{ "secrets/sessionKey": { sentinel: "sentinel" } },
		{ "secrets/sessionKey": ["sentinel"] },
		{ secrets: "sentinel" },
		{ "apps/portal/registry/password": "sentinel" },
		{ "apps/portal/registry/password": 90210 },
		{ "apps/portal/registry/password": "sentinel-${secrets.sessionKey" },
	];
	for (const change of wrong) {
		const problems = problemsOf(stageWith(change));
		assert.notEqual(problems.length, 0);
		assert.doesNotMatch(problems.join("\n"), /sentinel|90210/);
	}
});

test("a stage that is no block at all is one mistake", () => {
	assert.deepEqual(problemsOf([]), [
		"Pulumi.test.yaml: the stage: this list is not the stage; allowed: a block with environment, databases, shared, apps, logDrains, metricDrains, storage, dns, move, secrets, include",
	]);
});

test("the error counts the mistakes before it lists them", () => {
	const raw = { ...readStageFile("Pulumi.prod.yaml"), backup: {} };
	assert.throws(() => parse(raw), {
		name: "StageError",
		message:
			"the stage file has 1 mistake:\nPulumi.test.yaml: backup: is not known here; allowed: environment, databases, shared, apps, logDrains, metricDrains, storage, dns, move, secrets, include",
	});
});
