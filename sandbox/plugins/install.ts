import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { cacheFolder } from "../engine/cache.ts";
import type { Engine, Report } from "../engine/find.ts";

const execute = promisify(execFile);

/** How long a released plugin may take to come. */
const DOWNLOAD_TIMEOUT_MS = 60_000;

/** How long a failed download is not tried again, so that a machine without the server does not wait on every run. */
const RETRY_AFTER_MS = 24 * 60 * 60 * 1000;

/** A resource plugin that the program uses, and the file here that stands in for it. */
interface ResourcePlugin {
	name: string;
	version: string;
	standIn: string;
	/**
	 * Why the released one is never used.
	 *
	 * @default - it is used where it can be had
	 */
	neverReleased?: string;
}

/** The versions are those that package.json pins: the engine takes no other. */
const RESOURCE_PLUGINS: ResourcePlugin[] = [
	{ name: "command", version: "1.2.1", standIn: "command-provider.ts" },
	{
		name: "azure-native",
		version: "3.28.0",
		standIn: "../azure/provider.ts",
		neverReleased: "the sandbox has an Azure of its own, with Azurite for blobs and its own check of addresses",
	},
];

/** Where the plugins are to go. */
export interface Installation {
	engine: Engine;
	/** The `PULUMI_HOME` of the sandbox. */
	home: string;
	report: Report;
}

/**
 * Puts all plugins in place: released ones where the engine can have them, stand-ins elsewhere, saying which.
 *
 * @returns whether any is a stand-in
 */
export async function installPlugins(installation: Installation): Promise<boolean> {
	const languageStandsIn = await installLanguageHost(installation);
	const standIns = await Promise.all(RESOURCE_PLUGINS.map((plugin) => installResourcePlugin(plugin, installation)));
	return languageStandsIn || standIns.includes(true);
}

async function installLanguageHost({ engine, home, report }: Installation): Promise<boolean> {
	if (existsSync(path.join(path.dirname(engine.binary), "pulumi-language-nodejs"))) {
		report(`plugin: language host nodejs v${engine.version}, released, beside the engine`);
		return false;
	}
	const folder = path.join(home, "plugins", `language-nodejs-v${engine.version}`);
	await writeShim(path.join(folder, "pulumi-language-nodejs"), "language-host.ts");
	report("plugin: language host nodejs, stand-in (there is none beside the engine)");
	return true;
}

async function installResourcePlugin(plugin: ResourcePlugin, installation: Installation): Promise<boolean> {
	const { engine, home, report } = installation;
	const folder = path.join(home, "plugins", `resource-${plugin.name}-v${plugin.version}`);
	const failure =
		plugin.neverReleased ??
		(engine.released ? await fetchReleased(plugin, engine, folder) : "the server of released plugins is not in reach");
	if (failure === undefined) {
		report(`plugin: ${plugin.name} v${plugin.version}, released`);
		return false;
	}
	await writeShim(path.join(folder, `pulumi-resource-${plugin.name}`), plugin.standIn);
	report(`plugin: ${plugin.name} v${plugin.version}, stand-in (${failure})`);
	return true;
}

/** Brings a released plugin to the cache, once, and from there to the sandbox; says why when it cannot. */
async function fetchReleased(plugin: ResourcePlugin, engine: Engine, folder: string): Promise<string | undefined> {
	const shared = path.join(cacheFolder(), "pulumi-home");
	const cached = path.join(shared, "plugins", path.basename(folder));
	const failed = `${cached}.failed`;
	if (!existsSync(cached) || existsSync(`${cached}.partial`)) {
		const lastFailure = (await stat(failed).catch(() => undefined))?.mtimeMs ?? 0;
		if (Date.now() - lastFailure < RETRY_AFTER_MS) {
			return "its download failed within the last day";
		}
		try {
			await execute(engine.binary, ["plugin", "install", "resource", plugin.name, plugin.version], {
				env: { ...process.env, PULUMI_HOME: shared, PULUMI_SKIP_UPDATE_CHECK: "true" },
				timeout: DOWNLOAD_TIMEOUT_MS,
				killSignal: "SIGKILL",
			});
		} catch {
			await mkdir(path.dirname(failed), { recursive: true });
			await writeFile(failed, "");
			return "it could not be downloaded";
		}
	}
	const file = `pulumi-resource-${plugin.name}`;
	const sizes = await Promise.all([cached, folder].map((place) => stat(path.join(place, file)).catch(() => undefined)));
	if (sizes[0]?.size !== sizes[1]?.size) {
		await cp(cached, folder, { recursive: true });
	}
	return undefined;
}

/**
 * An executable that runs a stand-in on the Node that runs this, whichever `node` the engine would find on PATH. It
 * comes by a rename, and only if it changes: another run of the same sandbox may be starting it right now.
 */
async function writeShim(file: string, standIn: string): Promise<void> {
	const words = [process.execPath, path.join(import.meta.dirname, standIn)].map(quoteForShell);
	const text = `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`;
	if ((await readFile(file, "utf8").catch(() => "")) === text) {
		return;
	}
	const partial = path.join(path.dirname(path.dirname(file)), `${path.basename(file)}.${process.pid}`);
	await mkdir(path.dirname(file), { recursive: true });
	await writeFile(partial, text, { mode: 0o755 });
	await rename(partial, file);
}

function quoteForShell(word: string): string {
	return `'${word.replaceAll("'", "'\\''")}'`;
}
