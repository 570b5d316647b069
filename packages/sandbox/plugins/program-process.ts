/**
 * Runs programs of Pulumi one after the other in one process of Node, each as in a process of its own: with its own environment, arguments and
 * state of the SDK, and all modules of the program loaded anew. What stays is what is in `node_modules`. It runs the SDK's own runner
 * (`@pulumi/pulumi/cmd/run`), and a run is over where a process of its own would end: when there is nothing left to do.
 *
 * `warm-programs.ts` sends the runs.
 */
import { createRequire, registerHooks } from "node:module";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { END, type Run } from "./warm-programs.ts";

/** Where the SDK keeps what it knows of a run. */
interface SdkGlobals {
	globalStore?: object;
	stackResource?: unknown;
}

/** How often the event loop runs empty in a run: before the SDK listens for it, before it tells the engine, and after that. */
const TIMES_EMPTY = 3;

const require = createRequire(import.meta.url);
const globals = globalThis as SdkGlobals;
/** What `--import` has loaded, which a process loads once. */
const imported = new Set(
	process.execArgv.flatMap((word, index, words) =>
		words[index - 1] === "--import" ? pathToFileURL(path.resolve(word)).href : [],
	),
);
const events = ["beforeExit", "exit", "uncaughtException", "unhandledRejection"] as const;
let runs = 0;
let timesEmpty = 0;

registerHooks({
	resolve(specifier, context, next) {
		const found = next(specifier, context);
		const isOwn = found.url.startsWith("file:") && !found.url.includes("/node_modules/") && !imported.has(found.url);
		if (runs < 2 || !isOwn || !context.conditions.includes("import")) return found;
		return { ...found, url: `${found.url}?run=${runs}` };
	},
});

process.on("message", (message) => start(message as Run));
process.on("disconnect", () => process.exit());

function start({ runner, args, env, cwd }: Run): void {
	// From here on it does not count as something to do.
	process.channel?.unref();
	runs += 1;
	timesEmpty = 0;
	for (const name of Object.keys(process.env)) {
		if (!(name in env)) delete process.env[name];
	}
	Object.assign(process.env, env);
	process.chdir(cwd);
	process.argv = [process.execPath, runner, ...args];
	process.on("beforeExit", noticeEmpty);
	for (const file of [runner, path.join(path.dirname(runner), "run.js")]) delete require.cache[file];
	require(runner);
}

function noticeEmpty(): void {
	timesEmpty += 1;
	if (timesEmpty === TIMES_EMPTY) end();
	else setImmediate(() => {});
}

function end(): void {
	const code = process.exitCode ?? 0;
	for (const listener of process.listeners("exit")) listener.call(process, Number(code));
	const line = `${END}${process.exitCode ?? code}\n`;
	for (const event of events) process.removeAllListeners(event);
	process.exitCode = undefined;
	forgetRun();
	process.channel?.ref();
	process.stdout.write(line);
	process.stderr.write(line);
}

/** The SDK makes its state when it is first asked for; packages that stay loaded have registered themselves in it. */
function forgetRun(): void {
	const { resourcePackages, resourceModules } = (globals.globalStore ?? {}) as Record<string, unknown>;
	delete globals.stackResource;
	let store: object | undefined;
	Object.defineProperty(globals, "globalStore", {
		configurable: true,
		get: () => store,
		set: (made: object) => {
			store = Object.assign(made, { resourcePackages, resourceModules });
		},
	});
}
