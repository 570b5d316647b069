/**
 * The container's process. It takes no argument, and says what it does on stdout, one line with its time for each thing. Without
 * `MOVE_STEP` it is the mover, which listens on nothing; a signal ends it within ten seconds, and whoever starts it again has it go on
 * where it stopped. With `MOVE_STEP=page` it is the maintenance page's service, which alone listens, and is given no secret.
 */
import { once } from "node:events";
import process from "node:process";
import { nameStage } from "./commands.ts";
import { ConfigurationError, readConfiguration } from "./configuration.ts";
import { Mask } from "./mask.ts";

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

const step = process.env.MOVE_STEP || "move";
const isPage = step === "page";
const ended = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) {
	process.on(signal, () => {
		if (!isPage) report(`${signal}: ends; what is done stays, and the next mover goes on from it`);
		ended.abort(new Error(signal));
		setTimeout(() => process.exit(0), END_MS).unref();
	});
}

try {
	if (isPage) {
		await page();
	} else if (step === "move") {
		const configuration = readConfiguration(process.env, mask);
		completed = (line) => nameStage(line, configuration.stage);
		const [{ engines }, { runMover }] = await Promise.all([import("./engines.ts"), import("./mover.ts")]);
		await runMover({ configuration, engines, report, signal: ended.signal });
	} else {
		throw new ConfigurationError(`MOVE_STEP: "${step}" is none; allowed: page; leave it out for the mover`);
	}
} catch (error) {
	if (!ended.signal.aborted) {
		const lines = error instanceof Error ? error.message.split("\n") : [String(error)];
		for (const line of lines) report(line);
		process.exitCode = error instanceof ConfigurationError ? 2 : 1;
	}
}

/** Until a signal. What it logs is JSON alone, for the step `watch`. */
async function page(): Promise<void> {
	const [{ readPageConfiguration }, { servePage }] = await Promise.all([
		import("./page/configuration.ts"),
		import("./page/server.ts"),
	]);
	const server = await servePage(readPageConfiguration(process.env), (line) => {
		process.stdout.write(`${JSON.stringify(line)}\n`);
	});
	if (!ended.signal.aborted) await once(ended.signal, "abort");
	await server.close();
}
