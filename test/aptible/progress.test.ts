import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { heartbeatMs } from "../../aptible/client/wait.ts";
import { Context } from "../../aptible/context.ts";

test("what is done side by side shows each its own log", async (t) => {
	const dir = await mkdtemp(join(tmpdir(), "medstack-to-aptible-"));
	t.after(() => rm(dir, { recursive: true, force: true }));
	const fake = join(dir, "aptible");
	await writeFile(
		fake,
		`#!/bin/sh\necho "2026-11-20 10:00:00 +0000 INFO -- : scaling $1"\nwhile [ ! -e ${dir}/end ]; do sleep 0.1; done\n`,
	);
	await chmod(fake, 0o755);
	const path = process.env.PATH;
	process.env.PATH = [dir, path].join(delimiter);
	t.after(() => {
		process.env.PATH = path;
	});
	const told: string[] = [];
	const context = new Context({ write: (text) => void told.push(text.trim()) });
	t.mock.timers.enable({ apis: ["setInterval"] });
	const names = ["web", "worker", "cron"];
	const work = names.map((name) => context.during(`service ${name}`, () => context.cli.change([name])));
	await sleep(1_500);
	t.mock.timers.tick(heartbeatMs);
	await writeFile(join(dir, "end"), "");
	await Promise.all(work);
	assert.deepEqual(
		told.slice(names.length).map((line) => line.replace(/\d+ s/, "N s")),
		names.map((name) => `service ${name}: N s, 2026-11-20 10:00:00 +0000 INFO -- : scaling ${name}`),
	);
});
