import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { z } from "zod";
import { filesOf, readText } from "../support/repository.ts";

const Workflow = z.looseObject({
	permissions: z.record(z.string(), z.string()),
	jobs: z.record(
		z.string(),
		z.looseObject({
			permissions: z.unknown().optional(),
			"timeout-minutes": z.int(),
			steps: z.array(z.looseObject({ uses: z.string().optional(), run: z.string().optional() })),
		}),
	),
});

const files = filesOf(".yml").filter((file) => file.startsWith(".github/workflows/"));
const workflow = Workflow.parse(parse(readText(".github/workflows/ci.yml")));
const jobs = Object.entries(workflow.jobs);
const commands = jobs.flatMap(([, { steps }]) => steps.flatMap(({ run }) => run ?? []));

test("every action is pinned to a commit, with its version beside it", () => {
	const uses = files.flatMap((file) => readText(file).match(/^.*\buses:.*$/gm) ?? []);
	assert.ok(uses.length >= jobs.length * 2);
	for (const line of uses) assert.match(line, /uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});

test("a workflow may read the code and nothing else, and each job ends", () => {
	assert.deepEqual(workflow.permissions, { contents: "read" });
	for (const [name, job] of jobs) {
		assert.equal(job.permissions, undefined, name);
		assert.ok(job["timeout-minutes"] <= 60, name);
	}
	assert.doesNotMatch(readText(".github/workflows/ci.yml"), /secrets\.|pull_request_target/);
});

test("CI runs the README's test command, and scripts that package.json has", () => {
	const { scripts } = z
		.looseObject({ scripts: z.record(z.string(), z.string()) })
		.parse(JSON.parse(readText("package.json")));
	const test = /All tests.*\n\n```sh\n(.+)\n```/.exec(readText("README.md"))?.[1];
	assert.ok(test !== undefined && commands.includes(test), commands.join("\n"));
	for (const command of commands) {
		const script = /^npm (?:run )?(\S+)/.exec(command)?.[1] ?? "";
		assert.ok(script === "ci" || Object.hasOwn(scripts, script), command);
	}
});
