import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { Cli } from "../../../aptible/cli/cli.ts";
import { checkVersion, parseVersion } from "../../../aptible/cli/version.ts";
import { Redactor } from "../../../aptible/client/redact.ts";

const path = process.env.PATH;
let folder: string;

before(async () => {
	folder = await mkdtemp(join(tmpdir(), "version-"));
	process.env.PATH = `${folder}${delimiter}${path}`;
});
after(async () => {
	process.env.PATH = path;
	await rm(folder, { recursive: true, force: true });
});

/** Checks a CLI that prints this, or that fails where there is nothing to print. */
async function check(printed: string | undefined): Promise<string | undefined> {
	const answer =
		printed === undefined ? "echo 'went wrong' >&2; exit 1" : `[ "$*" = version ] && cat <<'END'\n${printed}\nEND`;
	await writeFile(join(folder, "aptible"), `#!/bin/sh\n${answer}\n`);
	await chmod(join(folder, "aptible"), 0o755);
	return checkVersion(new Cli(new Redactor(), () => {}));
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
