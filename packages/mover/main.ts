/**
 * The container's process. It listens on nothing, takes no argument, and says what it does on stdout, one line with its time for each
 * thing. A signal ends it within ten seconds; whoever starts it again has it go on where it stopped.
 */
import process from "node:process";
import { nameStage } from "./commands.ts";
import { ConfigurationError, readConfiguration } from "./configuration.ts";
import { engines } from "./engines.ts";
import { Mask } from "./mask.ts";
import { runMover } from "./mover.ts";

/** Swarm kills what has not ended ten seconds after its SIGTERM. */
const END_MS = 9_000;

const mask = new Mask();
/** What is said of commands is what can be typed, once the stage is known. */
let completed = (line: string) => line;
/** One line, whatever is in it. */
const report = (line: string) => {
	const text = mask
		.apply(completed(line))
		.replaceAll(/\p{Cc}+/gu, " ")
		.slice(0, 2_000);
	process.stdout.write(`${new Date().toISOString()} ${text}\n`);
};

const ended = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) {
	process.on(signal, () => {
		report(`${signal}: ends; what is done stays, and the next mover goes on from it`);
		ended.abort(new Error(signal));
		setTimeout(() => process.exit(0), END_MS).unref();
	});
}

try {
	const configuration = readConfiguration(process.env, mask);
	completed = (line) => nameStage(line, configuration.stage);
	await runMover({ configuration, engines, report, signal: ended.signal });
} catch (error) {
	if (!ended.signal.aborted) {
		const lines = error instanceof Error ? error.message.split("\n") : [String(error)];
		for (const line of lines) report(line);
		process.exitCode = error instanceof ConfigurationError ? 2 : 1;
	}
}
