import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { runCli } from "../../../aptible/cli/run.ts";
import { CliError } from "../../../aptible/client/errors.ts";
import { Redactor } from "../../../aptible/client/redact.ts";

const fake = `#!${process.execPath}
const [verb, ...rest] = process.argv.slice(2);
if (verb === "echo") console.log(JSON.stringify({ rest, own: Object.keys(process.env).filter((k) => /^(SECRETS|PULUMI)_/.test(k)) }));
if (verb === "log") { console.log("2026-11-23 00:00:00 +0000 INFO -- : secret s3cret-value"); console.log('{"url":"x"}'); }
if (verb === "fail") { console.error("went wrong with s3cret-value"); process.exit(1); }
if (verb === "no-token") { console.error("Could not read token: please run aptible login or set APTIBLE_ACCESS_TOKEN"); process.exit(1); }
if (verb === "down") { console.error("Connection refused - connect(2) (Errno::ECONNREFUSED)"); process.exit(1); }
if (verb === "hang") setTimeout(() => {}, 60_000);
if (verb === "fork" || verb === "leave") {
	// As the CLI starts ssh, which holds its pipes.
	const { spawn } = await import("node:child_process");
	const { writeFileSync } = await import("node:fs");
	const child = spawn("sleep", ["60"], { stdio: "inherit" });
	writeFileSync(rest[0], process.pid + " " + child.pid);
	if (verb === "leave") process.exit(0);
}
if (verb === "start") (await import("node:fs")).writeFileSync(rest[0] + "/" + process.pid, "");
if (verb === "say") { process.stderr.write(rest[0]); process.exit(1); }
if (verb === "length") console.log(rest.at(-1).length);
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

/** Whether these processes have ended, within a moment. */
async function haveEnded(file: string): Promise<boolean> {
	const pids = (await readFile(file, "utf8")).split(" ").map(Number);
	const isAlive = (pid: number) => {
		try {
			return process.kill(pid, 0);
		} catch {
			return false;
		}
	};
	for (const deadline = Date.now() + 5_000; pids.some(isAlive) && Date.now() < deadline; ) await sleep(20);
	return !pids.some(isAlive);
}

test("a call that takes too long ends with all that it has started, though that holds its pipes", async () => {
	const file = join(folder, "timeout");
	const started = Date.now();
	await assert.rejects(
		runCli(["fork", file], { ...options, timeoutMs: 1000 }),
		/aptible fork failed: no end after 1 s/,
	);
	assert.ok(Date.now() - started < 20_000);
	assert.ok(await haveEnded(file));
});

test("a call that ends while what it has started goes on ends too", async () => {
	const file = join(folder, "left");
	assert.equal(await runCli(["leave", file], { ...options, timeoutMs: 60_000 }), "");
	assert.ok(await haveEnded(file));
});

test("after an abort what was running is dead, and nothing that waited is started", async () => {
	const [file, starts] = [join(folder, "aborted"), await mkdtemp(join(folder, "starts-"))];
	const controller = new AbortController();
	const running = runCli(["fork", file], { ...options, signal: controller.signal });
	const rejected = assert.rejects(running, /aptible fork failed: .*abort/);
	while (!existsSync(file)) await sleep(20);
	controller.abort();
	await rejected;
	assert.ok(await haveEnded(file));
	const calls = Array.from({ length: 20 }, () => runCli(["start", starts], { ...options, signal: controller.signal }));
	assert.ok((await Promise.allSettled(calls)).every(({ status }) => status === "rejected"));
	await sleep(500);
	assert.deepEqual(await readdir(starts), []);
});

test("a Command that is told to end takes its CLI along", async () => {
	for (const signal of ["SIGTERM", "SIGINT", "SIGKILL"] as const) {
		const file = join(folder, signal);
		const modules = ["cli/run.ts", "client/redact.ts"].map(
			(name) => new URL(`../../../aptible/${name}`, import.meta.url).href,
		);
		const script = `const [{ runCli }, { Redactor }] = await Promise.all(${JSON.stringify(modules)}.map((url) => import(url)));
			await runCli(["fork", ${JSON.stringify(file)}], { timeoutMs: 60_000, redactor: new Redactor() });`;
		const command = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "ignore" });
		const ended = new Promise((resolve) => command.on("exit", (_, name) => resolve(name)));
		while (!existsSync(file)) await sleep(20);
		await sleep(50);
		command.kill(signal);
		assert.equal(await ended, signal);
		assert.ok(await haveEnded(file), signal);
	}
});

const says = (stderr: string) =>
	runCli(["say", stderr], options).then(
		() => assert.fail("it succeeded"),
		(error: CliError) => error,
	);

const notice =
	"\u001b[33mYou have installed the Aptible CLI from source. This is not recommended: some functionality may not work!\u001b[0m\n" +
	"\u001b[33mReview this support topic for more information: https://www.aptible.com/support/topics/cli/how-to-install-cli/\u001b[0m\n";
const trace = Array.from(
	{ length: 20 },
	(_, line) => `\tfrom /usr/lib/ruby/gems/x.rb:${line}:in \`block in call'\n`,
).join("");

