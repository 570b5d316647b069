/** `npm run up` in front of a `pulumi` that says what it was given. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";

const main = path.join(import.meta.dirname, "../../up/main.ts");
/** Runs until it is told to end, 5 s at most, and then ends as an update does that is cancelled. */
const pulumi = `#!/bin/sh
trap 'echo cancelled; exit 7' TERM HUP
echo "$MEDSTACK_TO_APTIBLE_RELEASE: $*"
turn=0
while [ "$turn" -lt 50 ]; do sleep 0.1; turn=$((turn + 1)); done
`;

test("npm run up hands over the apps of --release, every other option, and what ends it", async (t) => {
	const dir = mkdtempSync(path.join(tmpdir(), "up-"));
	t.after(() => rmSync(dir, { recursive: true }));
	writeFileSync(path.join(dir, "pulumi"), pulumi);
	chmodSync(path.join(dir, "pulumi"), 0o755);
	const start = (folder: string, ...args: string[]) => {
		const child = spawn(process.execPath, [main, ...args], { env: { PATH: `${folder}:/usr/bin:/bin` } });
		const said = { text: "" };
		for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said.text += chunk));
		return { child, said };
	};

	for (const signal of ["SIGTERM", "SIGHUP"] as const) {
		await t.test(`${signal} ends the update, whose exit code is passed on`, async () => {
			const { child, said } = start(dir, "--release", "portal", "--stack", "prod", "--release=reports", "--yes");
			await once(child.stdout, "data");
			child.kill(signal);
			assert.deepEqual(await once(child, "close"), [7, null]);
			assert.equal(said.text, "portal,reports: up --stack prod --yes\ncancelled\n");
		});
	}

	await t.test("a --release of nothing and a missing pulumi are said", async () => {
		for (const [folder, args, says] of [
			[dir, ["--release", "--stack", "prod"], /^usage: npm run up/],
			["/none", ["--stack", "prod"], /^the `pulumi` CLI is not on PATH/],
		] as const) {
			const { child, said } = start(folder, ...args);
			assert.deepEqual(await once(child, "close"), [1, null]);
			assert.match(said.text, says);
		}
	});
});
