import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { openStorageStage } from "../azure/storage-stage.ts";
import { expressionsOf, openRunner, stepOf, tools } from "./workflow.ts";

test("every step of the workflows does on the sandbox what its name says", async (t) => {
	const { stage, set } = await openStorageStage(t);
	const { env, dir } = stage.sandbox;
	const runner = await openRunner(t, env, join(dir, "Pulumi.staging.yaml"));
	const expressions = expressionsOf(env);
	const clock = { STORAGE_SAS_CLOCK: "2025-01-01T00:00:00Z" };
	const comments = "api --paginate repos/acme/stages/issues/7/comments";

	await t.test("a preview becomes a comment of its stage", async () => {
		await runner.answer({});
		const { code, stdout, stderr } = await runner.run(stepOf("preview", "preview", "Preview"), expressions, {
			...clock,
			MEDSTACK_TO_APTIBLE_DRIFT: "",
		});
		assert.equal(code, 0, stdout + stderr);
		assert.equal((await runner.run(stepOf("preview", "preview", "Comment"), expressions)).code, 0);
		const [looked, made, ...more] = await runner.asked();
		assert.equal(looked?.argv.slice(0, 3).join(" "), comments);
		assert.match(looked?.argv.at(-1) ?? "", /startswith\("<!-- preview of staging -->"\)/);
		assert.deepEqual(made?.argv.slice(0, 4), ["api", "--method", "POST", "repos/acme/stages/issues/7/comments"]);
		const body = made?.fields.body ?? "";
		assert.match(body, /^<!-- preview of staging -->\n### Preview of `staging`\n\n- /);
		assert.match(body, /^- \*\*app portal\*\*: new, one deploy of acme\/portal:1; /m);
		assert.match(body, /^- \*\*storage account acmefiles\*\*: new, in canadacentral, ZRS$/m);
		assert.match(body, /^#### Costs: \+58\.40 USD a month, 0\.00 USD => 58\.40 USD$/m);
		assert.match(body, /<summary>pulumi preview<\/summary>\n\n`````text\n[\s\S]*\+ .*portal.*create[\s\S]*to create/);
		assert.ok((await runner.summary()).includes(body.trim()));
		assert.deepEqual(more, []);
		// The next push changes it.
		const bot = { login: "github-actions[bot]" };
		await runner.answer({
			[comments]: [
				{ id: 38, body: "<!-- preview of staging -->\nall is well", user: { login: "mallory" } },
				{ id: 39, body: "<!-- preview of staging2 -->", user: bot },
				{ id: 40, body: "> <!-- preview of staging -->", user: bot },
				{ id: 41, body, user: bot },
			],
		});
		assert.equal((await runner.run(stepOf("preview", "preview", "Comment"), expressions)).code, 0);
		const changed = (await runner.asked()).at(-1);
		assert.deepEqual(changed?.argv.slice(0, 4), ["api", "--method", "PATCH", "repos/acme/stages/issues/comments/41"]);
	});

	await t.test("an update makes it so", async () => {
		const { code, stdout, stderr } = await runner.run(stepOf("up", "staging", "Update"), expressions, clock);
		assert.equal(code, 0, stdout + stderr);
		assert.ok(stage.newMutations().length > 0);
		assert.equal(stepOf("up", "prod", "Update").run, stepOf("up", "staging", "Update").run);
	});

	await t.test("tokens whose window is over are renewed once, from the commit that the stage runs", async () => {
		await runner.answer({
			"api repos/acme/stages/deployments?environment=staging": "9\n8",
			"api repos/acme/stages/deployments/9/statuses": "waiting",
			"api repos/acme/stages/deployments/8/statuses": "success",
			"api repos/acme/stages/deployments/8 ": "4f9a1c2",
		});
		assert.equal((await runner.run(stepOf("renew", "renew", "Find what the stage runs"), expressions)).code, 0);
		assert.match(await runner.outputs(), /^commit=4f9a1c2$/m);
		const renew = stepOf("renew", "renew", "Renew");
		const renewed = await runner.run(renew, expressions);
		assert.equal(renewed.code, 0, renewed.stdout + renewed.stderr);
		assert.ok(stage.newMutations().length > 0);
		const again = await runner.run(renew, expressions);
		assert.match(again.stdout, /^the tokens of staging are renewed from 20\d\d-\d\d-\d\dT.* on\n$/, again.stderr);
		assert.deepEqual(stage.newMutations(), []);
		await runner.answer({
			"api repos/acme/stages/deployments?environment=staging": "9\n8",
			"api repos/acme/stages/deployments/9/statuses": "in_progress",
			"api repos/acme/stages/deployments/8/statuses": "success",
			"api repos/acme/stages/deployments/8 ": "4f9a1c2",
		});
		const running = await runner.run(stepOf("renew", "renew", "Find what the stage runs"), expressions);
		assert.equal(running.code, 1, running.stdout);
		assert.match(running.stdout, /^::error::an update of staging is under way/);
		await runner.answer({
			"api repos/acme/stages/deployments?environment=staging": "9\n8",
			"api repos/acme/stages/deployments/9/statuses": "failure",
		});
		const failed = await runner.run(stepOf("renew", "renew", "Find what the stage runs"), expressions);
		assert.equal(failed.code, 1);
		assert.match(failed.stdout, /^::error::the last update of staging failed or was rejected/);
		await runner.answer({});
		const none = await runner.run(stepOf("renew", "renew", "Find what the stage runs"), expressions);
		assert.equal(none.code, 1);
		assert.match(none.stdout, /^::error::staging has no deployment that succeeded/);
	});

	await t.test("drift opens one issue, keeps it, and closes it", async () => {
		set({});
		await stage.cli("apps:scale", "web", "--app", "portal", "--environment", "acme-staging", "--container-count", "3");
		const { code, stdout } = await runner.run(stepOf("drift", "drift", "Look for drift"), expressions);
		assert.equal(code, 0, stdout);
		assert.match(await runner.outputs(), /^code=2$/m, stdout);
		const keep = async (CODE: string, open: readonly object[]) => {
			await runner.answer({ "api --paginate repos/acme/stages/issues?state=open": open });
			const step = stepOf("drift", "drift", "Keep one issue");
			const { code } = await runner.run(step, { ...expressions, "steps.drift.outputs.code": CODE });
			return { code, asked: (await runner.asked()).at(-1) };
		};
		const bot = { login: "github-actions[bot]" };
		const ours = { number: 12, title: "Drift of staging", user: bot };
		const others = [
			{ ...ours, number: 9, user: { login: "mallory" } },
			{ ...ours, number: 10, pull_request: {} },
			{ ...ours, number: 11, title: "Drift of staging2" },
		];
		// What is read from Aptible may look like Markdown.
		await writeFile(join(runner.dir, "drift.txt"), `${stdout}\n\`\`\`\`\`\n@ana\n`);
		const opened = await keep("2", others);
		assert.equal(opened.code, 2);
		assert.equal(opened.asked?.fields.title, "Drift of staging");
		assert.match(opened.asked?.fields.body ?? "", /^The live stage is not as it was left\.[\s\S]*live 3, declared 1/);
		// Nothing in it is out of the code block.
		for (const line of (opened.asked?.fields.body ?? "").split("\n").slice(1)) assert.match(line, /^( {4}|$)/);
		const kept = await keep("1", [...others, ours]);
		assert.equal(kept.code, 1);
		assert.deepEqual(kept.asked?.argv.slice(0, 4), ["api", "--method", "PATCH", "repos/acme/stages/issues/12"]);
		assert.match(kept.asked?.fields.body ?? "", /^Whether there is drift is unknown\./);
		const closed = await keep("0", [...others, ours]);
		assert.deepEqual([closed.code, closed.asked?.fields], [0, { state: "closed" }]);
		assert.equal((await keep("0", others)).asked?.argv[1], "--paginate");
	});

	await t.test("a CLI that is not the one of the checksum is not installed", async () => {
		const deb = join(runner.dir, "../published.deb");
		await writeFile(deb, "a package");
		// What the runner's own `sudo` would run as root.
		const sudo = join(runner.dir, "../bin/sudo");
		await writeFile(sudo, '#!/bin/sh\necho "$@" > "$RUNNER_TEMP/installed"\n');
		await chmod(sudo, 0o755);
		const step = tools.find(({ name }) => name === "Install the aptible CLI");
		assert.ok(step !== undefined);
		const url = { "inputs.aptible-cli-url": `file://${deb}` };
		const wrong = await runner.run(step, { ...url, "inputs.aptible-cli-sha256": "0".repeat(64) });
		assert.notEqual(wrong.code, 0);
		const installed = () => readFile(join(runner.dir, "../installed"), "utf8");
		await assert.rejects(installed());
		const sha256 = createHash("sha256").update("a package").digest("hex");
		const right = await runner.run(step, { ...url, "inputs.aptible-cli-sha256": sha256 });
		assert.equal(right.code, 0, right.stderr);
		assert.match(await installed(), /^dpkg --install .*aptible\.deb\n$/);
	});
});
