/**
 * `npm run setup`: installs what package-lock.json names, unless it is installed. Two at once would break each other's node_modules, so
 * the second waits. Plain JavaScript, as it runs on whichever Node there is.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const lock = ".setup.lock";
const pollMs = 500;
/** A lock is written right after it is made; one with nothing in it for longer was left by a run that was killed in between. */
const emptyLockMs = 5_000;

if (process.platform === "win32") {
	process.stderr.write(
		"medstack-to-aptible runs on Linux and macOS. On Windows, use WSL: https://learn.microsoft.com/windows/wsl/install\n",
	);
	process.exit(1);
}
let announced = false;
while (!isInstalled()) {
	const holder = takeLock();
	if (holder === undefined) {
		// Whoever had the lock may have installed it since.
		const { status } = isInstalled() ? { status: 0 } : install();
		rmSync(lock, { force: true });
		process.exit(status ?? 1);
	}
	if (holder > 0 && !announced) {
		announced = true;
		process.stderr.write(
			`npm run setup: waiting for process ${holder}; remove ${lock} if that is no other npm run setup\n`,
		);
	}
	await sleep(pollMs);
}

function install() {
	process.stderr.write("npm run setup: installing 600 packages, which takes about a minute\n");
	return spawnSync("npm", ["ci", "--no-audit", "--no-fund"], { stdio: "inherit" });
}

function isInstalled() {
	const [installed, wanted] = ["node_modules/.package-lock.json", "package-lock.json"].map(
		(file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0,
	);
	return installed > wanted;
}

/** Takes the lock, or gives the process that holds it; 0 where none is known (yet), and another try may take it. */
function takeLock() {
	try {
		writeFileSync(lock, String(process.pid), { flag: "wx" });
		return undefined;
	} catch (error) {
		if (error.code !== "EEXIST") throw error;
	}
	try {
		const holder = readFileSync(lock, "utf8");
		if (isHeld(Number(holder))) return Number(holder);
		removeStale(holder);
	} catch (error) {
		// Another process was faster.
		if (error.code !== "ENOENT") throw error;
	}
	return 0;
}

function isHeld(holder) {
	if (holder === 0) return Date.now() - statSync(lock).mtimeMs < emptyLockMs;
	// A container that is started again gives out the same numbers.
	if (holder === process.pid) return false;
	try {
		return process.kill(holder, 0);
	} catch (error) {
		return error.code !== "ESRCH";
	}
}

/** Moves it aside first, which one of several processes can do; should it be a new one by now, it goes back. */
function removeStale(holder) {
	const aside = `${lock}.${process.pid}`;
	renameSync(lock, aside);
	if (readFileSync(aside, "utf8") === holder) rmSync(aside, { force: true });
	else renameSync(aside, lock);
}
