import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

const root = join(import.meta.dirname, "../..");

/** Runs a Command that ends at once, with these folders for its user's cache and for temporary files. */
function runCommand(t: TestContext, prepare: (cache: string) => void = () => {}) {
	const folder = mkdtempSync(join(tmpdir(), "compile-cache-"));
	t.after(() => rmSync(folder, { recursive: true, force: true }));
	const [cache, temporary] = [join(folder, "cache"), join(folder, "tmp")];
	mkdirSync(temporary);
	prepare(join(cache, "medstack-to-aptible/node"));
	const { NODE_COMPILE_CACHE: _, ...env } = process.env;
	const { stderr } = spawnSync(process.execPath, ["aptible/main.ts", "claims", "apply"], {
		cwd: root,
		env: { ...env, XDG_CACHE_HOME: cache, TMPDIR: temporary },
		input: "",
		encoding: "utf8",
	});
	assert.match(stderr, /JSON/);
	return { own: join(cache, "medstack-to-aptible/node"), temporary };
}

test("compiled modules are kept in the user's own folder, which nobody else can read, and not among temporary files", (t) => {
	const { own, temporary } = runCommand(t);
	assert.equal(statSync(own).mode & 0o777, 0o700);
	assert.ok(readdirSync(own).length > 0);
	assert.deepEqual(readdirSync(temporary), []);
});

test("a folder in which others may write is not used", (t) => {
	const { own, temporary } = runCommand(t, (folder) => {
		mkdirSync(folder, { recursive: true });
		chmodSync(folder, 0o777);
	});
	assert.deepEqual(readdirSync(own), []);
	assert.deepEqual(readdirSync(temporary), []);
});

test("a Command does not load what is behind Node's fetch", () => {
	const listing =
		'process.on("exit", () => console.log(process.moduleLoadList.filter((one) => / (http|internal.deps.undici.undici)$/.test(one))));';
	const { stdout } = spawnSync(
		process.execPath,
		["--import", `data:text/javascript,${listing}`, "aptible/main.ts", "endpoint", "apply"],
		{ cwd: root, input: "{}", encoding: "utf8" },
	);
	assert.equal(stdout, "[ 'NativeModule http' ]\n");
});

test("previews have it too, from before anything is loaded", () => {
	const [, file = ""] = /nodeargs: --import (\S+)/.exec(readFileSync(join(root, "Pulumi.yaml"), "utf8")) ?? [];
	assert.ok(existsSync(join(root, file)), file);
});

test("a Command loads the English messages of zod and no others", () => {
	const script = `import "./aptible/compile-cache.js";
		import { registerHooks } from "node:module";
		const loaded = [];
		registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
		const { z } = await import("zod");
		console.log(loaded.filter((url) => url.includes("/locales/")).map((url) => url.split("/").at(-1)).join());
		console.log(z.string().safeParse(1).error.issues[0].message);`;
	const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
		cwd: root,
		encoding: "utf8",
	});
	assert.equal(stdout, "en.js\nInvalid input: expected string, received number\n", stderr);
});
