/** What an import makes comes up on the real engine: one of the cases, and all of them in `npm run test:matrix`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defineImage } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { parse } from "yaml";
import { openStageFile, succeed } from "../support/stage.ts";
import { caseNames, withImport } from "./cases.ts";

const names = process.env.MATRIX === "all" ? caseNames : ["stack"];

interface AppBlock {
	image: string;
	services: Record<string, object>;
}

for (const name of names) {
	test(`${name} comes up, and a second update changes nothing`, async (t) => {
		const files = await withImport(name, async (run) => run.files);
		const [, text = ""] = [...files].find(([file]) => file.startsWith("Pulumi.")) ?? [];
		const stage = await openStageFile(t, "case", text);
		const { config } = parse(text);
		for (const { image, services } of Object.values(config["medstack-to-aptible:apps"] as Record<string, AppBlock>)) {
			defineImage(stage.aptible.dir, image, Object.keys(services));
		}
		const secrets = [...new Set([...text.matchAll(/\$\{secrets\.(\w+)\}/g)].map(([, secret]) => secret))];
		const values = secrets.flatMap((secret) => [
			"--secret",
			`medstack-to-aptible:secrets.${secret}=value-of-${secret}`,
		]);
		if (values.length > 0) await succeed(stage.pulumi("config", "set-all", "--path", ...values));
		await succeed(stage.up());
		stage.newMutations();
		await succeed(stage.up("--expect-no-changes"));
		assert.deepEqual(stage.newMutations(), []);
	});
}
