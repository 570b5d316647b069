import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { definedVariables, run } from "@medstack-to-aptible/sandbox/run.ts";
import { filesOf, readText, root } from "../support/repository.ts";
import { folder, readGitlab, readWorkflow, tools } from "./workflow.ts";

const names = ["preview", "up", "drift", "renew"];
const files = filesOf(".yml").filter((file) => file.startsWith(`${folder}/`));
const jobs = names.flatMap((name) =>
	Object.entries(readWorkflow(name).jobs).map(([job, it]) => ({ name, job, ...it })),
);

/** What actionlint says of the workflows of both repositories, those of the user's changed. */
async function lint(change: (workflow: string) => string): Promise<{ code: number | null; said: string }> {
	const dir = await mkdtemp(join(tmpdir(), "actionlint-"));
	try {
		for (const [repository, from] of Object.entries({ user: folder, own: ".github" })) {
			// actionlint knows a repository by its .git.
			await mkdir(join(dir, repository, ".git"), { recursive: true });
			await cp(join(root, from), join(dir, repository, ".github"), { recursive: true });
		}
		const workflows = names.map((name) => join(dir, "user/.github/workflows", `${name}.yml`));
		for (const file of workflows) await writeFile(file, change(await readFile(file, "utf8")));
		const actionlint = [
			"-C",
			join(root, "test/ci/actionlint"),
			"github.com/rhysd/actionlint/cmd/actionlint",
			"-no-color",
		];
		const args = ["run", ...actionlint, ...workflows, join(dir, "own/.github/workflows/ci.yml")];
		const { code, stdout, stderr } = await run("go", args, {
			cwd: root,
			env: definedVariables(process.env),
			inherit: false,
		});
		return { code, said: stdout + stderr };
	} finally {
		await rm(dir, { recursive: true, force: true });
	}
}

test("actionlint finds nothing in the workflows for a user's repository, and in this one's", async () => {
	const { code, said } = await lint((workflow) => workflow);
	assert.equal(code, 0, said);
});

test("actionlint finds an input that the local action does not have, and an expression that leads nowhere", async () => {
	const { code, said } = await lint((workflow) =>
		workflow.replace("aptible-cli-url:", "aptible-cli:").replace("github.repository", "github.repo"),
	);
	assert.notEqual(code, 0);
	assert.match(said, /"aptible-cli" is not defined in action "Tools"/);
	assert.match(said, /property "repo" is not defined/);
});

test("every action is pinned to a commit, with its version beside it, and those of this repository's CI to the same", () => {
	assert.equal(files.length, names.length + 1);
	const pin = /uses: ([\w./-]+)@([0-9a-f]{40}) # v\d+\.\d+\.\d+$/;
	const own = new Map(
		[...readText(".github/workflows/ci.yml").matchAll(new RegExp(pin, "gm"))].map(([, a, sha]) => [a, sha]),
	);
	for (const line of files.flatMap((file) => readText(file).match(/^.*\buses:.*$/gm) ?? [])) {
		if (line.includes("uses: ./.github/actions/tools")) continue;
		const [, action, sha] = pin.exec(line) ?? [];
		assert.ok(action !== undefined, line);
		if (own.has(action)) assert.equal(sha, own.get(action), action);
	}
});

test("a job has the permissions that it uses and no other, and an end", () => {
	const needs: Readonly<Record<string, object>> = {
		preview: { contents: "read", "pull-requests": "write" },
		up: { contents: "read" },
		drift: { contents: "read", issues: "write" },
		renew: { contents: "read", deployments: "read" },
	};
	for (const name of names) assert.deepEqual(readWorkflow(name).permissions, {}, name);
	for (const { name, job, permissions, "timeout-minutes": minutes } of jobs) {
		assert.deepEqual(permissions, needs[name], `${name} ${job}`);
		assert.ok(minutes <= 120, name);
	}
});

test("what a fork sends is never run, and a stage's credentials are in the one step that needs them", () => {
	for (const file of files) assert.doesNotMatch(readText(file), /pull_request_target|workflow_run/, file);
	const { preview } = readWorkflow("preview").jobs;
	assert.equal(preview?.if, "github.event.pull_request.head.repo.full_name == github.repository");
	for (const { name, steps, ...job } of jobs) {
		assert.doesNotMatch(JSON.stringify(job), /secrets\./, name);
		assert.equal(steps.filter((step) => JSON.stringify(step).includes("secrets.")).length, 1, name);
		const checkout = steps.find(({ uses }) => uses?.startsWith("actions/checkout@"));
		assert.equal(checkout?.with?.["persist-credentials"], false, name);
	}
});

test("a preview and a look for drift have other credentials than an update, which prod waits for", () => {
	const environments = jobs.map(({ name, job, environment, needs }) => [name, job, environment, needs]);
	assert.deepEqual(environments, [
		["preview", "preview", "${{ matrix.stage }}-preview", undefined],
		["up", "staging", "staging", undefined],
		["up", "prod", "prod", "staging"],
		["drift", "drift", "${{ matrix.stage }}-preview", undefined],
		["renew", "renew", "${{ matrix.stage }}-renew", undefined],
	]);
});

test("the packages of the program are installed as its own CI installs them", () => {
	const install = tools.at(-1)?.run;
	assert.ok(install !== undefined && readText(".github/workflows/ci.yml").includes(`- run: ${install}\n`));
});

test("the jobs for GitLab run the same commands", () => {
	const runs = [...tools, ...jobs.flatMap(({ steps }) => steps)].map((step) => step.run ?? "").join("\n");
	const { default: common, ...gitlab } = readGitlab();
	const commands = [...common.before_script, ...Object.values(gitlab).flatMap(({ script }) => script)];
	assert.equal(commands.length, 5);
	for (const command of commands) assert.ok(runs.includes(command), command);
});
