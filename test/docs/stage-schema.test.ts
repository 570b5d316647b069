import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Ajv } from "ajv";
import { parse } from "yaml";
import { StageFile } from "../../config/stage.ts";
import { readStageKeys } from "../../docs/stage-keys.ts";
import { schemaFiles } from "../../docs/stage-schema.ts";
import { collectRefused, problemsOf } from "../config/refused.ts";
import { stageWith } from "../config/stage-file.ts";
import { filesOf, readText, root } from "../support/repository.ts";

const ajv = new Ajv({ allowUnionTypes: true });
// VS Code's own keyword.
ajv.addKeyword({ keyword: "patternErrorMessage", schemaType: "string" });
for (const file of schemaFiles().keys()) ajv.addSchema(JSON.parse(readText(file)), file);

/** Places that a schema refuses; none if it takes the value. */
function refusedBy(file: "stage.schema.json" | "included.schema.json", value: unknown): string[] {
	const validate = ajv.getSchema(file);
	assert.ok(validate !== undefined);
	return validate(value) === true
		? []
		: (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

/** A stage as its file has it: keys with a namespace, secrets encrypted. */
function fileOf({ secrets, ...stage }: Readonly<Record<string, unknown>>): object {
	const isBlock = typeof secrets === "object" && secrets !== null && !Array.isArray(secrets);
	const encrypted = isBlock
		? Object.fromEntries(Object.keys(secrets).map((name) => [name, { secure: "v1:0" }]))
		: secrets;
	const blocks = { ...stage, ...(secrets === undefined ? {} : { secrets: encrypted }) };
	const named = Object.entries(blocks).map(([name, block]) => [`medstack-to-aptible:${name}`, block]);
	return { config: Object.fromEntries(named), encryptionsalt: "v1:0" };
}

const stage = (change: Readonly<Record<string, unknown>> = {}) =>
	refusedBy("stage.schema.json", fileOf(stageWith(change)));

test("the schemas are the program's: `npm run docs` writes them", () => {
	for (const [file, text] of schemaFiles()) assert.equal(readText(file), text, `${file}: run npm run docs`);
});

test("every stage file of the repository is right, and the first line of those beside Pulumi.yaml names the schema", () => {
	const files = filesOf(".yaml").filter((file) => /^\s+medstack-to-aptible:\w+:/m.test(readText(file)));
	assert.ok(files.includes("Pulumi.prod.yaml") && files.includes("test/adopt/adopted-stage.yaml"));
	for (const file of files) {
		const text = readText(file);
		assert.deepEqual(refusedBy("stage.schema.json", parse(text)), [], file);
		if (file.startsWith("Pulumi.")) assert.match(text, /^# yaml-language-server: \$schema=\.\/stage\.schema\.json\n/);
	}
});

test("every example of the configuration's pages is right", () => {
	for (const file of filesOf(".md").filter((page) => page.startsWith("docs/configuration/"))) {
		for (const [, yaml = ""] of readText(file).matchAll(/^```yaml\n([\s\S]*?)^```$/gm)) {
			const example = parse(yaml) as Record<string, unknown>;
			if (Object.keys(example).join() === "apps")
				assert.deepEqual(refusedBy("included.schema.json", example), [], file);
			if ("config" in example) {
				const environment = { handle: "acme", stack: "acme-ca", phi: true };
				const config = { "medstack-to-aptible:environment": environment, ...Object(example.config) };
				assert.deepEqual(refusedBy("stage.schema.json", { config }), [], file);
			}
		}
	}
});

const beside = readdirSync(join(root, "test/config")).filter((file) => /refused.*\.test\.ts$/.test(file));
const cases = (await collectRefused(beside)).flatMap((refused) => Object.entries(refused));

test("a wrong stage of the loader's tests is wrong by the schema too where its form shows it", () => {
	assert.deepEqual(stage(), []);
	const missed = cases.flatMap(([title, { change }]) => {
		const issues = StageFile.safeParse(stageWith(change)).error?.issues ?? [];
		// Of a secret the file has no text, and rules are more than form.
		const isForm = issues.some(({ code, path }) => code !== "custom" && path[0] !== "secrets");
		return isForm && stage(change).length === 0 ? [title] : [];
	});
	assert.ok(cases.length > 200, String(cases.length));
	assert.deepEqual(missed, []);
});

test("what the schema refuses of the loader's tests is at a place that the loader names", () => {
	const refused = cases.filter(([, { change }]) => stage(change).length > 0);
	assert.ok(refused.length > 80, String(refused.length));
	for (const [title, { change }] of refused) assert.ok(problemsOf(stageWith(change)).length > 0, title);
});

const wrong: Readonly<Record<string, [change: Record<string, unknown>, says: RegExp]>> = {
	"a reference where none may stand": [
		{ "apps/portal/image": "acme/portal:${secrets.tag}" },
		/image must match pattern/,
	],
	"a container size that there is not": [{ "databases/main/containerMb": 1000 }, /containerMb must be equal to one of/],
	"a database type that there is not": [{ "databases/main/type": "postgres" }, /type must be equal to one of/],
	"a handle in capitals": [
		{ "apps/Portal": { image: "acme/portal:1", services: {} } },
		/\/config\/.*apps must match pattern/,
	],
	"a variable that Aptible sets": [{ "apps/portal/config/APTIBLE_PROCESS_TYPE": "web" }, /config must match pattern/],
	"a variable that a setting has replaced": [{ "shared/web/FORCE_SSL": "true" }, /web must match pattern/],
	"a number where text is meant": [{ "databases/main/version": 16 }, /version must be string/],
	"a value that is encrypted elsewhere": [{ "apps/portal/config/KEY": { secure: "v1:0" } }, /KEY must be string/],
	"a network that is no IPv4": [
		{ "apps/portal/endpoints/test/ipFilter": ["203.0.113.0/33"] },
		/ipFilter\/0 must match pattern/,
	],
};
for (const [title, [change, says]] of Object.entries(wrong)) {
	test(`refuses ${title}`, () => {
		assert.match(stage(change).join("\n"), says);
		assert.ok(problemsOf(stageWith(change)).length > 0);
	});
}

test("a variable that is a stage's own though Aptible's begin so is taken", () => {
	assert.deepEqual(stage({ "apps/portal/config/APTIBLE_DO_NOT_WIPE": "x", "apps/portal/config/_a1": "x" }), []);
});

test("a pattern that ignores case in the loader does in the schema", () => {
	const workspaceId = "/SUBSCRIPTIONS/1/resourcegroups/g/providers/microsoft.operationalinsights/Workspaces/logs";
	const storage = {
		resourceGroup: { name: "acme" },
		account: "acmefiles",
		location: "canadacentral",
		redundancy: "GZRS",
		logs: { workspaceId },
		containers: { documents: { name: "documents" } },
	};
	assert.deepEqual(problemsOf(stageWith({ storage })), []);
	assert.deepEqual(stage({ storage }), []);
	assert.notDeepEqual(stage({ storage: { ...storage, logs: { workspaceId: "/x" } } }), []);
});

test("keys of Pulumi's and of other namespaces are open, and ours are closed", () => {
	const environment = { handle: "acme", stack: "acme-ca", phi: true };
	const judge = (config: object, beside = {}) => refusedBy("stage.schema.json", { ...beside, config });
	const right = { "medstack-to-aptible:environment": environment };
	assert.deepEqual(judge({ ...right, "azure-native:location": "canadacentral", "a:b": { secure: "v1:0" } }), []);
	assert.deepEqual(judge(right, { secretsprovider: "passphrase", environment: ["acme"], later: 1 }), []);
	// Pulumi puts the project's name before a key without a namespace.
	assert.deepEqual(judge({ environment }), []);
	assert.deepEqual(judge({ "medstack-to-aptible:include": ["apps/*.yaml"] }), []);
	assert.deepEqual(judge({ ...right, "medstack-to-aptible:secrets": { secure: "v1:0" } }), []);
	for (const key of ["medstack-to-aptible:app", "medstack-to-aptible:", "app"]) {
		assert.match(judge({ ...right, [key]: {} }).join(), /boolean schema is false/, key);
	}
	assert.match(judge({ ...right, "medstack-to-aptible:secrets": { key: "in the open" } }).join(), /key must be object/);
	assert.match(judge({}).join(), /must have required property/);
	assert.match(refusedBy("stage.schema.json", { confg: right }).join(), /required property 'config'/);
});

test("an included file has blocks without a namespace, and neither secrets nor include", () => {
	const apps = { portal: { image: "acme/portal:1", services: { web: {} } } };
	assert.deepEqual(refusedBy("included.schema.json", { apps }), []);
	for (const name of ["secrets", "include", "medstack-to-aptible:apps", "config"]) {
		assert.match(refusedBy("included.schema.json", { apps, [name]: {} }).join(), /NOT have additional/, name);
	}
	assert.match(refusedBy("included.schema.json", { apps: { portal: {} } }).join(), /portal must have required/);
	assert.notDeepEqual(refusedBy("included.schema.json", {}), []);
});

test("each key has its description, what is allowed and its default where an editor shows them", () => {
	interface Node {
		description?: string;
		default?: unknown;
		properties?: Record<string, Node>;
		additionalProperties?: Node | boolean;
		oneOf?: Node[];
	}
	const { definitions } = JSON.parse(readText("stage.schema.json")) as { definitions: Record<string, Node> };
	const inside = (node: Node, key: string): Node[] => {
		const kinds = node.oneOf ?? [node];
		const named =
			key === "NAME" ? kinds.map((kind) => kind.additionalProperties) : kinds.map((kind) => kind.properties?.[key]);
		return named.filter((one): one is Node => typeof one === "object");
	};
	const keys = readStageKeys();
	assert.ok(keys.length > 150);
	for (const { section, key, description } of keys) {
		const path = [...(section === "stage" ? [] : section.split(".")), key];
		const found = path.reduce<Node[]>(
			(nodes, part) => nodes.flatMap((node) => inside(node, part)),
			[{ properties: definitions }],
		);
		assert.ok(found.length > 0, path.join("."));
		const plain = description.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1");
		// Kinds of a drain may say different things of a key, which its row joins.
		for (const node of found) assert.ok(plain.includes(node.description?.split("\n\n")[0] ?? "?"), path.join("."));
	}
	const main = definitions.databases?.additionalProperties;
	assert.ok(typeof main === "object");
	assert.equal(main.properties?.diskGb?.default, 10);
	assert.match(
		main.properties?.protect?.description ?? "",
		/^refuse to delete it\n\nDefault: value of `environment\.phi`/,
	);
});
