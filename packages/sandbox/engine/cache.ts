import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { LATE_LISTS_KEY } from "./late-lists.ts";

/** Where engines and released plugins are kept between runs, outside the checkout so that every clone shares them. */
export function cacheFolder(): string {
	const named = process.env.MEDSTACK_TO_APTIBLE_CACHE;
	const shared = process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache");
	return named || path.join(shared, "medstack-to-aptible");
}

/** What the pinned Go module builds, and how its build is named in the cache. */
export interface PinnedModule {
	/** The engine's version, without the `v`. */
	version: string;
	/** The oldest Go that builds it. */
	goVersion: string;
	/** Changes with any dependency of the build, and with what the build changes in one. */
	key: string;
}

/** Reads the pinned module; `go.mod` is the one place that says which engine this is. */
export async function readPinnedModule(folder: string): Promise<PinnedModule> {
	const [mod, sum] = await Promise.all(["go.mod", "go.sum"].map((name) => readFile(path.join(folder, name), "utf8")));
	const version = mod?.match(/^require github\.com\/pulumi\/pulumi\/pkg\/v3 v(\S+)$/m)?.[1];
	const goVersion = mod?.match(/^go (\S+)$/m)?.[1];
	if (!version || !goVersion) {
		throw new Error(`${folder}/go.mod does not name an engine and a Go version`);
	}
	const hash = createHash("sha256").update(`${mod}\n${sum}\n${LATE_LISTS_KEY}`).digest("hex").slice(0, 12);
	return { version, goVersion, key: `v${version}-${hash}` };
}
