import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { PinnedModule } from "./cache.ts";
import { writeLateLists } from "./late-lists.ts";
import { isAtLeast, versionOf } from "./version.ts";

const PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
const VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";

/** How often a build says that it is still at it. */
const PROGRESS_MS = 20_000;

/** The clouds' clients and what else no stage here runs through: compiled without optimizations, in two thirds of the time. */
const HASTY = ["github.com/...", "cloud.google.com/...", "gocloud.dev/...", "google.golang.org/api/..."];
/** What runs in each preview, in full. */
const OWN = "github.com/pulumi/...";

/** How often a build that waits for another one looks again. */
const POLL_MS = 1_000;

/** What to build, and where to put it. */
export interface Build {
	/** The folder of go.mod. */
	folder: string;
	module: PinnedModule;
	binary: string;
	report: (line: string) => void;
}

/**
 * Builds the engine from its Go module, once per machine: another build of the same engine is waited for. The binary is
 * built to a temporary name and renamed, so it is either whole or not there.
 */
export async function buildEngine(build: Build): Promise<void> {
	await requireGo(build.module);
	await mkdir(path.dirname(build.binary), { recursive: true });
	const lock = `${build.binary}.lock`;
	const started = Date.now();
	for (let waited = 0; !(await takeLock(lock)); waited += POLL_MS) {
		if (waited % PROGRESS_MS === 0) {
			build.report("engine: waiting for another build of the same engine");
		}
		await sleep(POLL_MS);
	}
	const progress = setInterval(() => {
		const passed = Math.round((Date.now() - started) / 1000);
		build.report(`engine: still building pulumi v${build.module.version}, ${passed} s so far`);
	}, PROGRESS_MS);
	try {
		if (!existsSync(build.binary)) {
			await compile(build);
		}
	} finally {
		clearInterval(progress);
		await rm(lock, { force: true });
	}
}

async function requireGo(module: PinnedModule): Promise<void> {
	const version = await versionOf("go", ["version"]);
	if (!version || !isAtLeast(version, module.goVersion)) {
		throw new Error(
			`the sandbox needs the Pulumi CLI: none is on PATH, it could not be downloaded, and ` +
				`${version ? `Go ${version} is too old` : "Go is not installed"} to build it from source. ` +
				`Install the Pulumi CLI (https://www.pulumi.com/docs/install) or Go ${module.goVersion} or newer (https://go.dev/dl)`,
		);
	}
}

async function compile({ folder, module, binary, report }: Build): Promise<void> {
	report(`engine: building pulumi v${module.version} from its Go module, once per machine; this takes some minutes`);
	const partial = `${binary}.${process.pid}`;
	const modules = `${partial}.modules`;
	try {
		await build(folder, partial, await writeLateLists(folder, modules), module.version);
		await rename(partial, binary);
	} finally {
		await Promise.all([partial, modules].map((left) => rm(left, { recursive: true, force: true })));
	}
}

async function build(folder: string, output: string, modfile: string, version: string): Promise<void> {
	const flags = ["-tags", "osusergo,grpcnotrace", "-ldflags", `-w -s -X ${VERSION_VARIABLE}=v${version}`];
	const hasty = HASTY.map((packages) => `-gcflags=${packages}=-N -l`);
	const args = ["build", "-o", output, "-modfile", modfile, ...flags, ...hasty, `-gcflags=${OWN}=`, PACKAGE];
	const child = spawn("go", args, {
		cwd: folder,
		stdio: ["ignore", "ignore", "pipe"],
	});
	let message = "";
	child.stderr.on("data", (chunk: Buffer) => {
		message += chunk.toString();
	});
	const code = await new Promise<number | null>((resolve, reject) => {
		child.on("error", reject);
		child.on("close", resolve);
	});
	if (code !== 0) {
		throw new Error(
			`building the Pulumi CLI from its Go module failed:\n${message.trim().split("\n").slice(-10).join("\n")}`,
		);
	}
}

/** Takes the lock, also from a build that died; false when one is alive and holds it. */
async function takeLock(lock: string): Promise<boolean> {
	try {
		await writeFile(lock, String(process.pid), { flag: "wx" });
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
		const holder = Number(await readFile(lock, "utf8").catch(() => ""));
		if (holder > 0 && !isAlive(holder)) {
			await rm(lock, { force: true });
		}
		return false;
	}
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}
