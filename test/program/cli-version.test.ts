import assert from "node:assert/strict";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { fail, openStage, succeed } from "../support/stage.ts";

test("the CLI's version is asked once for a binary, and one that is too old ends it before anything is registered", async (t) => {
	const stage = await openStage(t, "staging");
	stage.watchDrift();
	await succeed(stage.preview());
	await succeed(stage.preview());
	const asked = stage.newJournal().filter(({ source }) => source === "cli");
	assert.deepEqual(
		asked.map(({ command }) => command),
		["version"],
		"a look starts no CLI but this one",
	);

	const folder = join(stage.sandbox.dir, "old-cli");
	await mkdir(folder);
	await writeFile(join(folder, "aptible"), "#!/bin/sh\necho aptible-cli v0.25.0 toolbelt\n");
	await chmod(join(folder, "aptible"), 0o755);
	const text = await fail(stage.previewWith({ PATH: `${folder}${delimiter}${stage.sandbox.env.PATH}` }));
	assert.match(
		text,
		/the aptible CLI is 0\.25\.0, and this program needs 0\.26\.6 or newer\. Install Aptible's own package/,
	);
	assert.doesNotMatch(text, /\bat .*\.ts:\d+|command:local:Command/);
});
