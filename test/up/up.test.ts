/** `npm run up` in front of a `pulumi` that says what it was given. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";

const main = path.join(import.meta.dirname, "../../up/main.ts");
/** Ends at the first signal as an update does that is cancelled, a moment later, and at a second one at once; after 5 s by itself. */
const pulumi = `#!${process.execPath}
let isCancelled = false;
function cancel() {
	if (isCancelled) process.exit(9);
	isCancelled = true;
	setTimeout(() => {
		console.log("cancelled");
		process.exit(7);
	}, 200);
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, cancel);
setTimeout(() => {}, 5000);
console.log([process.env.MEDSTACK_TO_APTIBLE_RELEASE + ":", ...process.argv.slice(2)].join(" "));
`;

test("npm run up hands over the apps of --release, every other option, and what ends it", async (t) => {
	const dir = mkdtempSync(path.join(tmpdir(), "up-"));
	t.after(() => rmSync(dir, { recursive: true }));
	writeFileSync(path.join(dir, "pulumi"), pulumi);
	chmodSync(path.join(dir, "pulumi"), 0o755);
	const start = (folder: string, ...args: string[]) => {
		const child = spawn(process.execPath, [main, ...args], {
			env: { PATH: `${folder}:/usr/bin:/bin` },
			detached: true,
		});
		const said = { text: "" };
		for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said.text += chunk));
		return { child, said };
	};

	for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
		await t.test(`after ${signal} the end of the update is waited for, and its exit code passed on`, async () => {
			const { child, said } = start(dir, "--release", "portal", "--stack", "prod", "--release=reports", "--yes");
			await once(child.stdout, "data");
			process.kill(-(child.pid ?? 0), signal);
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
