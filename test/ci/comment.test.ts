/** What a reviewer reads, by the real engine: the comment that the workflow makes, and the preview in the README. `UPDATE_GOLDEN=1` records both. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { commentOf } from "../../docs/pictures/comment-page.ts";
import { root } from "../support/repository.ts";
import { type Blocks, openStage, succeed } from "../support/stage.ts";
import { expressionsOf, openRunner, stepOf } from "./workflow.ts";

const example = join(root, "docs/examples/comment.md");
const recorded = join(root, "docs/pictures/preview.txt");

test("a comment tells effects, cost difference and drift of a change", async (t) => {
	const stage = await openStage(t, "staging");
	stage.watchDrift();
	const { env, dir } = stage.sandbox;
	const runner = await openRunner(t, env, join(dir, "Pulumi.staging.yaml"));
	const expressions = expressionsOf(env);
	const comment = async (more: Record<string, string> = {}) => {
		await runner.answer({});
		const { code, stderr } = await runner.run(stepOf("preview", "preview", "Preview"), expressions, more);
		const posted = await runner.run(stepOf("preview", "preview", "Comment"), expressions);
		assert.equal(posted.code, 0, posted.stderr);
		return { code, stderr, body: (await runner.asked()).at(-1)?.fields.body ?? "" };
	};
	await succeed(stage.up());

	await t.test("nothing changes", async () => {
		await runner.commit();
		const { code, body } = await comment();
		assert.equal(code, 0);
		assert.match(body, /^### Preview of `staging`\n\nNothing changes\.\n\n\*\*Costs\*\* stay 254\.20 USD a month\./m);
		assert.match(body, /^\*\*Drift\*\*: none\.$/m);
	});

	await t.test("the recorded preview is what the engine prints", async () => {
		const change = ({ apps, databases }: Blocks) => {
			apps.portal.image = "registry.acme.example/portal:2026-11-21";
			databases.main.diskGb = 40;
		};
		await stage.withChange(change, async () => {
			const { code, stdout, stderr } = await stage.preview("--color", "never", "--suppress-progress");
			assert.equal(code, 0, stdout + stderr);
			const printed = `$ pulumi preview --stack staging\n${stdout.replace(/^ +$/gm, "")}`;
			if (process.env.UPDATE_GOLDEN === "1") await writeFile(recorded, printed);
			assert.deepEqual(sorted(printed), sorted(await readFile(recorded, "utf8")));
		});
	});

	await t.test("much changes, and something by hand", async () => {
		const place = ["--app", "portal", "--environment", "acme-staging"];
		await stage.cli("apps:scale", "worker", ...place, "--container-count", "3");
		await stage.edit(({ apps, databases }) => {
			apps.portal.image = "registry.acme.example/portal:2026-11-21";
			apps.portal.services.web.containers = 2;
			delete apps.portal.config.REDIS_URL;
			delete databases.cache;
			databases.main.containerMb = 2048;
			databases.main.diskGb = 40;
			apps.clinic = { ...apps.reports, image: "registry.acme.example/clinic:2026-11-21" };
		});
		await runner.commit();
		const { code, body: posted, stderr } = await comment();
		// As on any other day.
		const body = posted.replaceAll(
			/(changed by operation )\d+( .*? at )[\d-]+T[\d:.]+Z/g,
			"$1141$22026-11-21T16:40:00Z",
		);
		assert.equal(code, 0);
		assert.match(stderr, /^Previewing update \(staging\)/, "the log has no preview");
		const [shown = "", preview = ""] = body.split("<details>");
		if (process.env.UPDATE_GOLDEN === "1") await writeFile(example, await withComment(body));
		const [expected = "", expectedPreview = ""] = commentOf(await readFile(example, "utf8")).split("<details>");
		assert.equal(shown, expected);
		assert.deepEqual(sorted(preview), sorted(expectedPreview));
	});

	await t.test("without credentials drift is unknown, and the rest as before", async () => {
		const { code, body } = await comment({ APTIBLE_ACCESS_TOKEN: "" });
		assert.equal(code, 0);
		assert.match(body, /^\*\*Drift\*\* is unknown: /m);
		assert.match(body, /^- \*\*database cache IS DELETED\*\*: 10 GB; NO backup is kept$/m);
	});

	await t.test("what Aptible would refuse is refused here too", async () => {
		await stage.withChange(
			({ apps }) => {
				apps.clinic.services.nightly.containers = 0;
				apps.clinic.endpoints = { public: { service: "nightly", kind: "https", defaultDomain: true } };
			},
			async () => {
				const { code, body } = await comment();
				assert.notEqual(code, 0);
				assert.match(body, /it fails\n\n- \*\*error\*\*: .*0 containers/);
			},
		);
	});

	await t.test("it fails: what is wrong comes first", async () => {
		await stage.edit(({ databases }) => {
			databases.main.diskGb = 10;
		});
		await runner.commit();
		const { code, body } = await comment();
		assert.notEqual(code, 0);
		const [, top = ""] = /^### Preview of `staging`: it fails\n\n(.*)$/m.exec(body) ?? [];
		assert.match(top, /^- \*\*error\*\*: .* database "main" has a disk of 20 GB and cannot go to 10 GB/);
	});
});

/** The engine lists what runs beside each other as it comes. */
const sorted = (text: string) => [...new Set(text.split("\n"))].sort();

/** The example with another comment below its own words. */
async function withComment(body: string): Promise<string> {
	const page = await readFile(example, "utf8");
	return page.replace(commentOf(page), () => body);
}
