import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";
import { type Result, run } from "@medstack-to-aptible/sandbox/run.ts";
import { parse } from "yaml";
import { z } from "zod";
import { readText, root } from "../support/repository.ts";

/** Folder of the workflows for a user's repository. */
export const folder = "examples/ci/.github";

const Step = z.looseObject({
	name: z.string().optional(),
	uses: z.string().optional(),
	with: z.record(z.string(), z.unknown()).optional(),
	env: z.record(z.string(), z.string()).default({}),
	run: z.string().optional(),
});
export type Step = z.infer<typeof Step>;
const Workflow = z.looseObject({
	on: z.record(z.string(), z.unknown()),
	permissions: z.record(z.string(), z.string()),
	jobs: z.record(
		z.string(),
		z.looseObject({
			if: z.string().optional(),
			environment: z.string(),
			permissions: z.record(z.string(), z.string()),
			needs: z.string().optional(),
			"timeout-minutes": z.int(),
			steps: z.array(Step),
		}),
	),
});

/** Reads a workflow of the folder. */
export function readWorkflow(name: string): z.infer<typeof Workflow> {
	return Workflow.parse(parse(readText(`${folder}/workflows/${name}.yml`)));
}

const Gitlab = z
	.looseObject({ default: z.looseObject({ before_script: z.array(z.string()) }) })
	.catchall(z.looseObject({ script: z.array(z.string()), after_script: z.array(z.string()).optional() }));

/** Reads the jobs for GitLab in docs/ci.md. */
export function readGitlab(): z.infer<typeof Gitlab> {
	const [, yaml = ""] = /^```yaml\n([\s\S]*?)^```$/m.exec(readText("docs/ci.md")) ?? [];
	return Gitlab.parse(parse(yaml));
}

/** A step of a job's by its name. */
export function stepOf(workflow: string, job: string, name: string): Step {
	const found = readWorkflow(workflow).jobs[job]?.steps.find((step) => step.name === name);
	assert.ok(found !== undefined, name);
	return found;
}

/** What the expressions of the workflows stand for, of staging in a sandbox. */
export function expressionsOf(env: Readonly<Record<string, string>>): Record<string, string> {
	const of = (name: string) => env[name] ?? "";
	return {
		"matrix.stage": "staging",
		"github.token": "token",
		"github.event.pull_request.number": "7",
		"secrets.APTIBLE_ACCESS_TOKEN": of("APTIBLE_ACCESS_TOKEN"),
		"secrets.PULUMI_ACCESS_TOKEN": "",
		"secrets.PULUMI_CONFIG_PASSPHRASE": of("PULUMI_CONFIG_PASSPHRASE"),
		"secrets.ARM_CLIENT_SECRET": of("ARM_CLIENT_SECRET"),
		"vars.PULUMI_BACKEND_URL": of("PULUMI_BACKEND_URL"),
		"vars.ARM_SUBSCRIPTION_ID": of("ARM_SUBSCRIPTION_ID"),
		"vars.ARM_TENANT_ID": of("ARM_TENANT_ID"),
		"vars.ARM_CLIENT_ID": of("ARM_CLIENT_ID"),
	};
}

/** Steps of the local action that every job runs first. */
export const tools = z
	.looseObject({ runs: z.looseObject({ steps: z.array(Step) }) })
	.parse(parse(readText(`${folder}/actions/tools/action.yml`))).runs.steps;

/** One request to GitHub, as `gh` was given it. */
export interface Asked {
	argv: readonly string[];
	/** What a `--field NAME=@FILE` had in the file. */
	fields: Readonly<Record<string, string>>;
}

/** A runner with a checkout, in which the `run` of steps is run as GitHub runs it. */
export class Runner {
	readonly dir: string;
	readonly #env: Readonly<Record<string, string>>;

	constructor(dir: string, env: Readonly<Record<string, string>>) {
		this.dir = dir;
		this.#env = env;
	}

