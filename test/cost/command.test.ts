import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { stringify } from "yaml";
import type { CostReport } from "../../cost/page.ts";
import { absent, stageWith } from "../config/stage-file.ts";

const root = path.join(import.meta.dirname, "../..");

function run(...args: string[]) {
	const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(root, "cost/main.ts"), ...args], {
		cwd: root,
		encoding: "utf8",
		env: { ...process.env, PULUMI_CONFIG_PASSPHRASE: "" },
	});
	return { status, stdout, stderr };
}

/** A repository with a stage in two files; the secrets are ciphers that nobody has the key to. */
function repository(t: TestContext) {
	const folder = mkdtempSync(path.join(tmpdir(), "cost-"));
	t.after(() => rmSync(folder, { recursive: true }));
	const stages = path.join(folder, "stages");
	mkdirSync(path.join(stages, "apps"), { recursive: true });
	const git = (...args: string[]) =>
		execFileSync("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@acme.example", ...args], {
			encoding: "utf8",
		});
	const file = path.join(stages, "Pulumi.prod.yaml");
	const write = (changes: Readonly<Record<string, unknown>> = {}) => {
		const { apps, secrets, ...blocks } = stageWith(changes);
		const all: Record<string, unknown> = { ...blocks, include: ["apps/*.yaml"] };
		all.secrets = Object.fromEntries(Object.keys(secrets as object).map((name) => [name, { secure: "v1:a:b" }]));
		const keys = Object.entries(all).map(([key, value]) => [`medstack-to-aptible:${key}`, value]);
		writeFileSync(file, stringify({ config: Object.fromEntries(keys) }));
		writeFileSync(path.join(stages, "apps/portal.yaml"), stringify({ apps }));
	};
	git("init", "--quiet", "--initial-branch=main");
	git("commit", "--quiet", "--allow-empty", "-m", "empty");
	git("tag", "empty");
	write();
	git("add", ".");
	git("commit", "--quiet", "-m", "a stage");
	return { file, write, git };
}

test("a change is compared with the stage of a commit, its included files too, and the index stays as it is", (t) => {
	const { file, write, git } = repository(t);
	write({
		"apps/portal/services/web": { containers: 3 },
		"databases/main": { type: "postgresql", version: "16", diskGb: 50 },
	});
	const staged = git("status", "--porcelain");
	const { status, stdout, stderr } = run("--stack", "prod", "--config-file", file, "--against", "main");
	assert.equal(status, 0, stderr);
	assert.match(stdout, /\| service portal\.web \| 116\.80 USD \| 175\.20 USD \| \+58\.40 USD \|/);
	assert.match(stdout, /\| database main \| 60\.40 USD \| 68\.40 USD \| \+8\.00 USD \|/);
	assert.match(stdout, /\| \*\*total\*\* \| 339\.80 USD \| 406\.20 USD \| \*\*\+66\.40 USD\*\* \|/);
	assert.doesNotMatch(stdout, /Before.*portal\.worker/s);
	assert.equal(git("status", "--porcelain"), staged);

	const report = JSON.parse(
		run("--stack", "prod", "--config-file", file, "--against", "empty", "--json").stdout,
	) as CostReport;
	assert.equal(report.against?.isThere, false);
	assert.deepEqual(report.against?.total, { from: 0, to: 0 });
	assert.deepEqual(report.total, { from: 40620, to: 40620 });
	write();
	assert.match(
		run("--stack", "prod", "--config-file", file, "--against", "HEAD").stdout,
		/No object costs another amount/,
	);
});

test("what cannot be compared is an error with the ref, and no option of git's", (t) => {
	const { file, write, git } = repository(t);
	for (const ref of ["nowhere", "--help"]) {
		const { status, stderr } = run("--stack", "prod", "--config-file", file, `--against=${ref}`);
		assert.equal(status, 1);
		assert.match(stderr, /Pulumi\.prod\.yaml at \S+: is no commit of a repository/);
	}
	write({ "databases/main/containerMb": 1000 });
	git("commit", "--quiet", "--all", "-m", "wrong");
	write();
	const { status, stderr } = run("--stack", "prod", "--config-file", file, "--against", "HEAD");
	assert.equal(status, 1);
	assert.match(stderr, /^Pulumi\.prod\.yaml at HEAD: the stage file has 1 mistake:\n.*1000 is not a container size/);
});

test("as JSON, what nothing bounds and what is on one side alone is null", (t) => {
	const { file, write } = repository(t);
	write({ "apps/portal/services/worker": { autoscale: { kind: "vertical" } }, "databases/cache": absent });
	const { stdout } = run("--stack", "prod", "--config-file", file, "--against", "main", "--json");
	const { total, against } = JSON.parse(stdout) as CostReport;
	assert.equal(total.to, null);
	assert.deepEqual(against?.changes, [
		{ object: "service portal.worker", before: { from: 5840, to: 5840 }, after: { from: 11680, to: null } },
		{ object: "database cache", before: { from: 6040, to: 6040 }, after: null },
	]);
});

test("a plan's fee and MedStack's bill are added where they are given", (t) => {
	const { file, write } = repository(t);
	write({ move: { phase: "prepare", from: { addresses: ["203.0.113.9"] }, databases: { main: {} } } });
	const bare = run("--stack", "prod", "--config-file", file).stdout;
	assert.match(bare, /\| `prepare` \(now\) \| 325\.20 USD \| unknown \|/);
	const { stdout } = run("--stack", "prod", "--config-file", file, "--plan", "production", "--medstack", "850.5");
	assert.match(stdout, /\| plan production \| base fee of the organization \| 499\.00 USD \|/);
	assert.match(stdout, /\| `prepare` \(now\) \| 824\.20 USD \| 1674\.70 USD \|/);
	assert.match(stdout, /\| block removed \| 838\.80 USD \|/);
});

test("docs/cost.md shows what the command writes of the example stage", () => {
	const page = readFileSync(path.join(root, "docs/cost.md"), "utf8");
	const { stdout } = run("--stack", "prod");
	const table = stdout.split("\n").filter((line) => line.startsWith("|"));
	assert.ok(table.length > 8, stdout);
	assert.ok(page.includes(`\n${table.join("\n")}\n`), table.join("\n"));
});

test("wrong arguments end with 2 and say what is allowed, a stage that is not there with 1", () => {
	for (const [args, says] of [
		[[], /--stack is missing/],
		[["--stack", "prod", "--plan", "gold"], /"gold" is no plan with a price; allowed: development, production/],
		[["--stack", "prod", "--medstack", "a lot"], /"a lot" is no amount of USD/],
	] as const) {
		const { status, stderr } = run(...args);
		assert.equal(status, 2);
		assert.match(stderr, says);
		assert.match(stderr, /usage: npm run cost/);
	}
	const { status, stderr } = run("--stack", "nowhere");
	assert.equal(status, 1);
	assert.match(stderr, /Pulumi\.nowhere\.yaml is not there/);
});
