import assert from "node:assert/strict";
import { test } from "node:test";
import { isSecretPlace, listTemplates } from "../../config/templates.ts";
import { fieldNames, isTemplate } from "../../wire/drain-kinds.ts";

test("the templates of a stage are what its schema marks as such, of a drain those of its kind", () => {
	const stage = {
		environment: { handle: "${a}" },
		apps: {
			portal: {
				image: "${b}",
				registry: { username: "user", password: "password" },
				config: { KEY: "value" },
				endpoints: { test: { service: "web", certificate: { chain: "chain", key: "key" } } },
			},
		},
		logDrains: {
			siem: { kind: "https", url: "url" },
			sys: { kind: "syslog", host: "host", token: "token" },
			unknown: { token: "unknown kind" },
		},
		metricDrains: {
			influx: { kind: "influxdb:custom", url: "url", username: "user", password: "password", bucket: "x" },
		},
	};
	const places = listTemplates(stage as never).map(({ place }) => place.join("."));
	assert.deepEqual(places, [
		"apps.portal.registry.username",
		"apps.portal.registry.password",
		"apps.portal.config.KEY",
		"apps.portal.endpoints.test.certificate.chain",
		"apps.portal.endpoints.test.certificate.key",
		"logDrains.siem.url",
		"logDrains.sys.token",
		"logDrains.unknown.token",
		"metricDrains.influx.url",
		"metricDrains.influx.username",
		"metricDrains.influx.password",
	]);
});

test("a place for a secret is known by the schema, even where the kind of a drain is not", () => {
	for (const place of ["secrets.x", "logDrains.a.token", "metricDrains.a.apiKey", "apps.a.registry.password"]) {
		assert.ok(isSecretPlace(place.split(".")), place);
	}
	for (const place of [
		"apps.a.registry.username",
		"apps.a.config.KEY",
		"metricDrains.a.username",
		"logDrains.a.host",
	]) {
		assert.ok(!isSecretPlace(place.split(".")), place);
	}
});

test("what the program masks of a drain is what the schema marks", () => {
	assert.deepEqual([...fieldNames(isTemplate)].sort(), ["apiKey", "password", "token", "url", "username"]);
});
