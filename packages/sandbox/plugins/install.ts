import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { lstat, mkdir, readdir, readFile, readlink, rename, stat, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
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

/** In bytes: whatever is longer is no shim of ours. */
const LONGEST_SHIM = 4096;

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
 * Puts all plugins in place: released ones where they are there or can be had, stand-ins elsewhere, saying which.
 *
 * @returns the names of those that are stand-ins
 */
export async function installPlugins(installation: Installation): Promise<string[]> {
	const standIns = await Promise.all([
		installLanguageHost(installation),
		...RESOURCE_PLUGINS.map((plugin) => installResourcePlugin(plugin, installation)),
	]);
	return standIns.flat();
}

async function installLanguageHost({ engine, home, report }: Installation): Promise<string[]> {
	const label = `plugin: language host nodejs v${engine.version}`;
	if (existsSync(path.join(path.dirname(engine.binary), "pulumi-language-nodejs"))) {
		report(`${label}, released, beside the engine`);
		return [];
	}
	const place = { folder: `language-nodejs-v${engine.version}`, file: "pulumi-language-nodejs", home };
	const released = await findReleased(place, "language-host.ts");
	if (released !== undefined) {
		await link(released, place);
		report(`${label}, released, from ${released}`);
		return [];
	}
	await writeShim(place, "language-host.ts");
	report("plugin: language host nodejs, stand-in (there is none beside the engine)");
	return ["nodejs"];
}

async function installResourcePlugin(plugin: ResourcePlugin, installation: Installation): Promise<string[]> {
	const { engine, home, report } = installation;
	const { name, version, standIn, neverReleased } = plugin;
	const label = `plugin: ${name} v${version}`;
	const place = { folder: `resource-${name}-v${version}`, file: `pulumi-resource-${name}`, home };
	const there = await findReleased(place, standIn);
	if (neverReleased !== undefined && there === path.join(home, "plugins", place.folder)) {
		throw new Error(`${there} has a released plugin, which is never used here (${neverReleased}); move it away`);
	}
	const failure = neverReleased ?? (there === undefined ? await fetchReleased(plugin, engine) : undefined);
	if (failure === undefined) {
		const released = there ?? path.join(downloadFolder(), place.folder);
		await link(released, place);
		report(`${label}, released, from ${released}`);
		return [];
	}
	await writeShim(place, standIn);
	report(`${label}, stand-in (${failure})`);
	return [name];
}

/** One plugin in the sandbox: the name of its folder, and of the executable in it. */
interface Place {
	folder: string;
	file: string;
	home: string;
}

/** Where `pulumi plugin install` puts what the sandbox downloads. */
function downloadFolder(): string {
	return path.join(cacheFolder(), "pulumi-home", "plugins");
}

/** The folder of a whole released plugin: in the sandbox itself, in the person's own Pulumi, or downloaded by an earlier run. */
async function findReleased({ folder, file, home }: Place, standIn: string): Promise<string | undefined> {
	const own = process.env.PULUMI_HOME;
	const homes = [home, ...(own ? [own] : []), path.join(os.homedir(), ".pulumi")];
	const folders = [...homes.map((one) => path.join(one, "plugins")), downloadFolder()].map((one) =>
		path.join(one, folder),
	);
	for (const one of folders) {
		const executable = path.join(one, file);
		const isWhole = existsSync(executable) && !existsSync(`${one}.partial`);
		if (isWhole && !(await isLink(executable)) && !(await isShim(executable, standIn))) return one;
	}
	return undefined;
}

async function isLink(file: string): Promise<boolean> {
	return (await lstat(file)).isSymbolicLink();
}

async function isShim(file: string, standIn: string): Promise<boolean> {
	if ((await stat(file)).size > LONGEST_SHIM) return false;
	const text = await readFile(file, "utf8");
	return text.startsWith("#!/bin/sh\nexec ") && text.includes(path.basename(standIn));
}

/** Leads the sandbox to a plugin that is elsewhere, file by file: the engine takes no folder that is a link. */
async function link(released: string, { folder, home }: Place): Promise<void> {
	const target = path.join(home, "plugins", folder);
	if (released === target) return;
	await mkdir(target, { recursive: true });
	for (const name of await readdir(released)) {
		const [from, to] = [path.join(released, name), path.join(target, name)];
		if ((await readlink(to).catch(() => "")) === from) continue;
		await replace(to, (partial) => symlink(from, partial));
	}
}

/** Brings a released plugin to the cache, once; says why when it cannot. */
async function fetchReleased(plugin: ResourcePlugin, engine: Engine): Promise<string | undefined> {
	if (!engine.released) return "none is installed, and the server of released plugins is not in reach";
	const failed = path.join(downloadFolder(), `resource-${plugin.name}-v${plugin.version}.failed`);
	const lastFailure = (await stat(failed).catch(() => undefined))?.mtimeMs ?? 0;
	if (Date.now() - lastFailure < RETRY_AFTER_MS) return "its download failed within the last day";
	try {
		await execute(engine.binary, ["plugin", "install", "resource", plugin.name, plugin.version], {
			env: { ...process.env, PULUMI_HOME: path.dirname(downloadFolder()), PULUMI_SKIP_UPDATE_CHECK: "true" },
			timeout: DOWNLOAD_TIMEOUT_MS,
			killSignal: "SIGKILL",
		});
		return undefined;
	} catch {
		await mkdir(path.dirname(failed), { recursive: true });
		await writeFile(failed, "");
		return "it could not be downloaded";
	}
}

/** An executable that runs a stand-in on the Node that runs this, whichever `node` the engine would find on PATH. */
async function writeShim({ folder, file, home }: Place, standIn: string): Promise<void> {
	const words = [process.execPath, path.join(import.meta.dirname, standIn)].map(quoteForShell);
	const text = `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`;
	const target = path.join(home, "plugins", folder, file);
	await mkdir(path.dirname(target), { recursive: true });
	const isThere =
		(await readlink(target).catch(() => "")) === "" && (await readFile(target, "utf8").catch(() => "")) === text;
	if (!isThere) await replace(target, (partial) => writeFile(partial, text, { mode: 0o755 }));
}

/** Makes a file by a rename: another run of the same sandbox may be starting it right now. */
async function replace(file: string, make: (partial: string) => Promise<void>): Promise<void> {
	const partial = path.join(path.dirname(path.dirname(file)), `${path.basename(file)}.${process.pid}`);
	await make(partial);
	await rename(partial, file);
}

function quoteForShell(word: string): string {
	return `'${word.replaceAll("'", "'\\''")}'`;
}