	/** Runs a step with values for the expressions in its environment. */
	async run(
		step: Step,
		expressions: Readonly<Record<string, string>>,
		more: Record<string, string> = {},
	): Promise<Result> {
		const env = Object.entries(step.env).map(([name, text]) => [
			name,
			text.replace(/\$\{\{ (.+?) \}\}/g, (_, expression: string) => {
				const value = expressions[expression];
				assert.ok(value !== undefined, `${step.name}: ${expression}`);
				return value;
			}),
		]);
		assert.doesNotMatch(step.run ?? "${{", /\$\{\{/, `${step.name}: an expression in a script can be an injection`);
		const script = join(this.dir, "../step.sh");
		await writeFile(script, step.run ?? "");
		// GitHub's `shell: bash`.
		return run("bash", ["--noprofile", "--norc", "-eo", "pipefail", script], {
			cwd: this.dir,
			env: { ...this.#env, ...Object.fromEntries(env), ...more },
			inherit: false,
		});
	}

	/** Commits the stage file as it is now. */
	async commit(): Promise<void> {
		await this.git("add", "Pulumi.staging.yaml");
		await this.git("commit", "--quiet", "--allow-empty", "-m", "a change");
	}

	async git(...args: readonly string[]): Promise<void> {
		const person = ["-c", "user.name=Ana", "-c", "user.email=ana@acme.example"];
		const { code, stderr } = await run("git", [...person, ...args], {
			cwd: this.dir,
			env: { ...this.#env },
			inherit: false,
		});
		assert.equal(code, 0, stderr);
	}

	/** What `gh` answers to requests whose arguments begin so, a list as the request's `--jq` has it; nothing to others. */
	async answer(answers: Readonly<Record<string, string | readonly object[]>>): Promise<void> {
		await writeFile(join(this.dir, "../answers.json"), JSON.stringify(answers));
		await rm(join(this.dir, "../asked"), { force: true });
	}

	/** What `gh` was asked since the last `answer`. */
	async asked(): Promise<Asked[]> {
		const text = await readFile(join(this.dir, "../asked"), "utf8").catch(() => "");
		return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Asked]));
	}

	/** What steps wrote to the summary of the job. */
	summary(): Promise<string> {
		return readFile(join(this.dir, "../summary"), "utf8");
	}

	/** What steps left as outputs. */
	async outputs(): Promise<string> {
		return readFile(join(this.dir, "../output"), "utf8").catch(() => "");
	}
}

/** GitHub is no part of the sandbox: this notes what it is asked, and answers what the test says. */
const gh = `#!/usr/bin/env node
const fs = require("node:fs");
const argv = process.argv.slice(2);
const folder = process.env.RUNNER_TEMP;
const fields = Object.fromEntries(argv.flatMap((arg, index) => argv[index - 1] === "--field" ? [arg] : []).map((field) => {
	const [, name, value] = /^([^=]+)=([^]*)$/.exec(field);
	return [name, value.startsWith("@") ? fs.readFileSync(value.slice(1), "utf8") : value];
}));
fs.appendFileSync(folder + "/asked", JSON.stringify({ argv, fields }) + "\\n");
const answers = JSON.parse(fs.readFileSync(folder + "/answers.json", "utf8"));
const found = Object.keys(answers).find((key) => argv.join(" ").startsWith(key));
const answer = found === undefined ? undefined : answers[found];
const filter = argv[argv.indexOf("--jq") + 1];
if (typeof answer === "string") process.stdout.write(answer + "\\n");
else if (answer !== undefined) {
	const input = JSON.stringify(answer);
	process.stdout.write(require("node:child_process").execFileSync("jq", ["-r", filter], { input }));
}
`;

/** Installs jq, which filters what `gh` would, where a machine has none; that takes root. */
async function installJq(env: Record<string, string>): Promise<void> {
	const options = { cwd: root, env, inherit: false };
	const found = await run("jq", ["--version"], options).catch(() => undefined);
	if (found?.code === 0) return;
	await run("apt-get", ["update", "-q"], options);
	const { code, stderr } = await run("apt-get", ["install", "-yq", "--no-install-recommends", "jq"], options);
	assert.equal(code, 0, `jq is not on PATH, and could not be installed: ${stderr}`);
}

/**
 * A checkout of the program with one commit of one stage file, on a runner that goes when the test ends.
 *
 * @param env of the sandbox
 * @param stageFile the stage's file, which the checkout has under its name
 */
export async function openRunner(
	t: Pick<TestContext, "after">,
	env: Readonly<Record<string, string>>,
	stageFile: string,
): Promise<Runner> {
	await installJq({ ...env });
	const temp = await mkdtemp(join(tmpdir(), "medstack-to-aptible-runner-"));
	t.after(() => rm(temp, { recursive: true, force: true }));
	const dir = join(temp, "checkout");
	const bin = join(temp, "bin");
	await Promise.all([dir, bin].map((one) => mkdir(one)));
	for (const name of await readdir(root)) {
		// Without the lock nothing is to be installed: `npm ci` would empty the repository's own node_modules through the link.
		if (!/^Pulumi\..+\.yaml$|^\.git$|^package-lock\.json$/.test(name)) await symlink(join(root, name), join(dir, name));
	}
	// The file itself is in the checkout, where git sees it, and a link stays where it was.
	await rename(stageFile, join(dir, "Pulumi.staging.yaml"));
	await symlink(join(dir, "Pulumi.staging.yaml"), stageFile);
	await writeFile(join(bin, "gh"), gh);
	await chmod(join(bin, "gh"), 0o755);
	const runner = new Runner(dir, {
		...env,
		PATH: [bin, env.PATH ?? ""].join(delimiter),
		RUNNER_TEMP: temp,
		GITHUB_OUTPUT: join(temp, "output"),
		GITHUB_STEP_SUMMARY: join(temp, "summary"),
		GITHUB_REPOSITORY: "acme/stages",
	});
	await runner.git("init", "--quiet", "--initial-branch=main");
	await runner.git("commit", "--quiet", "--allow-empty", "-m", "before the stage");
	await runner.commit();
	return runner;
}
