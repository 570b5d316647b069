/** An app that CI releases, on the real engine, with the look for drift on throughout. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { callCli } from "@medstack-to-aptible/sandbox/aptible/cli.ts";
import { sandboxToken } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { runNode } from "../support/run-node.ts";
import { oneOfEach, openStage, type StageUnderTest, succeed } from "../support/stage.ts";

const portal = (tag: string) => `registry.acme.example/portal:${tag}`;

/** `aptible deploy` as another user, as a CI job runs it. */
async function deployByCi(stage: StageUnderTest, tag: string): Promise<void> {
	const env = { ...stage.sandbox.env, APTIBLE_ACCESS_TOKEN: sandboxToken("ci@acme.example") };
	const at = ["--app", "portal", "--environment", "acme-staging", "--docker-image", portal(tag)];
	const { code, stderr } = await callCli(["deploy", ...at, "APTIBLE_GIT_COMMIT_SHA=4f9a1c2"], env);
	assert.equal(code, 0, stderr);
	stage.newJournal();
}

/** A preview or an update that changes nothing and says nothing of releases. */
async function assertSilent(stage: StageUnderTest, run: "up" | "preview"): Promise<void> {
	const output = await succeed(stage[run]("--expect-no-changes"));
	assert.doesNotMatch(output, /DRIFT|warning|CI|--release/);
	assert.deepEqual(stage.newWrites(), []);
}

test("what CI deploys stays, until the stage file's image is asked for", async (t) => {
	const stage = await openStage(t, "staging", (blocks) => {
		oneOfEach(blocks);
		blocks.apps.portal.releasedBy = "ci";
	});
	stage.watchDrift();
	await succeed(stage.up());
	stage.newWrites();
	await assertSilent(stage, "up");

	await t.test("a deploy of CI's is no drift", async () => {
		await deployByCi(stage, "2026-11-25");
		await assertSilent(stage, "preview");
	});

	await t.test("a change of config and size keeps its image; a changed image is said, and not deployed", async () => {
		await stage.edit(({ apps }) => {
			apps.portal.image = portal("2026-12-01");
			apps.portal.config.GREETING = "hello";
			apps.portal.services.worker.containers = 2;
		});
		const output = await succeed(stage.up());
		assert.match(
			output,
			/image \S+2026-12-01 of the stage file is not deployed: image \S+2026-11-25 runs, and CI releases this app\. To deploy .* once: npm run up -- --release portal --stack staging/,
		);
		assert.deepEqual(stage.newWrites(), ["configure apps portal", "scale services worker"]);
		await assertSilent(stage, "preview");
	});

	await t.test("with --release it is deployed, once, and with the credentials of the day", async () => {
		await stage.setSecret("registryPassword", "token-of-the-evening");
		const args = ["--release", "portal", "--yes", "--skip-preview", "--non-interactive", ...stage.options];
		const { code, stdout, stderr } = await runNode("up/main.ts", args, stage.sandbox.env);
		assert.equal(code, 0, stdout + stderr);
		assert.match(stdout + stderr, /--release: image \S+2026-12-01 is deployed in place of image \S+2026-11-25/);
		const sent = stage.newJournal().filter(({ writes }) => writes.length > 0);
		assert.deepEqual(
			sent.map(({ command, argv }) => [command, argv.includes("--private-registry-password")]),
			[["deploy", true]],
		);
		await assertSilent(stage, "up");
	});

	await t.test("a later change does not deploy it again, and a later deploy of CI's stays", async () => {
		await deployByCi(stage, "2026-12-02");
		await stage.edit(({ apps }) => {
			apps.portal.config.GREETING = "good day";
		});
		await succeed(stage.up());
		assert.deepEqual(stage.newWrites(), ["configure apps portal"]);
	});

	await t.test("back to the stage file is said to deploy, and an app that it releases takes no --release", async () => {
		const back = ({ apps }: { apps: { portal: { releasedBy?: string } } }) => {
			delete apps.portal.releasedBy;
		};
		await stage.withChange(back as never, async () => {
			const says =
				/from now on the stage file releases it: image \S+2026-12-01 is deployed in place of image \S+2026-12-02 of CI's/;
			assert.match(await succeed(stage.preview()), says);
			const { code, stdout, stderr } = await stage.previewWith({ MEDSTACK_TO_APTIBLE_RELEASE: "portal" });
			assert.notEqual(code, 0);
			assert.match(stdout + stderr, /app "portal" is released by the stage file/);
		});
	});
});
