import { existsSync, realpathSync } from "node:fs";
import path from "node:path";
import { findExecutable } from "../plugins/command-line.ts";
import { buildEngine } from "./build.ts";
import { cacheFolder, type PinnedModule, readPinnedModule } from "./cache.ts";
import { downloadEngine } from "./download.ts";
import { isAtLeast, versionOf } from "./version.ts";

/** The first version whose hooks and retries do what the program relies on. */
const OLDEST_VERSION = "3.245.0";

/** A Pulumi CLI that can be run. */
export interface Engine {
	binary: string;
	/** Without the `v`. */
	version: string;
	/** Whether it is a release of Pulumi's own, which brings its language host and can fetch released plugins. */
	released: boolean;
}

/** Where to say what is being done, a line at a time. */
export type Report = (line: string) => void;

/** Finds a Pulumi CLI: on PATH, in the cache, by the SDK's own download, or else by building its pinned Go module. */
export async function findEngine(report: Report): Promise<Engine> {
	const module = await readPinnedModule(import.meta.dirname);
	const engines = path.join(cacheFolder(), "engine");
	return (
		(await findOnPath(report)) ??
		findCached(engines, module, report) ??
		(await download(engines, module, report)) ??
		(await build(engines, module, report))
	);
}

async function findOnPath(report: Report): Promise<Engine | undefined> {
	const binary = findExecutable("pulumi");
	const version = binary && (await versionOf(binary, ["version"]));
	if (!version) {
		return undefined;
	}
	if (!isAtLeast(version, OLDEST_VERSION)) {
		report(`engine: pulumi v${version} on PATH is too old and is passed over; ${OLDEST_VERSION} or newer is needed`);
		return undefined;
	}
	report(`engine: pulumi v${version}, from PATH`);
	return { binary: realpathSync(binary), version, released: true };
}

function findCached(engines: string, module: PinnedModule, report: Report): Engine | undefined {
	const released = releasedBinary(engines, module);
	if (existsSync(released)) {
		report(`engine: pulumi v${module.version} (released, cached)`);
		return { binary: released, version: module.version, released: true };
	}
	const built = builtBinary(engines, module);
	if (existsSync(built)) {
		report(`engine: pulumi v${module.version} (Go module build, cached)`);
		return { binary: built, version: module.version, released: false };
	}
	return undefined;
}

async function download(engines: string, module: PinnedModule, report: Report): Promise<Engine | undefined> {
	const started = Date.now();
	const binary = releasedBinary(engines, module);
	const failure = await downloadEngine(path.dirname(path.dirname(binary)));
	if (failure !== undefined) {
		report(`engine: no download (${failure}), so pulumi v${module.version} is built from its Go module`);
		return undefined;
	}
	report(`engine: pulumi v${module.version}, downloaded in ${seconds(started)} s`);
	return { binary, version: module.version, released: true };
}

async function build(engines: string, module: PinnedModule, report: Report): Promise<Engine> {
	const started = Date.now();
	const binary = builtBinary(engines, module);
	await buildEngine({ folder: import.meta.dirname, module, binary, report });
	report(`engine: pulumi v${module.version}, built from its Go module in ${seconds(started)} s`);
	return { binary, version: module.version, released: false };
}

function releasedBinary(engines: string, module: PinnedModule): string {
	return path.join(engines, `v${module.version}-released`, "bin", "pulumi");
}

function builtBinary(engines: string, module: PinnedModule): string {
	return path.join(engines, module.key, "pulumi");
}

function seconds(started: number): number {
	return Math.round((Date.now() - started) / 1000);
}
