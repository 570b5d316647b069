import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { runCli } from "../../../aptible/cli/run.ts";
import { CliError } from "../../../aptible/errors.ts";
import { Redactor } from "../../../aptible/redact.ts";

const fake = `#!${process.execPath}
const [verb, ...rest] = process.argv.slice(2);
if (verb === "echo") console.log(JSON.stringify({ rest, own: Object.keys(process.env).filter((k) => /^(SECRETS|PULUMI)_/.test(k)) }));
if (verb === "log") { console.log("2026-11-23 00:00:00 +0000 INFO -- : secret s3cret-value"); console.log('{"url":"x"}'); }
if (verb === "fail") { console.error("went wrong with s3cret-value"); process.exit(1); }
if (verb === "no-token") { console.error("Could not read token: please run aptible login or set APTIBLE_ACCESS_TOKEN"); process.exit(1); }
if (verb === "down") { console.error("Connection refused - connect(2) (Errno::ECONNREFUSED)"); process.exit(1); }
if (verb === "hang") setTimeout(() => {}, 60_000);
`;

let folder: string;
const path = process.env.PATH;
const redactor = new Redactor();
redactor.add("s3cret-value");
const options = { timeoutMs: 10_000, redactor };

before(async () => {
	folder = await mkdtemp(join(tmpdir(), "run-cli-"));
	await writeFile(join(folder, "aptible"), fake);
	await chmod(join(folder, "aptible"), 0o755);
	process.env.PATH = `${folder}:${path}`;
});
after(async () => {
	process.env.PATH = path;
	await rm(folder, { recursive: true, force: true });
});

test("arguments reach the CLI untouched, whatever a shell would make of them", async () => {
	const torture = ["a b", "$HOME;`id`", "\"'\\", "x=y=z", "ümlaut\n2nd line", ""];
	process.env.SECRETS_x = "1";
	const { rest, own } = JSON.parse(await runCli(["echo", ...torture], options));
	delete process.env.SECRETS_x;
	assert.deepEqual(rest, torture);
	assert.deepEqual(own, [], "variables of our own do not reach the CLI");
});

test("lines of an operation's log are passed on with secrets masked, JSON is not", async () => {
	const lines: string[] = [];
	await runCli(["log"], { ...options, onLogLine: (line) => lines.push(line) });
	assert.deepEqual(lines, ["2026-11-23 00:00:00 +0000 INFO -- : secret [secret]"]);
});

test("a failure names the command and the CLI's reason, and neither its arguments nor a secret", async () => {
	const error = await runCli(["fail", "KEY=s3cret-value"], options).then(
		() => undefined,
		(e: CliError) => e,
	);
	assert.ok(error instanceof CliError);
	assert.equal(error.message, "aptible fail failed: went wrong with [secret]");
	assert.ok(!JSON.stringify(error, Object.getOwnPropertyNames(error)).includes("s3cret-value"));
	assert.equal(error.transient, false);
});

test("a missing login says how to log in", async () => {
	await assert.rejects(runCli(["no-token"], options), /Could not read token.*\nLog in with `aptible login`/s);
});

test("connection trouble is worth asking again", async () => {
	await assert.rejects(runCli(["down"], options), (error: CliError) => error.transient);
});

test("a call that never ends is killed", async () => {
	await assert.rejects(runCli(["hang"], { ...options, timeoutMs: 200 }), /aptible hang failed: no end after 0 s/);
});

test("a CLI that is not installed says where to get it", async () => {
	process.env.PATH = "/nowhere";
	await assert
		.rejects(
			runCli(["echo"], options),
			/not on PATH: install Aptible's own package.*`gem install aptible-cli` under Ruby 2\.7/,
		)
		.finally(() => {
			process.env.PATH = `${folder}:${path}`;
		});
});
