import { mkdir } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { startClouds } from "./clouds.ts";
import { cacheFolder } from "./engine/cache.ts";
import { findEngine } from "./engine/find.ts";
import { installPlugins } from "./plugins/install.ts";
import type { Warmth } from "./plugins/warm-node.ts";
import { definedVariables, type Result, run } from "./run.ts";

/** Where a sandbox is and how much it says. */
export interface SandboxOptions {
	/** The checkout, which holds the program. */
	root: string;
	/**
	 * The folder of everything that the sandbox keeps.
	 *
	 * @default `<root>/.sandbox`
	 */
	dir?: string;
	/**
	 * Whether to say nothing of the engine and the plugins.
	 *
	 * @default false
	 */
	quiet?: boolean;
	/**
	 * Has `pulumi()` serve the stand-ins for plugins from this process, instead of having the engine start each of them anew, and run program
	 * and Commands in processes that have run one before.
	 *
	 * @default - they are processes of their own
	 */
	attach?: Warmth;
}

/** How to run one pulumi command. */
export interface PulumiOptions {
	/**
	 * The folder of the program.
	 *
	 * @default - the sandbox's `root`
	 */
	cwd?: string;
	/**
	 * Variables on top of the sandbox's own.
	 *
	 * @default - none
	 */
	env?: Record<string, string>;
	/**
	 * Whether the command has the terminal: what it prints is shown, not returned.
	 *
	 * @default false
	 */
	inherit?: boolean;
}

/** The real engine with everything it needs, against emulated clouds. */
export interface Sandbox {
	/** The folder of everything that the sandbox keeps. */
	dir: string;
	/** The whole environment for `pulumi`, `aptible` and whatever else is to run in the sandbox. */
	env: Record<string, string>;
	/** The names of the plugins that are stand-ins for released ones. */
	standIns: readonly string[];
	/** Runs pulumi to its end, whatever its exit code. */
	pulumi(args: string[], options?: PulumiOptions): Promise<Result>;
	/** Stops what the sandbox serves. Its state stays. */
	close(): Promise<void>;
}

/** Prepares a sandbox: engine, plugins, emulated clouds. Any number can be there at once, each with its own `dir`. */
export async function prepareSandbox(options: SandboxOptions): Promise<Sandbox> {
	const { root, dir = path.join(root, ".sandbox"), quiet = false, attach } = options;
	const report = quiet ? () => {} : (line: string) => void process.stderr.write(`${line}\n`);
	const home = path.join(dir, "pulumi-home");
	const state = path.join(dir, "state");
	await Promise.all([home, state].map((folder) => mkdir(folder, { recursive: true })));
	const engine = await findEngine(report);
	const standIns = await installPlugins({ engine, home, report });
	const clouds = await startClouds(dir);
	const folders = [...clouds.path, path.dirname(process.execPath), path.dirname(engine.binary)];
	const env: Record<string, string> = {
		...definedVariables(process.env),
		PATH: [...folders, process.env.PATH ?? ""].join(path.delimiter),
		PULUMI_HOME: home,
		// A kill in the middle of a sidecar file `.attrs` leaves it empty, and the state beside it unreadable (gocloud.dev/blob/fileblob/attrs.go).
		PULUMI_BACKEND_URL: `file://${state}?metadata=skip`,
		PULUMI_CONFIG_PASSPHRASE: "sandbox",
		PULUMI_SKIP_UPDATE_CHECK: "true",
		// What a program keeps for its user is none of this machine's.
		XDG_CACHE_HOME: path.join(dir, "cache"),
		// Engine, program and stand-ins load the SDK's 800 modules each time: 0.7 s without, 0.45 s with.
		NODE_COMPILE_CACHE: path.join(cacheFolder(), "node"),
		// The engine ends before its garbage is worth collecting, which takes 0.2 s of CPU in each run.
		GOGC: "off",
		GOMEMLIMIT: "512MiB",
		// A plugin that happens to be on PATH would be taken before the ones put in place here.
		PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
		...(standIns.length > 0 ? { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" } : {}),
		...clouds.env,
	};
	return {
		dir,
		env,
		standIns,
		pulumi: async (args, { cwd = root, env: more = {}, inherit = false } = {}) => {
			const variables = { ...env, ...more };
			// Loaded by whoever attaches them only.
			const attached =
				attach === undefined
					? undefined
					: await (await import("./plugins/attached.ts")).attachStandIns(standIns, {
							env: variables,
							cwd,
							warm: attach,
						});
			try {
				return await run(engine.binary, args, { cwd, env: { ...variables, ...attached?.env }, inherit });
			} finally {
				attached?.close();
			}
		},
		close: () => clouds.close(),
	};
}
