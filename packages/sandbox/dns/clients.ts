/** The clients of DNS hosts, which are optional and not installed with the project: fetched on first use, into the cache. */
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { cachedFolder } from "../cached-folder.ts";
import { cacheFolder } from "../engine/cache.ts";

const run = promisify(execFile);

/**
 * Installs a client by itself, without scripts of its packages.
 *
 * @param unused what of the package is not unpacked, where it has no dependencies: most of it is types. @default all is installed, with what it depends on
 * @returns what is imported of it
 */
export async function loadOptionalClient(name: string, version: string, unused?: readonly string[]): Promise<unknown> {
	const folder = path.join(cacheFolder(), "dns-clients", `${name.replaceAll(/\W/g, "-")}-${version}`);
	await cachedFolder(folder, async (partial) => {
		if (unused === undefined) {
			const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--silent"];
			await writeFile(path.join(partial, "package.json"), "{}\n");
			await run("npm", ["install", ...quiet, `${name}@${version}`], { cwd: partial });
			return;
		}
		const own = path.join(partial, "node_modules", name);
		await mkdir(own, { recursive: true });
		await run("npm", ["pack", "--silent", "--pack-destination", partial, `${name}@${version}`], { cwd: partial });
		const archive = path.join(partial, `${name}-${version}.tgz`);
		// GNU tar and that of macOS take these patterns alike, before the archive's name.
		const but = unused.map((pattern) => `--exclude=${pattern}`);
		await run("tar", [...but, "-xzf", archive, "--strip-components=1", "--no-same-owner", "-C", own], { cwd: partial });
	});
	const require = createRequire(path.join(folder, "package.json"));
	const found = unused === undefined ? require.resolve(name) : path.join(folder, "node_modules", name, "index.mjs");
	return import(pathToFileURL(found).href);
}
