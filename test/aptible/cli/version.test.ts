import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { Cli } from "../../../aptible/cli/cli.ts";
import { checkVersion, parseVersion } from "../../../aptible/cli/version.ts";
import { findBinary, keepVersion } from "../../../aptible/cli/version-cache.ts";
import { Redactor } from "../../../aptible/client/redact.ts";

const { PATH: path, XDG_CACHE_HOME: cacheHome } = process.env;
let folder: string;

before(async () => {
	folder = await mkdtemp(join(tmpdir(), "version-"));
	process.env.PATH = `${folder}${delimiter}${path}`;
});
beforeEach(() => {
	process.env.XDG_CACHE_HOME = join(folder, `cache-${randomUUID()}`);
});
after(async () => {
	process.env.PATH = path;
	if (cacheHome === undefined) delete process.env.XDG_CACHE_HOME;
	else process.env.XDG_CACHE_HOME = cacheHome;
	await rm(folder, { recursive: true, force: true });
});

/** Checks a CLI that prints this, or that fails where there is nothing to print. */
async function check(printed: string | undefined): Promise<string | undefined> {
	const answer =
		printed === undefined ? "echo 'went wrong' >&2; exit 1" : `[ "$*" = version ] && cat <<'END'\n${printed}\nEND`;
	await install(`#!/bin/sh\n${answer}\n`);
	return checkVersion(new Cli(new Redactor(), () => {}));
}

async function install(script: string): Promise<void> {
	await writeFile(join(folder, "aptible"), script);
	await chmod(join(folder, "aptible"), 0o755);
}

test("a CLI that is new enough passes, in either output format", async () => {
	for (const text of [
		"aptible-cli v0.26.6 toolbelt",
		"aptible-cli v0.26.8",
		"aptible-cli v0.27.0 (GitHub Actions)",
		'{\n  "version": "aptible-cli v0.26.6 toolbelt"\n}',
	]) {
		assert.equal(await check(text), undefined, text);
	}
});

test("one that is too old is refused, with how to install a newer one", async () => {
	for (const version of ["0.26.5", "0.25.9", "0.9.10"]) {
		await assert.rejects(check(`aptible-cli v${version} toolbelt`), {
			name: "AptibleError",
			message:
				`the aptible CLI is ${version}, and this program needs 0.26.6 or newer. Install Aptible's own package, which has its Ruby ` +
				"with it (https://www.aptible.com/docs/cli), or `gem install aptible-cli` under a Ruby before 3.0.",
		});
	}
});

test("an answer without a version is a warning", async () => {
	assert.equal(
		await check("aptible-cli HEAD"),
		'the version of the aptible CLI is unknown: "aptible-cli HEAD"; this program needs 0.26.6 or newer ' +
			"(Aptible's own package, which has its Ruby with it (https://www.aptible.com/docs/cli), or `gem install aptible-cli` under a " +
			"Ruby before 3.0)",
	);
});

test("the rewrite under 1.x is a warning, as nobody has tried it", async () => {
	assert.match((await check("aptible-cli v1.0.5")) ?? "", /^the aptible CLI is 1\.0\.5, another program than 0\.26/);
});

test("one that cannot be run is left to whatever needs it", async () => {
	assert.equal(await check(undefined), undefined);
});

test("a version is compared as numbers", () => {
	assert.deepEqual(parseVersion("aptible-cli v0.26.10"), [0, 26, 10]);
	assert.equal(parseVersion("no version"), undefined);
});

/** A CLI that counts how often it is asked. */
async function installCounting(version = "0.26.6", more = ""): Promise<() => Promise<number>> {
	const log = join(folder, `asked-${randomUUID()}`);
	await install(`#!/bin/sh\necho x >> '${log}'\necho aptible-cli v${version} toolbelt ${more}\n`);
	return async () => {
		await checkVersion(new Cli(new Redactor(), () => {})).catch(() => undefined);
		return (await readFile(log, "utf8").catch(() => "")).length / 2;
	};
}

test("what a CLI said is kept for its user alone, and asked again once its file is another one", async () => {
	const ask = await installCounting();
	assert.deepEqual([await ask(), await ask()], [1, 1]);
	const kept = join(process.env.XDG_CACHE_HOME ?? "", "medstack-to-aptible");
	assert.equal((await stat(kept)).mode & 0o777, 0o700);
	const [file, ...others] = await readdir(kept);
	assert.deepEqual(others, [], "nothing unfinished is left");
	assert.equal((await stat(join(kept, file ?? ""))).mode & 0o777, 0o600);
	await utimes(join(folder, "aptible"), new Date(), new Date(Date.now() - 60_000));
	assert.deepEqual([await ask(), await ask()], [2, 2]);
	const longer = await installCounting("0.26.6", "of another size");
	assert.equal(await longer(), 1);
});

test("what was kept for a day, or is broken, is asked again", async () => {
	const ask = await installCounting();
	await ask();
	const kept = join(process.env.XDG_CACHE_HOME ?? "", "medstack-to-aptible");
	const file = join(kept, (await readdir(kept))[0] ?? "");
	const entry = JSON.parse(await readFile(file, "utf8"));
	for (const broken of [
		JSON.stringify({ ...entry, askedAt: entry.askedAt - 25 * 3_600_000 }),
		JSON.stringify({ ...entry, askedAt: entry.askedAt + 3_600_000 }),
		JSON.stringify({ ...entry, askedAt: "yesterday" }),
		"{",
		"",
	]) {
		await writeFile(file, broken);
		const before = await readFile(file, "utf8");
		const asked = await ask();
		assert.equal(await ask(), asked, "kept again");
		assert.notEqual(await readFile(file, "utf8"), before);
	}
	assert.equal(await ask(), 6);
});

test("a cache that cannot be written is no failure", async () => {
	await writeFile(join(folder, "no-folder"), "");
	process.env.XDG_CACHE_HOME = join(folder, "no-folder");
	const ask = await installCounting();
	assert.deepEqual([await ask(), await ask()], [1, 2]);
	process.env.XDG_CACHE_HOME = "relative";
	const home = process.env.HOME;
	process.env.HOME = join(folder, "home");
	await mkdir(process.env.HOME);
	assert.deepEqual([await ask(), await ask()], [3, 3]);
	assert.deepEqual(await readdir(join(process.env.HOME, ".cache")), ["medstack-to-aptible"]);
	process.env.HOME = home;
});

test("a version that there is something to say of is not kept, so that a newer one is noticed at once", async () => {
	for (const version of ["0.25.0", "1.0.5", "HEAD"]) {
		const ask = await installCounting(version);
		assert.deepEqual([await ask(), await ask()], [1, 2], version);
	}
});

test("what a former release of this program has kept is judged by what this one needs, and asked for again", async () => {
	await install("#!/bin/sh\necho aptible-cli v0.20.0 toolbelt\n");
	const keep = async (text: string) => keepVersion((await findBinary()) ?? assert.fail("no binary"), text);
	await keep("aptible-cli v0.20.0 toolbelt");
	const ask = () => checkVersion(new Cli(new Redactor(), () => {}));
	await assert.rejects(ask(), /the aptible CLI is 0\.20\.0, and this program needs 0\.26\.6 or newer/);
	// The shim of a version manager stays the same file when a newer CLI is installed.
	await install("#!/bin/sh\necho aptible-cli v0.26.6 toolbelt\n");
	await keep("aptible-cli v0.20.0 toolbelt");
	assert.equal(await ask(), undefined);
});
