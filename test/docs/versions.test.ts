import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { filesOf, readText } from "../support/repository.ts";

const Manifest = z.looseObject({
	dependencies: z.record(z.string(), z.string()).default({}),
	devDependencies: z.record(z.string(), z.string()).default({}),
});
const Lock = z.looseObject({ packages: z.record(z.string(), z.looseObject({ version: z.string().optional() })) });
const Renovate = z.looseObject({
	customManagers: z.array(
		z.looseObject({
			managerFilePatterns: z.array(z.string()),
			matchStrings: z.array(z.string()),
			depNameTemplate: z.string(),
		}),
	),
	packageRules: z.array(
		z.looseObject({
			groupName: z.string().optional(),
			matchPackageNames: z.array(z.string()),
			allowedVersions: z.string().optional(),
		}),
	),
});

const manifest = Manifest.parse(JSON.parse(readText("package.json")));
const sandbox = Manifest.parse(JSON.parse(readText("packages/sandbox/package.json")));
const lock = Lock.parse(JSON.parse(readText("package-lock.json")));
const renovate = Renovate.parse(JSON.parse(readText("renovate.json")));
const pulumi = Object.entries(manifest.dependencies).filter(([name]) => name.startsWith("@pulumi/"));

/** A version that a file names, as Renovate finds it there. */
interface Named {
	file: string;
	version: string;
	dependency: string;
	/** Where in the file the version stands. */
	at: number;
}

const named: Named[] = renovate.customManagers.flatMap(({ managerFilePatterns, matchStrings, depNameTemplate }) => {
	const patterns = managerFilePatterns.map((pattern) => new RegExp(pattern.slice(1, -1)));
	const files = filesOf(".ts", ".md", ".yml").filter((file) => patterns.some((pattern) => pattern.test(file)));
	return files.flatMap((file) =>
		matchStrings.flatMap((text) =>
			[...readText(file).matchAll(new RegExp(text, "dg"))].map(({ groups, indices }) => ({
				file,
				version: groups?.currentValue ?? "",
				dependency: depNameTemplate,
				at: indices?.groups?.currentValue?.[0] ?? -1,
			})),
		),
	);
});

test("dependencies have exact versions, the same in every manifest and in the lock", () => {
	for (const { dependencies, devDependencies } of [manifest, sandbox]) {
		for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
			assert.match(version, /^\d+\.\d+\.\d+$/, name);
			if (name.startsWith("@medstack-to-aptible/")) continue;
			assert.equal(lock.packages[`node_modules/${name}`]?.version, version, name);
			const pinned = manifest.dependencies[name] ?? manifest.devDependencies[name];
			if (pinned !== undefined) assert.equal(version, pinned, name);
		}
	}
});

test("the engine's module is of the SDK's version", () => {
	const module = /^require github\.com\/pulumi\/pulumi\/pkg\/v3 v(\S+)$/m.exec(
		readText("packages/sandbox/engine/go.mod"),
	);
	assert.equal(module?.[1], manifest.dependencies["@pulumi/pulumi"]);
});

test("every version of Pulumi's that Renovate finds in code and pages is the one of package.json", () => {
	assert.deepEqual([...new Set(named.map(({ dependency }) => dependency))].sort(), pulumi.map(([name]) => name).sort());
	for (const { file, version, dependency } of named) {
		assert.equal(version, manifest.dependencies[dependency], `${file}: ${dependency}`);
	}
});

test("no code names one of these versions where Renovate does not move it", () => {
	const missed = filesOf(".ts", ".js", ".mjs", ".yml").flatMap((file) =>
		pulumi.flatMap(([name, version]) =>
			[...readText(file).matchAll(new RegExp(`(?<![\\d.])${version.replaceAll(".", "\\.")}(?![\\d.])`, "g"))]
				.filter(({ index }) => !named.some((one) => one.file === file && one.at === index))
				.map(({ index }) => `${file}:${readText(file).slice(0, index).split("\n").length}: ${name} ${version}`),
		),
	);
	assert.deepEqual(missed, []);
});

test("Renovate moves Pulumi's packages together, and none to a version that does not work", () => {
	const group = renovate.packageRules.find(({ groupName }) => groupName === "Pulumi");
	const members = [...pulumi.map(([name]) => name), "github.com/pulumi/pulumi/pkg/v3"];
	assert.deepEqual([...(group?.matchPackageNames ?? [])].sort(), members.sort());
	const allowed = (name: string) => {
		const rules = renovate.packageRules.filter(({ matchPackageNames }) => matchPackageNames.includes(name));
		return rules.map(({ allowedVersions }) => allowedVersions).filter((range) => range !== undefined);
	};
	assert.deepEqual(allowed("@pulumi/command"), ["<2"]);
	assert.deepEqual(allowed("typescript"), ["<7"]);
	assert.match(manifest.dependencies["@pulumi/command"] ?? "", /^1\./);
	assert.match(manifest.devDependencies.typescript ?? "", /^[56]\./);
});

test("package.json, .nvmrc and the oldest Node that is accepted are of one line", () => {
	assert.equal(readText(".nvmrc").trim(), manifest.devDependencies.node);
	const { engines } = z
		.looseObject({ engines: z.object({ node: z.string() }) })
		.parse(JSON.parse(readText("package.json")));
	assert.equal(engines.node, `>=${manifest.devDependencies.node?.split(".")[0]}`);
});

test("the oldest engine is the same in Pulumi.yaml, the sandbox and the README", () => {
	const oldest = /OLDEST_VERSION = "([\d.]+)"/.exec(readText("packages/sandbox/engine/find.ts"))?.[1] ?? "";
	assert.match(oldest, /^3\.\d+\.0$/);
	assert.ok(readText("Pulumi.yaml").includes(`requiredPulumiVersion: ">=${oldest}"`));
	assert.ok(
		readText("README.md").includes(`(https://www.pulumi.com/docs/install/) ${oldest.replace(/\.0$/, "")} or newer`),
	);
});