test("of a crash the error's own line is shown, of anything else all but notices", async () => {
	const crash = await says(
		`${notice}/usr/lib/ruby/gems/httpclient/session.rb:803:in \`block in read_header': Connection reset by peer (HTTPClient::KeepAliveDisconnected)\n${trace}`,
	);
	assert.equal(crash.message, "aptible say failed: Connection reset by peer (HTTPClient::KeepAliveDisconnected)");
	assert.equal(crash.transient, true);
	const refusal = await says(`${notice}Deploying app...\nOperation #502 failed.\n`);
	assert.equal(refusal.message, "aptible say failed: Deploying app...\nOperation #502 failed.");
	assert.equal(refusal.transient, false);
});

test("what passes by itself is told from what does not", async () => {
	const crashes = [
		"HTTPClient::ConnectTimeoutError",
		"HTTPClient::ReceiveTimeoutError",
		"OpenSSL::SSL::SSLError",
		"Errno::ECONNRESET",
		"HyperResource::ServerError",
	];
	for (const type of crashes)
		assert.equal((await says(`x.rb:500:in \`call': no luck (${type})\n${trace}`)).transient, true, type);
	const lasting = ["x.rb:502:in `call': undefined method (NoMethodError)", "App 503 not found", "Handle is invalid"];
	for (const text of lasting) assert.equal((await says(`${text}\n${trace}`)).transient, false, text);
});

test("a CLI on a Ruby that it is not made for is named as that, with the one to install", async () => {
	const { message } = await says(
		`gems/aptible-api/resource.rb:3:in \`update!': wrong number of arguments (given 1, expected 0) (ArgumentError)\n${trace}`,
	);
	assert.match(
		message,
		/wrong number of arguments.*\nThis aptible CLI runs on a Ruby that it is not made for\. Install Aptible's own package/,
	);
});

test("a long error keeps its head and its tail, with secrets masked before it is cut", async () => {
	const { message } = await says(`cannot do this: ${"s3cret-value ".repeat(9_000)} because of that`);
	assert.ok(message.length < 4_200, String(message.length));
	assert.match(message, /^aptible say failed: cannot do this: \[secret\].*because of that$/s);
	assert.ok(!/s3c|alue/.test(message));
});

test("the longest argument that an operating system takes arrives; what is longer in all says what to do", async () => {
	const most = "x".repeat(128 * 1024 - 1);
	assert.equal(await runCli(["length", most], options), `${most.length}\n`);
	await assert.rejects(runCli(["length", `${most}x`], options), /an argument of `aptible length` is 131072 bytes long/);
	await assert.rejects(
		runCli(["length", ...Array.from({ length: 80 }, () => most)], options),
		/arguments together are longer.*ulimit -s/s,
	);
});

test("a CLI that is not installed says where to get it", async () => {
	process.env.PATH = "/nowhere";
	await assert
		.rejects(
			runCli(["echo"], options),
			/not on PATH\. Install Aptible's own package.*`gem install aptible-cli` under a Ruby before 3\.0/,
		)
		.finally(() => {
			process.env.PATH = `${folder}:${path}`;
		});
});
