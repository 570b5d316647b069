import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStage } from "../../config/parse.ts";
import { problemsOf, testRefused } from "./refused.ts";
import { absent, stageWith } from "./stage-file.ts";

const mail = { SMTP_HOST: "smtp.acme.example", SMTP_PASSWORD: "${secrets.sessionKey}", DB: "${databases.main.host}" };
const shared = { mail, tracing: { OTEL_URL: "https://otel.acme.example", SMTP_HOST: "smtp.acme.example" } };

const configOf = (changes: object) =>
	parseStage(stageWith({ shared, ...changes }), { file: "Pulumi.test.yaml" }).apps.portal?.config;

test("an app has the variables of its groups and its own, which win, in the order of their names", () => {
	const config = { SMTP_HOST: "localhost", A: "1" };
	const change = { "apps/portal/configFrom": ["tracing", "mail"], "apps/portal/config": config };
	assert.deepEqual(Object.entries(configOf(change) ?? {}), [
		["A", "1"],
		["DB", "${databases.main.host}"],
		["OTEL_URL", "https://otel.acme.example"],
		["SMTP_HOST", "localhost"],
		["SMTP_PASSWORD", "${secrets.sessionKey}"],
	]);
});

test("an app without groups has its config as it is written", () => {
	assert.deepEqual(Object.keys(configOf({ "apps/portal/config": { B: "1", A: "2" } }) ?? {}), ["B", "A"]);
});

test("its own value decides between two groups", () => {
	const change = { "shared/tracing/SMTP_HOST": "other", "apps/portal/configFrom": ["mail", "tracing"] };
	const own = { ...change, "apps/portal/config/SMTP_HOST": "mine" };
	assert.equal(problemsOf(stageWith({ shared: structuredClone(shared), ...change })).length, 1);
	assert.deepEqual(problemsOf(stageWith({ shared: structuredClone(shared), ...own })), []);
});

testRefused({
	"two groups with two values of one variable, without telling them": {
		change: {
			shared: { a: { KEY: "first-value" }, b: { KEY: "second-value" } },
			"apps/portal/configFrom": ["a", "b"],
		},
		says: [
			"apps.portal.configFrom: takes KEY from two groups with two values, shared.a and shared.b; write the one that is meant in apps.portal.config, or remove one of them",
		],
	},
	"groups that are not there, or stand twice": {
		change: { shared: { mail }, "apps/portal/configFrom": ["mial", "mail", "mail"] },
		says: [
			'apps.portal.configFrom[0]: "mial" is not a group under shared; declared: mail; did you mean "mail"?',
			'apps.portal.configFrom[2]: "mail" stands twice; remove one',
		],
	},
	"names and texts that a variable cannot have, a group's name, and a reference that leads nowhere": {
		change: {
			shared: { "a b": { FORCE_SSL: "true" }, mail: { "2X": "1", EMPTY: "", PORT: 25, URL: "${databases.mian.url}" } },
		},
		says: [
			'shared.mail.EMPTY: "" is empty, and Aptible deletes a variable set to ""; give it a value or remove the line',
			"shared.mail.PORT: 25 is a number, not text; write in quotes what is meant (YAML makes 23 of 0027, 31 of 0x1F and 1.1 of 1.10, and rounds long numbers)",
			'shared["a b"].FORCE_SSL: "FORCE_SSL" is no config variable any more (Aptible, 2026-05-04); set forceSsl of the endpoint instead',
			'shared.mail.2X: "2X" is not the name of a variable; allowed: letters, digits and _, not a digit first',
			'shared["a b"]: "a b" is not the name of a group; allowed: letters, digits, _ and -, a letter or digit first',
			'shared.mail.URL: "${databases.mian.url}" refers to a database that is not under databases; declared: main, cache; did you mean "main"?',
		],
	},
	"what phi forbids in a group": {
		change: { shared: { cache: { CACHE_HOST: "${databases.cache.host}" } }, "apps/portal/configFrom": absent },
		says: [
			'shared.cache.CACHE_HOST: "${databases.cache.host}" is not encrypted on its way, which phi: true forbids; write ${databases.cache.redis+ssl.host}',
		],
	},
	"a text of a group that is too long with its secret": {
		change: {
			shared: { mail: { KEY: "${secrets.sessionKey}${secrets.registryPassword}" } },
			"secrets/sessionKey": "x".repeat(100_000),
			"secrets/registryPassword": "y".repeat(100_000),
		},
		says: [
			"shared.mail.KEY: is 200000 bytes long with the secrets in it, and with its name it has to stay under 131072, which is what Linux hands to a program; have the app read it from a file or from storage",
		],
	},
});

test("whether a group is there cannot be said of a block that is none", () => {
	const says = problemsOf(stageWith({ shared: [], "apps/portal/configFrom": ["mail"] }));
	assert.equal(says.length, 1);
	assert.match(says[0] ?? "", /shared: this list is not a block of groups of variables/);
	const nameless = problemsOf(stageWith({ shared, "apps/portal/configFrom": ["mail", 5] }));
	assert.equal(nameless.length, 1);
});

test("what a group refers to cannot be judged where the apps are no block", () => {
	const says = problemsOf(stageWith({ shared: { peers: { NEXT: "${apps.b.endpoints.own.url}" } }, apps: 5 }));
	assert.deepEqual(says, ["Pulumi.test.yaml: apps: 5 is not a block of apps; allowed: one name to a line"]);
});
