import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { readImports } from "../support/imports.ts";

const root = join(import.meta.dirname, "../..");
const loaded: string[] = [];

registerHooks({
	load(url, context, next) {
		if (url.startsWith("file:")) loaded.push(relative(root, fileURLToPath(url)));
		return next(url, context);
	},
});

// Each test file is a process of its own, so that what is loaded here is what `index.ts` loads.
test("a preview without the look for drift loads nothing that talks to Aptible", async () => {
	const first = (readImports().get("index.ts") ?? []).filter(({ kind }) => kind === "static");
	for (const { target } of first) await import(pathToFileURL(join(root, target)).href);
	const own = loaded.filter((file) => !file.startsWith("node_modules/") && !file.startsWith("test/"));
	const folders = new Set(own.map((file) => file.split("/").slice(0, -1).join("/")));
	assert.deepEqual(
		[...folders].sort(),
		["components", "components/azure", "config", "config/azure", "config/to-spec", "cost", "drift", "wire"],
		own.join("\n"),
	);
	assert.deepEqual(
		own.filter((file) => file.startsWith("drift/")),
		["drift/drift.ts"],
	);
	assert.deepEqual(own.filter((file) => file.startsWith("cost/")).sort(), ["cost/estimate.ts", "cost/prices.ts"]);
	assert.deepEqual(
		own.filter((file) => file.startsWith("components/azure/")).sort(),
		["dns-load", "storage-clock", "storage-credentials", "storage-load"].map((name) => `components/azure/${name}.ts`),
	);
});

test("a preview loads no compiler and no resolver of packages, and the SDK says so where it asks for one", async () => {
	const program = `import "./config/spare-sdk.js";
		const pulumi = await import("@pulumi/pulumi");
		const { createRequire } = await import("node:module");
		const loaded = Object.keys(createRequire(import.meta.url).cache);
		console.log(loaded.filter((file) => /node_modules.(@npmcli.arborist|typescript|@sigstore|pacote).|vendor.typescript/.test(file)).length);
		await pulumi.runtime.serializeFunction(() => 1).catch((error) => console.log(error.message));
		try { pulumi.automation.LocalWorkspace; } catch (error) { console.log(error.message); }`;
	const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
		cwd: root,
		encoding: "utf8",
	});
	assert.match(stdout, /^0\n.*spare-sdk\.js/s, stderr);
});

test("OpenTelemetry and V8's debugger are loaded where a run is traced, and not otherwise", () => {
	const [, nodeargs = ""] = /nodeargs: (.*)/.exec(readFileSync(join(root, "Pulumi.yaml"), "utf8")) ?? [];
	const program = `import { createRequire } from "node:module";
		const start = createRequire(import.meta.resolve("@pulumi/pulumi/cmd/run/tracing.js"));
		start("./tracing.js").newSpan("a run").end();
		start("../../runtime/settings");
		await start("../../runtime/closure/v8Hooks").isInitializedAsync();
		const loaded = Object.keys(start.cache).join();
		console.log(/opentelemetry.sdk-trace/.test(loaded), /opentelemetry.api/.test(loaded), /closure.v8Hooks/.test(loaded));`;
	const { TRACEPARENT: _, ...env } = process.env;
	for (const [args, variables, isTraced] of [
		[[], {}, false],
		[["--tracing", "http://127.0.0.1:9411"], {}, true],
		[[], { TRACEPARENT: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" }, true],
	] as const) {
		const run = spawnSync(
			process.execPath,
			[...nodeargs.split(" "), "--input-type=module", "-e", program, "--", ...args],
			{
				cwd: root,
				encoding: "utf8",
				env: { ...env, ...variables },
			},
		);
		assert.equal(run.stdout, `${isTraced} ${isTraced} false\n`, run.stderr);
	}
});

test("versions are compared as ever, by what is loaded when the first two are", () => {
	const program = `import "./config/spare-sdk.js";
		import "@pulumi/pulumi";
		import { createRequire } from "node:module";
		const sdk = createRequire(import.meta.resolve("@pulumi/pulumi/runtime/rpc.js"));
		const isLoaded = () => Object.keys(sdk.cache).some((file) => /node_modules.semver./.test(file));
		const semver = sdk("semver");
		console.log(isLoaded(), semver.eq("1.2.0", new semver.SemVer("v1.2.0")), semver.gt("1.2.0", "1.10.0"), isLoaded());`;
	const run = spawnSync(process.execPath, ["--input-type=module", "-e", program], { cwd: root, encoding: "utf8" });
	assert.equal(run.stdout, "false true false true\n", run.stderr);
});

test("what starts the program leaves stack traces unmapped", () => {
	const [, nodeargs = ""] = /nodeargs: (.*)/.exec(readFileSync(join(root, "Pulumi.yaml"), "utf8")) ?? [];
	const program = `import { createRequire } from "node:module";
		const before = Error.prepareStackTrace;
		createRequire(import.meta.resolve("@pulumi/pulumi/cmd/run"))("source-map-support/register");
		console.log(Error.prepareStackTrace === before);`;
	for (const [args, isAsBefore] of [
		[nodeargs.split(" "), true],
		[[], false],
	] as const) {
		const run = spawnSync(process.execPath, [...args, "--input-type=module", "-e", program], {
			cwd: root,
			encoding: "utf8",
		});
		assert.equal(run.stdout, `${isAsBefore}\n`, run.stderr);
	}
});
