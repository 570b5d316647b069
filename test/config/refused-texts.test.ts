/** Texts that would arrive as others, not at all, or as something else than text: refused wherever text stands. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { problemsOf, testRefused } from "./refused.ts";
import { readStageFile, stageWith } from "./stage-file.ts";

/** What the engine makes of an unquoted 2023-10-16: facts/pulumi.md §9. */
const date = "2023-10-16 00:00:00 +0000 UTC";
const isDate = 'is what YAML makes of a date without quotes; write it in quotes, such as "2026-11-20"';
const isNumber =
	"is a number, not text; write in quotes what is meant (YAML makes 23 of 0027, 31 of 0x1F and 1.1 of 1.10, and rounds long numbers)";
const isOption =
	"begins with a dash, or has a line that does, in a way that the aptible CLI reads as an option of its own; there is no way to write it that the CLI would take; use another value";

testRefused({
	"a config value that is a date": {
		change: { "apps/portal/config/PAYMENTS_API_VERSION": date },
		says: [`apps.portal.config.PAYMENTS_API_VERSION: "${date}" ${isDate}`],
	},
	"a config value that is a time with a fraction and a zone": {
		change: { "apps/portal/config/CUTOVER_AT": "2026-12-01 03:00:00.25 -0500 -0500" },
		says: [`apps.portal.config.CUTOVER_AT: "2026-12-01 03:00:00.25 -0500 -0500" ${isDate}`],
	},
	"an image that is a date, said once": {
		change: { "apps/portal/image": date },
		says: [`apps.portal.image: "${date}" ${isDate}`],
	},
	"a version that is a date": {
		change: { "databases/main/version": date },
		says: [`databases.main.version: "${date}" ${isDate}`],
	},
	"a handle that is a date": {
		change: { "environment/handle": date },
		says: [`environment.handle: "${date}" ${isDate}`],
	},
	"a secret that is a date, without its value": {
		change: { "secrets/sessionKey": date },
		says: [`secrets.sessionKey: its value ${isDate}`],
	},
	"a config value of digits": {
		change: { "apps/portal/config/BRANCH": 23 },
		says: [`apps.portal.config.BRANCH: 23 ${isNumber}`],
	},
	"a config value of many digits": {
		change: { "apps/portal/config/ACCOUNT": 12345678901234567000 },
		says: [`apps.portal.config.ACCOUNT: 12345678901234567000 ${isNumber}`],
	},
	"a NUL character": {
		change: { "apps/portal/config/KEY": "a\u0000b" },
		says: ['apps.portal.config.KEY: "a\\u0000b" holds a NUL character, which no program can be given; remove it'],
	},
	"a NUL character in a secret, without its value": {
		change: { "secrets/sessionKey": "sentinel\u0000" },
		says: ["secrets.sessionKey: its value holds a NUL character, which no program can be given; remove it"],
	},
	"a config value that is too long for an argument": {
		change: { "apps/portal/config/KEY": "é".repeat(65_534) },
		says: [
			`apps.portal.config.KEY: "${"é".repeat(59)}..." is 131068 bytes long, and with its name it has to stay under 131072, which is what Linux hands to a program; have the app read it from a file or from storage`,
		],
	},
	"a secret that is too long for a variable": {
		change: { "secrets/sessionKey": "x".repeat(131_060) },
		says: [
			"secrets.sessionKey: its value is 131060 bytes long, and with its name it has to stay under 131072, which is what Linux hands to a program; have the app read it from a file or from storage",
		],
	},
	"a config value that is too long with its secrets": {
		change: {
			"apps/portal/config/KEY": "${secrets.sessionKey}${secrets.sessionKey}",
			"secrets/sessionKey": "x".repeat(70_000),
		},
		says: [
			"apps.portal.config.KEY: is 140000 bytes long with the secrets in it, and with its name it has to stay under 131072, which is what Linux hands to a program; have the app read it from a file or from storage",
		],
	},
	"handles that a program would take for an option, or that begin with no letter or digit": {
		change: {
			"environment/handle": "-acme",
			"databases/-main": { type: "postgresql", version: "16" },
			"apps/_portal": { image: "a/b:1", services: { web: {} } },
			"logDrains/-siem": { kind: "https", url: "${secrets.sessionKey}" },
		},
		says: [
			'environment.handle: "-acme" is not a handle; allowed: 1 to 64 lower-case letters, digits, dots, underscores and hyphens, a letter or digit first',
			'databases.-main: "-main" is not a handle; allowed: 1 to 64 lower-case letters, digits, dots, underscores and hyphens, a letter or digit first',
			'apps._portal: "_portal" is not a handle; allowed: 1 to 64 lower-case letters, digits, dots, underscores and hyphens, a letter or digit first',
			'logDrains.-siem: "-siem" is not the name of a drain; allowed: 1 to 48 lower-case letters, digits, dots, underscores and hyphens, a letter or digit first, as it begins a handle',
		],
	},
	"registry credentials that the CLI would read as an option, without the value": {
		change: {
			"apps/portal/registry": { username: "-robot", password: "${secrets.registryPassword}" },
			"secrets/registryPassword": "sentinel\n--app=other",
		},
		says: [`apps.portal.registry.username: ${isOption}`, `apps.portal.registry.password: ${isOption}`],
	},
	"a pipeline of Elasticsearch that the CLI would read as an option": {
		change: {
			"databases/search": { type: "elasticsearch", version: "7.10" },
			"logDrains/search": { kind: "elasticsearch", database: "search", pipeline: "-audit" },
		},
		says: [`logDrains.search.pipeline: ${isOption}`],
	},
	"texts of an endpoint that the CLI would read as an option": {
		change: {
			"apps/portal/endpoints/test/maintenancePageUrl": "https://status.example.com/\n--app=other",
			"apps/portal/endpoints/plain": {
				service: "web",
				kind: "tls",
				domain: "tls.example.com",
				managedTls: true,
				sslCiphers: "-ALL",
			},
		},
		says: [
			`apps.portal.endpoints.test.maintenancePageUrl: ${isOption}`,
			`apps.portal.endpoints.plain.sslCiphers: ${isOption}`,
		],
	},
	"a process type that a program would take for an option": {
		change: { "apps/portal/services/--app": {} },
		says: [
			'apps.portal.services.--app: "--app" is not a process type; allowed: letters, digits, _ and -, no hyphen first',
		],
	},
});

