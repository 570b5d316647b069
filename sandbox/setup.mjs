/**
 * `npm run setup`: installs what package-lock.json names, unless it is installed. Two at once would break each other's node_modules, so
 * the second waits. Plain JavaScript of old, as it runs on whichever Node there is.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const lock = ".setup.lock";
const pollMs = 500;

if (process.platform === "win32") {
	process.stderr.write(
		"medstack-to-aptible runs on Linux and macOS. On Windows, use WSL: https://learn.microsoft.com/windows/wsl/install\n",
	);
	process.exit(1);
}
while (!isInstalled()) {
	if (takeLock()) {
		const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], { stdio: "inherit" });
		rmSync(lock, { force: true });
		process.exit(status ?? 1);
	}
	await sleep(pollMs);
}

function isInstalled() {
	const [installed, wanted] = ["node_modules/.package-lock.json", "package-lock.json"].map(
		(file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0,
	);
	return installed > wanted;
}

/** Takes the lock, also from a run that died; false when one is alive and holds it. */
function takeLock() {
	try {
		writeFileSync(lock, String(process.pid), { flag: "wx" });
		return true;
	} catch (error) {
		if (error.code !== "EEXIST") throw error;
		if (!isHeld()) rmSync(lock, { force: true });
		return false;
	}
}

function isHeld() {
	try {
		const holder = Number(readFileSync(lock, "utf8"));
		// It has no number yet while it is being written.
		return holder === 0 || process.kill(holder, 0);
	} catch (error) {
		return error.code !== "ESRCH";
	}
}
