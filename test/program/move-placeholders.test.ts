/** What apps get in a rehearsal that is kept: seen in a preview of the real engine. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openStage, succeed } from "../support/stage.ts";

interface Command {
	urn: string;
	inputs?: { interpreter?: string[]; stdin?: string; environment?: Record<string, unknown> };
}

test("in prepare an app is configured with placeholders for what the smoke test names, and its Command is given no such secret", async (t) => {
	const stage = await openStage(t, "staging", (blocks) => {
		const { environment, apps, databases } = blocks;
		delete blocks.logDrains;
		delete apps.reports;
		delete databases.cache;
		delete environment.backups;
		Object.assign(environment, { stack: "acme-prod-ca", phi: true });
		apps.portal.config = { SMTP_URL: "smtp://portal:${secrets.smtpPassword}@mail", KEY: "${secrets.otherKey}" };
		blocks.move = {
			phase: "prepare",
			from: { addresses: ["203.0.113.9"] },
			databases: { main: {} },
			smoke: { path: "/health", text: "ok", placeholders: ["smtpPassword"] },
		};
	});
	await stage.setSecret("smtpPassword", "sentinel-of-the-mail");
	await stage.setSecret("otherKey", "sentinel-of-a-key");
	const { steps } = JSON.parse(await succeed(stage.preview("--json"))) as { steps: { newState?: Command }[] };
	const app = steps.find(({ newState }) => newState?.inputs?.interpreter?.at(-1) === "app")?.newState?.inputs;
	assert.deepEqual(JSON.parse(app?.stdin ?? "").config, {
		SMTP_URL: "smtp://portal:placeholder-of-a-rehearsal@mail",
		KEY: "${secrets.otherKey}",
	});
	const given = Object.keys(app?.environment ?? {}).filter((name) => name.startsWith("SECRETS_"));
	assert.ok(given.includes("SECRETS_otherKey"));
	assert.ok(!given.includes("SECRETS_smtpPassword"));
});
