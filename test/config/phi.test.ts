import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Draft } from "../../config/draft.ts";
import { checkPhi, phiRules } from "../../config/phi.ts";

const root = join(import.meta.dirname, "../..");

test("each rule about health information is judged, here or where its entry says", () => {
	for (const { key, judgedBy } of phiRules) {
		if (typeof judgedBy === "function") continue;
		const file = join(root, judgedBy.file);
		assert.ok(existsSync(file) && /\bspec\.phi\b/.test(readFileSync(file, "utf8")), key);
	}
});

const openInflux = { kind: "influxdb:custom", url: "http://influx.example.com" } as const;

/** For each key a stage that has what is forbidden there. */
const forbidden: Readonly<Record<string, Draft>> = {
	"environment.stack": { environment: { stack: "shared-ca-central-1" } },
	"environment.backups.keepFinal": { environment: { backups: { keepFinal: false } } },
	"databases.NAME.automaticBackups": { databases: { one: { automaticBackups: false } } },
	"databases.NAME.finalBackup": { databases: { one: { finalBackup: false } } },
	"databases.NAME.endpoints.NAME": { databases: { one: { endpoints: { one: {} } } } },
	"apps.NAME.image": { apps: { one: { image: "registry.acme.example/portal:latest" } } },
	"apps.NAME.git.commitish": { apps: { one: { git: { commitish: "release" } } } },
	"apps.NAME.config.NAME": {
		databases: { cache: { type: "redis" } },
		apps: { one: { config: { one: "${databases.cache.url}" } } },
	},
	"apps.NAME.endpoints.NAME.sslProtocols": { apps: { one: { endpoints: { one: { sslProtocols: "default" } } } } },
	"apps.NAME.endpoints.NAME.disableWeakCipherSuites": {
		apps: { one: { endpoints: { one: { disableWeakCipherSuites: false } } } },
	},
	"apps.NAME.endpoints.NAME.forceSsl": { apps: { one: { endpoints: { one: { forceSsl: false } } } } },
	"metricDrains.NAME.url": { metricDrains: { one: openInflux } },
	"storage.redundancy": { storage: { redundancy: "ZRS", logs: {} } },
	"storage.versioning": { storage: { versioning: false, logs: {} } },
	"storage.logs": { storage: {} },
	"storage.cors.NAME.origins": { storage: { cors: { one: { origins: ["*"] } }, logs: {} } },
	"storage.protect": { storage: { protect: false, logs: {} } },
};

test("each rule finds what it forbids at the key that it names, and only with phi: true", () => {
	assert.deepEqual(Object.keys(forbidden).sort(), [...new Set(phiRules.map(({ key }) => key))].sort());
	for (const [key, draft] of Object.entries(forbidden)) {
		const found = checkPhi({ ...draft, environment: { ...draft.environment, phi: true } });
		const named = (part: string | number) => (part === "one" ? "NAME" : part);
		const places = found.map(({ place }) => place.flatMap((part) => (part === 0 ? [] : [named(part)])).join("."));
		assert.deepEqual(places, [key === "environment.stack" ? "environment.phi" : key], key);
		assert.deepEqual(checkPhi({ ...draft, environment: { ...draft.environment, phi: false } }), [], key);
	}
});

test("what phi forbids is decided in config/phi.ts, and in the files that its entries name", () => {
	const named = phiRules.flatMap(({ judgedBy }) => (typeof judgedBy === "function" ? [] : judgedBy.file));
	const deciding = ["config", "components", "aptible", "wire"]
		.flatMap((folder) =>
			readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)),
		)
		.filter((file) => file.endsWith(".ts"))
		.filter((file) => /phi: true|spec\.phi\b|phi === true|phi !== true/.test(readFileSync(join(root, file), "utf8")));
	// The storage's rule only leaves a value to config/phi.ts that it would refuse for another reason; a move asks for phi.
	const others = ["config/azure/storage-rules.ts", "config/move-rules.ts"];
	assert.deepEqual(deciding.sort(), [...named, ...others, "config/phi.ts"].sort());
});
