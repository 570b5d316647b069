/**
 * Runs scripts one after the other in one process of Node, each as in a process of its own: with its own arguments, environment and standard
 * streams, and the modules of its own loaded anew. What stays is what is in `node_modules`, and TypeScript in the folders that the run names for
 * holding no state. A run is over where a process of its own would end: when there is nothing left to do.
 *
 * `warm-node.ts` starts it and sends the runs. Plain JavaScript, since it may be any Node that is on PATH.
 */
import * as modules from "node:module";
import path from "node:path";
import process from "node:process";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";

/** How often the event loop runs empty in a run: before Pulumi's runner listens for it, before that tells the engine, and after it. */
const TIMES_EMPTY = 3;

const require = modules.createRequire(import.meta.url);
/** What `--import` has loaded, which a process loads once. */
const imported = new Set(
	process.execArgv.flatMap((word, index, words) =>
		words[index - 1] === "--import" ? pathToFileURL(path.resolve(word)).href : [],
	),
);
let entry = "";
let kept = [];
let runs = 0;
let timesEmpty = 0;

modules.registerHooks?.({
	resolve(specifier, context, next) {
		const found = next(specifier, context);
		const isOwn = found.url.startsWith("file:") && !found.url.includes("/node_modules/") && !imported.has(found.url);
		const isKept =
			found.url.endsWith(".ts") && found.url !== entry && kept.some((folder) => found.url.startsWith(folder));
		if (runs < 2 || !isOwn || isKept || !context.conditions.includes("import")) return found;
		return { ...found, url: `${found.url}?run=${runs}` };
	},
});

process.on("disconnect", () => process.exit());
process.on("message", start);
const usual = new Map(process.eventNames().map((event) => [event, process.listeners(event)]));

function start({ script, args, env, cwd, stdin, keeps, mark }) {
	// From here on it does not count as something to do.
	process.channel.unref();
	runs += 1;
	timesEmpty = 0;
	for (const name of Object.keys(process.env)) {
		if (!(name in env)) delete process.env[name];
	}
	Object.assign(process.env, env);
	process.chdir(cwd);
	kept = keeps.map((folder) => `${pathToFileURL(path.resolve(folder))}/`);
	process.argv = [process.execPath, script, ...args];
	const input = Readable.from(stdin === undefined ? [] : [Buffer.from(stdin)]);
	Object.defineProperty(process, "stdin", { value: input, configurable: true });
	entry = pathToFileURL(script).href;
	process.on("beforeExit", () => {
		timesEmpty += 1;
		if (timesEmpty === TIMES_EMPTY) end(mark);
		else setImmediate(() => {});
	});
	if (script.includes("/node_modules/")) runAgain(script);
	else void import(entry);
}

/** Pulumi's runner, `@pulumi/pulumi/cmd/run`: a file and its neighbour that do what they do as they are loaded. */
function runAgain(runner) {
	for (const file of [runner, path.join(path.dirname(runner), "run.js")]) delete require.cache[file];
	require(runner);
}

function end(mark) {
	const code = process.exitCode ?? 0;
	for (const listener of process.listeners("exit")) listener.call(process, code);
	const line = `${mark}${process.exitCode ?? code}\n`;
	for (const event of process.eventNames()) {
		for (const listener of process.listeners(event)) {
			if (!usual.get(event)?.includes(listener)) process.off(event, listener);
		}
	}
	process.exitCode = undefined;
	forgetPulumi();
	process.channel.ref();
	process.stdout.write(line);
	process.stderr.write(line);
}

/** Pulumi's SDK makes its state when it is first asked for; packages that stay loaded have registered themselves in it. */
function forgetPulumi() {
	const { resourcePackages, resourceModules } = globalThis.globalStore ?? {};
	delete globalThis.stackResource;
	let store;
	Object.defineProperty(globalThis, "globalStore", {
		configurable: true,
		get: () => store,
		set: (made) => {
			store = Object.assign(made, { resourcePackages, resourceModules });
		},
	});
}
