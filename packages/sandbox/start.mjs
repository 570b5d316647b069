/**
 * `npm run sandbox`: the help at once, anything else once all is installed. Plain JavaScript, as it runs on whichever Node there is, and
 * main.ts then on the one that was installed.
 */
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

const args = process.argv.slice(2);
const pathOf = (file) => fileURLToPath(new URL(file, import.meta.url));
if (["--help", "-h", "help"].includes(args[0])) {
	process.stdout.write(readFileSync(pathOf("help.txt"), "utf8"));
} else {
	const { status } = spawnSync(process.execPath, [pathOf("setup.mjs")], { stdio: "inherit" });
	if (status === 0) runMain();
	else process.exitCode = status ?? 1;
}

function runMain() {
	const argv = ["--disable-warning=ExperimentalWarning", pathOf("main.ts"), ...args];
	// Ctrl-C reaches what runs by itself, and it ends in its own time. Heard before it starts: a signal in between would leave it running.
	process.on("SIGINT", () => {});
	process.on("SIGTERM", () => child.kill("SIGTERM"));
	// npm puts the installed Node first on PATH.
	const child = spawn("node", argv, { stdio: "inherit" });
	child.on("close", (code, signal) => {
		process.exitCode = code ?? 128 + constants.signals[signal];
	});
}
