import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { z } from "zod";
import { keyDocs } from "../../config/key-docs.ts";
import { loadStage } from "../../config/load.ts";
import type { Stage } from "../../config/stage.ts";
import { readStageKeys, type StageKey } from "../../docs/stage-keys.ts";
import { folder, pages, withTables } from "../../docs/write-tables.ts";

const textOf = new Map(pages().map((page) => [page, readFileSync(join(folder, page), "utf8")]));
const everyPage = [...textOf.values()].join("\n");

const described = readStageKeys();

test("the tables of each page are the schema's: `npm run docs` writes them", () => {
	for (const [page, text] of textOf) assert.equal(text, withTables(text), `${page}: run npm run docs`);
});

test("a mark that names no table, or has no end, is an error and no page without it", () => {
	assert.throws(
		() => withTables("<!-- generated: keys of nothing -->\n<!-- end -->\n"),
		/no table is called "keys of nothing"/,
	);
	const open = "<!-- generated: container sizes -->\n\ntext\n";
	assert.throws(() => withTables(open), /"container sizes" has no <!-- end -->/);
	assert.throws(() => withTables(`${open}<!-- generated: keys of dns -->\n<!-- end -->\n`), /has no <!-- end -->/);
});

test("what stands in a table by hand is replaced, and what stands beside it stays", () => {
	const page = "before\n<!-- generated: keys of storage.sas -->\n| `gone` |\n<!-- end -->\nafter\n";
	const written = withTables(page);
	assert.match(written, /^before\n<!-- generated: keys of storage.sas -->\n\n\| Key \|[\s\S]*\n<!-- end -->\nafter\n$/);
	assert.match(written, /\| `windowDays` \| 1 to 182 \| `30` \|/);
	assert.doesNotMatch(written, /gone/);
	assert.equal(withTables(written), written);
});

test("each block of the schema has its table in one page", () => {
	for (const section of new Set(readStageKeys().map((key) => key.section))) {
		assert.equal(everyPage.split(`<!-- generated: keys of ${section} -->\n`).length - 1, 1, section);
	}
});

/** Keys of which the schema does not say enough. */
function undescribed(keys: readonly StageKey[]): string[] {
	const letters = (text: string) => text.toLowerCase().replace(/[^a-z]/g, "");
	return keys
		.filter(({ key, description, inPlace, allowed, otherwise }) => {
			const says = letters(description);
			return says === "" || says === letters(key) || [inPlace, allowed, otherwise].includes("");
		})
		.map(({ section, key }) => `${section}.${key}`);
}

test("each key of the schema has a description that says more than the key, and what a change of it does", () => {
	assert.ok(described.length > 80);
	assert.deepEqual(undescribed(described), [], "give each .register(keyDocs, { description, inPlace }) in config/");
});

test("a key without a description, with an empty one, with its own name for one, or silent about its change is found", () => {
	const size = () => z.int().optional();
	const schema = z.strictObject({
		diskGb: size().register(keyDocs, { description: "disk, in GB", inPlace: "restart" }),
		bare: size(),
		empty: size().register(keyDocs, { description: " ", inPlace: "yes" }),
		memoryMb: size().register(keyDocs, { description: "Memory MB", inPlace: "yes" }),
		silent: size().register(keyDocs, { description: "says nothing of its change" }),
	});
	const found = undescribed(readStageKeys(schema));
	assert.deepEqual(found, ["stage.bare", "stage.empty", "stage.memoryMb", "stage.silent"]);
});

test("no description stands at keys of different names, as one would that a second .register replaced", () => {
	for (const { description, key } of described) {
		const names = described.filter((other) => other.description === description).map((other) => other.key);
		assert.deepEqual([...new Set(names)], [key], description);
	}
});

before(() =>
	pulumi.runtime.setMocks(
		{ newResource: () => ({ id: undefined, state: {} }), call: () => ({}) },
		"medstack-to-aptible",
		"example",
	),
);

/** The examples of a page, parsed. */
function examplesOf(page: string): Record<string, Record<string, unknown>>[] {
	return [...(textOf.get(page) ?? "").matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, yaml = ""]) => parse(yaml));
}

/** Loads config as the engine hands it over, with every secret that it refers to. */
async function load(config: Record<string, unknown>, root?: string): Promise<Stage> {
	const values = Object.entries(config).map(([key, value]) => [key, JSON.stringify(value)]);
	const names = JSON.stringify(config).matchAll(/\$\{secrets\.(\w+)\}/g);
	const secrets = Object.fromEntries([...names].map(([, name]) => [name, "https://sentinel.example"]));
	pulumi.runtime.setAllConfig(
		{ ...Object.fromEntries(values), "medstack-to-aptible:secrets": JSON.stringify(secrets) },
		["medstack-to-aptible:secrets"],
	);
	return (await loadStage(root)).stage;
}

const smallest = examplesOf("README.md")[0]?.config ?? {};

for (const [page, text] of textOf) {
	test(`the page is a title, a sentence and an example that loads: ${page}`, async () => {
		assert.match(text, /^# [A-Z][A-Za-z]+\n\n[A-Z][\s\S]*?\.[\s\S]*?```yaml\n/);
		const [example] = examplesOf(page);
		assert.ok(example?.config);
		const block = Object.keys(example.config)[0]?.split(":")[1] as keyof Stage;
		const stage = await load({ ...smallest, ...example.config });
		assert.ok(Object.keys(stage[block] ?? {}).length > 0, block);
	});
}

test("the example of several files loads", async () => {
	const [, stage, included] = examplesOf("README.md");
	const root = await mkdtemp(join(tmpdir(), "include-"));
	try {
		await mkdir(join(root, "apps"));
		await writeFile(join(root, "apps/portal.yaml"), JSON.stringify(included));
		await writeFile(join(root, "data.yaml"), "databases: {}\n");
		const { apps } = await load({ ...smallest, ...stage?.config }, root);
		assert.deepEqual(Object.keys(apps), ["portal"]);
	} finally {
		await rm(root, { recursive: true });
	}
});

test("the table of contents names every page", () => {
	const contents = textOf.get("README.md") ?? "";
	for (const page of pages().filter((one) => one !== "README.md")) assert.ok(contents.includes(`](${page})`), page);
});

test("every reference that the page lists is known to the loader", async () => {
	const rows = [...(textOf.get("README.md") ?? "").matchAll(/^\| `(\$\{.*?\})` \|/gm)].map(
		([, reference = ""]) => reference,
	);
	assert.ok(rows.length > 8);
	const values = rows.map((reference) =>
		reference
			.replace("secrets.NAME", "secrets.key")
			.replace("storage.NAME", "storage.documents")
			.replace("databases.NAME", reference.includes("TYPE") ? "databases.cache" : "databases.main")
			.replace("apps.NAME.endpoints.NAME", "apps.portal.endpoints.web")
			.replace("TYPE", "redis+ssl"),
	);
	const [storage] = examplesOf("storage.md");
	const account = { ...(storage?.config?.["medstack-to-aptible:storage"] as object), allowAccountKey: true };
	await load({
		...smallest,
		"medstack-to-aptible:databases": {
			cache: { type: "redis", version: "8.2" },
			main: { type: "postgresql", version: "16" },
		},
		"medstack-to-aptible:storage": account,
		"medstack-to-aptible:apps": {
			portal: {
				image: "acme/portal:1",
				services: { web: {} },
				endpoints: { web: { service: "web", kind: "https", defaultDomain: true } },
				config: Object.fromEntries(values.map((value, index) => [`V${index}`, value])),
			},
		},
	});
});