/** Places of all texts in a value. */
function textsIn(value: unknown, place: readonly string[] = []): string[][] {
	if (typeof value === "string") return [[...place]];
	if (typeof value !== "object" || value === null) return [];
	return Object.entries(value).flatMap(([key, inner]) => textsIn(inner, [...place, key]));
}

test("wherever text stands in the example of a whole stage, a date and a NUL are refused there", () => {
	const prod = readStageFile("Pulumi.prod.yaml");
	const places = textsIn(prod);
	assert.ok(places.length > 30);
	for (const wrong of [date, "a\u0000b"]) {
		for (const place of places) {
			const stage = structuredClone(prod);
			const parent = place.slice(0, -1).reduce<Record<string, unknown>>((value, key) => value[key] as never, stage);
			parent[place.at(-1) ?? ""] = wrong;
			const says = wrong === date ? "is what YAML makes of a date" : "holds a NUL character";
			const rendered = place
				.map((key, index) => (/^\d+$/.test(key) ? `[${key}]` : index === 0 ? key : `.${key}`))
				.join("");
			const found = problemsOf(stage).filter((line) => line.startsWith(`Pulumi.test.yaml: ${rendered}: `));
			assert.equal(found.length, 1, `${rendered}: ${found.join()}`);
			assert.ok(found[0]?.includes(says), found[0]);
		}
	}
});

test("what is right of all this passes", () => {
	const right = {
		"apps/portal/config/DATE": "2023-10-16",
		"apps/portal/config/TIME": "2026-12-01 03:00:00",
		"apps/portal/config/LINES": "-Xmx512m\n--app=other\n",
		"apps/portal/config/constructor": "x",
		"apps/portal/config/K": "x".repeat(131_072 - 3),
		"databases/0": { type: "redis", version: "8.2" },
		"apps/constructor": { image: "a/b:1", services: { toString: {}, valueOf: { containers: 2 } } },
	};
	assert.deepEqual(problemsOf(stageWith(right)), []);
});

for (const place of ["", "apps.", "apps.portal.config.", "apps.portal.services.", "databases.", "secrets."]) {
	test(`a key __proto__ does not vanish: ${place}__proto__`, () => {
		const stage = stageWith();
		const parent = place
			.split(".")
			.filter((key) => key !== "")
			.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], stage);
		Object.defineProperty(parent, "__proto__", { value: { image: "a/b:1" }, enumerable: true });
		assert.deepEqual(problemsOf(stage), [
			`Pulumi.test.yaml: ${place}__proto__: is a name that gets lost on its way through JavaScript; give it another`,
		]);
	});
}

test("names that every object answers to are not taken for what is declared", () => {
	const wrong = {
		"databases/copy": { type: "redis", version: "8.2", replicaOf: "constructor" },
		"apps/portal/endpoints/test/service": "constructor",
		"apps/portal/config/A": "${databases.constructor.url} ${secrets.toString}",
	};
	const problems = problemsOf(stageWith(wrong)).map((line) => line.split(": ")[1]);
	assert.deepEqual(problems.sort(), [
		"apps.portal.config.A",
		"apps.portal.config.A",
		"apps.portal.endpoints.test.service",
		"databases.copy.replicaOf",
	]);
});
