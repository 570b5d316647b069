import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { before, type TestContext, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { loadStage } from "../../config/load.ts";
import type { Stage } from "../../config/stage.ts";

before(() =>
	pulumi.runtime.setMocks(
		{ newResource: () => ({ id: undefined, state: {} }), call: () => ({}) },
		"medstack-to-aptible",
		"maple",
	),
);

const environment = { handle: "maple-staging", stack: "shared-ca-central-1", phi: false };
const api = { image: "registry.maple.example/api:1", services: { web: {} } };

/** A project with these files; a value that is no text is written as YAML. */
async function project(t: TestContext, files: Record<string, unknown>): Promise<string> {
	const root = await mkdtemp(join(tmpdir(), "medstack-to-aptible-"));
	t.after(() => rm(root, { recursive: true, force: true }));
	for (const [name, content] of Object.entries(files)) {
		mkdirSync(dirname(join(root, name)), { recursive: true });
		writeFileSync(
			join(root, name),
			typeof content === "string" ? content : stringify(content, { aliasDuplicateObjects: false }),
		);
	}
	return root;
}

function load(root: string, blocks: Record<string, unknown>): Promise<Stage> {
	const config = Object.entries(blocks).map(([key, value]) => [`medstack-to-aptible:${key}`, JSON.stringify(value)]);
	pulumi.runtime.setAllConfig(Object.fromEntries(config), ["medstack-to-aptible:secrets"]);
	return loadStage(root).then(({ stage }) => stage);
}

async function problemsOf(root: string, blocks: Record<string, unknown>): Promise<string[]> {
	const error = await load(root, { environment, ...blocks }).then(
		() => assert.fail("the stage was loaded"),
		(thrown: unknown) => thrown,
	);
	assert.ok(pulumi.RunError.isInstance(error), String(error));
	return error.message.split("\n").slice(1);
}

test("106 apps of 20 variables, more than Linux hands to a program at once, come from files of their own", async (t) => {
	const names = Array.from({ length: 106 }, (_, index) => `tenant-${String(index).padStart(3, "0")}`);
	const config = Object.fromEntries(
		Array.from({ length: 20 }, (_, index) => [`SETTING_${index}`, `https://service-${index}.maple.example/tenants/v1`]),
	);
	const files = names.map((name) => [`apps/${name}.yaml`, { apps: { [name]: { ...api, config } } }]);
	const root = await project(t, Object.fromEntries(files));
	const stage = await load(root, { environment, include: ["apps/*.yaml"] });
	assert.deepEqual(Object.keys(stage.apps), names);
	assert.ok(Buffer.byteLength(JSON.stringify(stage.apps)) > 131_072);
	assert.deepEqual(stage.apps["tenant-105"]?.config, config);
});

test("500 apps in ten files, with groups of variables and addresses of each other, are one stage", async (t) => {
	const handles = Array.from({ length: 500 }, (_, index) => `tenant-${String(index).padStart(3, "0")}`);
	const app = (index: number) => ({
		...api,
		configFrom: ["database", "mail"],
		config: {
			TENANT: `tenant ${index}`,
			...(index === 0 ? {} : { NEXT: `\${apps.${handles[index - 1]}.endpoints.web.url}` }),
		},
		endpoints: { web: { service: "web", kind: "https", defaultDomain: true } },
	});
	const files = Array.from({ length: 10 }, (_, file) => {
		const own = handles.map((handle, index) => [handle, index] as const).slice(file * 50, file * 50 + 50);
		return [`apps/${file}.yaml`, { apps: Object.fromEntries(own.map(([handle, index]) => [handle, app(index)])) }];
	});
	const root = await project(t, {
		...Object.fromEntries(files),
		"shared/database.yaml": {
			shared: { database: { DB_HOST: "${databases.main.host}", DB_PASSWORD: "${databases.main.password}" } },
			databases: { main: { type: "postgresql", version: "16" } },
		},
		"shared/mail.yaml": { shared: { mail: { SMTP_PASSWORD: "${secrets.smtp}" } } },
	});
	const secrets = { smtp: "sentinel" };
	const stage = await load(root, { environment, secrets, include: ["apps/*.yaml", "shared/*.yaml"] });
	assert.deepEqual(Object.keys(stage.apps), handles);
	assert.deepEqual(stage.apps["tenant-499"]?.config, {
		DB_HOST: "${databases.main.host}",
		DB_PASSWORD: "${databases.main.password}",
		NEXT: "https://${apps.tenant-498.endpoints.web.host}",
		SMTP_PASSWORD: "${secrets.smtp}",
		TENANT: "tenant 499",
	});
	const twice = { shared: { mail: { SMTP_PASSWORD: "x" } }, include: ["shared/*.yaml"], secrets };
	assert.deepEqual(await problemsOf(root, twice), [
		"shared/mail.yaml: shared.mail: stands in Pulumi.maple.yaml too; remove one of the two",
	]);
	const taken = { apps: { portal: { ...api, configFrom: ["mial"] } }, include: ["shared/*.yaml"], secrets };
	assert.match((await problemsOf(root, taken)).join(), /portal\.configFrom\[0\]: "mial" .* did you mean "mail"\?/);
});

test("blocks of several files make one stage, whichever way they are named", async (t) => {
	const root = await project(t, {
		"more/data.yaml": { databases: { main: { type: "postgresql", version: "16" } } },
		"apps/api.yaml": {
			apps: { api: { ...api, config: { DATABASE_URL: "${databases.main.url}", DATE: "2023-10-16" } } },
		},
		"apps/worker.yaml": { apps: { worker: { ...api, config: { KEY: "${secrets.key}" } } } },
		"dns.yaml": { dns: { resourceGroup: { name: "maple-dns" }, zones: {} } },
	});
	const stage = await load(root, {
		environment,
		apps: { portal: api },
		secrets: { key: "sentinel" },
		include: ["./more/data.yaml", "apps/*.yaml", "apps/api.yaml", "dns.yaml"],
	});
	assert.deepEqual(Object.keys(stage.apps), ["portal", "api", "worker"]);
	assert.deepEqual(Object.keys(stage.databases), ["main"]);
	assert.equal(stage.dns?.resourceGroup.name, "maple-dns");
});

test("a mistake names its file and its place", async (t) => {
	const root = await project(t, {
		"apps/api.yaml": { apps: { api: { ...api, config: { PORT: 3000, URL: "${databases.mian.url}" } } } },
		"data.yaml": { databases: { main: { type: "postgresql", version: "16", disk: 10 } } },
	});
	assert.deepEqual(await problemsOf(root, { include: ["apps/api.yaml", "data.yaml"], apps: { Portal: api } }), [
		'data.yaml: databases.main.disk: is not known here; allowed: type, version, containerMb, containerProfile, diskGb, iops, restoreFrom, acceptLossOf, replicaOf, logical, kmsKeyArn, automaticBackups, finalBackup, endpoints, adopt, renamedFrom, protect; did you mean "diskGb"?',
		"apps/api.yaml: apps.api.config.PORT: 3000 is a number, not text; write in quotes what is meant (YAML makes 23 of 0027, 31 of 0x1F and 1.1 of 1.10, and rounds long numbers)",
		'Pulumi.maple.yaml: apps.Portal: "Portal" is not a handle; allowed: 1 to 64 lower-case letters, digits, dots, underscores and hyphens, a letter or digit first',
		'apps/api.yaml: apps.api.config.URL: "${databases.mian.url}" refers to a database that is not under databases; declared: main; did you mean "main"?',
	]);
});

test("what stands in two places is an error that names both", async (t) => {
	const root = await project(t, {
		"a.yaml": { apps: { api, worker: api } },
		"b.yaml": { apps: { api, portal: api }, environment },
	});
	assert.deepEqual(await problemsOf(root, { include: ["a.yaml", "b.yaml"], apps: { portal: api } }), [
		"b.yaml: apps.api: stands in a.yaml too; remove one of the two",
		"b.yaml: apps.portal: stands in Pulumi.maple.yaml too; remove one of the two",
		"b.yaml: environment: stands in Pulumi.maple.yaml too; remove one of the two",
	]);
});

const unread: Record<string, { files?: Record<string, unknown>; include: string; says: string }> = {
	"a file that is not there": { include: "apps.yaml", says: 'include[0]: "apps.yaml" is not there' },
	"a pattern without a file": { include: "apps/*.yaml", says: 'include[0]: "apps/*.yaml" matches no file' },
	"a folder": {
		files: { "apps/a.yaml": {} },
		include: "apps",
		says: 'include[0]: "apps" is a folder; write apps/*.yaml',
	},
	"a path out of the project": {
		include: "../apps.yaml",
		says: 'include[0]: "../apps.yaml" leads out of the project; allowed: paths from the folder of Pulumi.yaml down',
	},
	"a pattern out of the project": {
		include: "apps/../../*.yaml",
		says: 'include[0]: "apps/../../*.yaml" leads out of the project; allowed: paths from the folder of Pulumi.yaml down',
	},
	"an absolute path": {
		include: "/etc/passwd",
		says: 'include[0]: "/etc/passwd" leads out of the project; allowed: paths from the folder of Pulumi.yaml down',
	},
};
for (const [title, { files, include, says }] of Object.entries(unread)) {
	test(`refuses ${title}`, async (t) => {
		const root = await project(t, files ?? {});
		assert.deepEqual(await problemsOf(root, { include: [include] }), [`Pulumi.maple.yaml: ${says}`]);
	});
}

test("refuses links that lead nowhere, in a circle, or out of the project", async (t) => {
	const root = await project(t, {});
	symlinkSync("circle.yaml", join(root, "circle.yaml"));
	symlinkSync("/etc/hostname", join(root, "out.yaml"));
	symlinkSync("nothing", join(root, "nowhere.yaml"));
	assert.deepEqual(await problemsOf(root, { include: ["*.yaml"] }), [
		'Pulumi.maple.yaml: include[0]: "circle.yaml" is a link that leads to itself',
		'Pulumi.maple.yaml: include[0]: "nowhere.yaml" is not there',
		'Pulumi.maple.yaml: include[0]: "out.yaml" leads out of the project; allowed: paths from the folder of Pulumi.yaml down',
	]);
});

const unreadable: Record<string, { text: string; says: RegExp }> = {
	"what is no YAML": {
		text: "apps:\n  api: [\n",
		says: /^a\.yaml: is not YAML that can be read: \w[a-z ]+ at line 3, column 1$/,
	},
	"a key that stands twice": {
		text: "apps: {}\napps: {}\n",
		says: /^a\.yaml: is not YAML that can be read: duplicate key at line 2, column 1$/,
	},
	"two documents": {
		text: "apps: {}\n---\napps: {}\n",
		says: /^a\.yaml: holds 2 documents; allowed: one, without a --- in between$/,
	},
	nothing: {
		text: "# to do\n",
		says: /^a\.yaml: is empty; give it blocks of a stage, such as apps:, or remove it from include$/,
	},
	"a list": {
		text: "- apps\n",
		says: /^a\.yaml: is not a block; allowed: environment, databases, shared, apps, logDrains, metricDrains, storage, dns, move$/,
	},
	text: { text: "apps\n", says: /^a\.yaml: is not a block; allowed: environment/ },
	"an anchor": {
		text: "apps:\n  a: &x\n    image: y:1\n",
		says: /^a\.yaml: line 3: an anchor, which an included file may not have; write out what it stands for, or a text that begins with & in quotes$/,
	},
	"a merge key": {
		text: "apps:\n  a:\n    <<: { image: x }\n",
		says: /^a\.yaml: line 3: << is a merge key, which an included file may not have; write out what it stands for$/,
	},
	"a tag": {
		text: "apps: !include other.yaml\n",
		says: /^a\.yaml: is not YAML that can be read: tag resolve failed at line 1, column 7$/,
	},
	"a version of YAML": { text: "%YAML 1.1\n---\napps: {}\n", says: /^a\.yaml: holds a %YAML line; remove it$/ },
	"a number with a zero in front": {
		text: "apps:\n  a:\n    services: { web: { containers: 010 } }\n",
		says: /^a\.yaml: line 3: a number with a zero in front, which Pulumi's YAML reads as octal; write it without the zero, or in quotes$/,
	},
	secrets: {
		text: "secrets: { a: b }\n",
		says: /^a\.yaml: secrets: is not for an included file, as only Pulumi encrypts; run: pulumi config set --secret --path 'medstack-to-aptible:secrets\.NAME'$/,
	},
	"an include of its own": {
		text: "include: [b.yaml]\n",
		says: /^a\.yaml: include: is for the stage file alone; name the files there$/,
	},
	"a block with its namespace": {
		text: "medstack-to-aptible:apps: {}\n",
		says: /^a\.yaml: medstack-to-aptible:apps: has a namespace, which an included file has not; write apps$/,
	},
	"the form of a stage file": {
		text: "config: {}\n",
		says: /^a\.yaml: config: is not known here; allowed: environment, databases, shared, apps, logDrains, metricDrains, storage, dns, move$/,
	},
	"a block that is none": { text: "apps: 3\n", says: /^a\.yaml: apps: is not a block; allowed: one name to a line$/ },
};
for (const [title, { text, says }] of Object.entries(unreadable)) {
	test(`refuses ${title}`, async (t) => {
		const root = await project(t, { "a.yaml": text });
		const problems = await problemsOf(root, { include: ["a.yaml"], apps: {} });
		assert.equal(problems.length, 1, problems.join("\n"));
		assert.match(problems[0] ?? "", says);
	});
}

test("a message never shows what stands in the file, which may be a secret that has no quotes", async (t) => {
	const values = [
		"*hunter2",
		"&hunter2secret x",
		"!hunter2 x",
		"|hunter2",
		"@hunter2",
		'"\\hunter2"',
		"%hunter2",
		"0123",
		"hunter2: hunter2",
	];
	for (const value of values) {
		for (const text of [`secrets:\n  pass: ${value}\n`, `apps:\n  api:\n    config:\n      PASS: ${value}\n`]) {
			const root = await project(t, { "a.yaml": text });
			const said = (await problemsOf(root, { include: ["a.yaml"], apps: {} })).join("\n");
			assert.doesNotMatch(said, /hunter2|0123/, text);
		}
	}
	const root = await project(t, { "a.yaml": "secrets:\n  pass: *hunter2\n" });
	const [said = ""] = await problemsOf(root, { include: ["a.yaml"] });
	assert.match(said, /^a\.yaml: secrets: is not for an included file/);
});

test("refuses bytes that are no text", async (t) => {
	const root = await project(t, {});
	writeFileSync(join(root, "a.yaml"), Buffer.from([0x61, 0xff, 0xfe]));
	assert.deepEqual(await problemsOf(root, { include: ["a.yaml"] }), ["a.yaml: is not UTF-8 text"]);
});

test("an include that is no list of paths is a mistake of the stage file", async (t) => {
	const root = await project(t, {});
	assert.deepEqual(await problemsOf(root, { include: "apps.yaml" }), [
		'Pulumi.maple.yaml: include: "apps.yaml" is not a list; allowed: paths and patterns from the folder of Pulumi.yaml, such as [apps/*.yaml]',
	]);
	assert.deepEqual(await problemsOf(root, { include: [3] }), [
		"Pulumi.maple.yaml: include[0]: 3 is a number, not text; write in quotes what is meant (YAML makes 23 of 0027, 31 of 0x1F and 1.1 of 1.10, and rounds long numbers)",
	]);
});
