import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { formatOutputs } from "../../outputs.ts";

const MAIN = path.join(import.meta.dirname, "../../main.ts");
// A quote and a space in its name, as folders of people have them.
const DIR = path.join(mkdtempSync(path.join(tmpdir(), "sandbox-main-")), "it's mine");

describe("npm run sandbox", () => {
	after(() => rmSync(path.dirname(DIR), { recursive: true, force: true }));

	it("shows its help", async () => {
		const { code, stdout } = await sandbox("--help");
		assert.equal(code, 0);
		assert.match(stdout, /^Usage: npm run sandbox/);
		const page = readFileSync(path.join(import.meta.dirname, "../../../../docs/sandbox.md"), "utf8");
		const commands = [...stdout.matchAll(/^ {2}([a-z]+)/gm)].map(([, command]) => command);
		assert.ok(commands.includes("comment") && commands.length > 10, stdout);
		const unknown = commands.filter((command) => !new RegExp(`sandbox -- ${command}\\b`).test(page));
		assert.deepEqual(unknown, []);
	});

	it("names in the README how it is emptied, and a preview that says all on stdout", () => {
		const readme = readFileSync(path.join(import.meta.dirname, "../../../../README.md"), "utf8");
		assert.match(readme, /^npm run sandbox -- reset\b/m);
		assert.match(readme, /^npm run sandbox -- pulumi preview {2,}#/m);
		assert.doesNotMatch(readme, /preview --diff/);
	});

	it("refuses an unknown word, with what there is", async () => {
		const { code, stderr } = await sandbox("destroy");
		assert.equal(code, 2);
		assert.match(
			stderr,
			/^unknown command "destroy"; use one of pulumi, aptible, drift, adopt, compliance, cost, comment, move, night, image, fault, latency, reset, --help, or none at all\n/,
		);
	});

	it("refuses a stage that there is none of, before anything is started", async () => {
		const wrong = await sandbox("--stack", "../prod", "drift");
		assert.equal(wrong.code, 2);
		assert.match(
			wrong.stderr,
			/^--stack takes the name of a stage, such as prod for Pulumi\.prod\.yaml; "\.\.\/prod" is none\n/,
		);
		assert.match(
			(await sandbox("--stack", "prod", "reset")).stderr,
			/^reset is not of one stage; leave --stack prod out\n/,
		);
	});

	it("plants faults and slows the emulated Aptible down without an engine", async () => {
		const planted = await sandbox("fault", "request-refused", "--command", "apps:create");
		assert.equal(planted.stdout, 'planted: request-refused --command "apps:create", once\n');
		assert.equal((await sandbox("fault", "request-refused", "--sta", "1")).code, 2);
		assert.match((await sandbox("latency", "--call", "1")).stdout, /^each call 1 ms/);
		assert.equal((await sandbox("fault", "clear")).code, 0);
	});

	it("forgets nothing where reset is given a word", async () => {
		const { code, stderr } = await sandbox("reset", "now");
		assert.equal(code, 2);
		assert.match(stderr, /^reset takes no arguments, and "now" was given\n/);
	});

	it("runs aptible without an engine, and passes its exit code on", async () => {
		const apps = await sandbox("aptible", "apps");
		assert.equal(apps.code, 0, apps.stderr);
		assert.doesNotMatch(apps.stderr, /engine/);
		assert.equal((await sandbox("aptible", "no-such-command")).code, 1);
	});

	it("runs any pulumi command, with the stack there, and says what engine and plugins it uses", async () => {
		const { code, stdout, stderr } = await sandbox("pulumi", "stack", "ls", "--json");
		assert.equal(code, 0, stderr);
		assert.deepEqual(
			JSON.parse(stdout).map((stack: { name: string }) => stack.name),
			["staging"],
		);
		assert.match(stderr, /^engine: pulumi v\d+\.\d+\.\d+/m);
		assert.match(stderr, /^plugin: command v1\.2\.1, (released|stand-in)/m);
		assert.notEqual((await sandbox("pulumi", "no-such-command")).code, 0);
	});

	it("looks for drift and adopts in the emulated Aptible, and passes the exit codes on", async () => {
		const drift = await sandbox("drift", "--json");
		assert.equal(drift.code, 0, drift.stderr);
		assert.deepEqual(JSON.parse(drift.stdout).drifted, []);
		const adopt = await sandbox("adopt", "--environment", "acme-none");
		assert.equal(adopt.code, 1);
		assert.match(adopt.stderr, /^environment "acme-none" is not one that this token sees; it sees: /m);
	});

	it("tells the costs of a stage, and what a pull request would show of it", async () => {
		const cost = await sandbox("cost", "--json");
		assert.equal(cost.code, 0, cost.stderr);
		assert.equal(JSON.parse(cost.stdout).stage, "staging");
		assert.equal((await sandbox("cost", "--plan", "gold")).code, 2);
		const comment = await sandbox("--stack", "staging", "comment");
		assert.equal(comment.code, 0, comment.stderr);
		assert.match(comment.stdout, /staging/);
		assert.match(comment.stderr, /Previewing update/);
	});

	it("moves a clinic, and opens psql on what it left on either side", async () => {
		const nothing = await sandbox("move", "psql", "source");
		assert.equal(nothing.code, 1);
		assert.match(nothing.stderr, /there is no source yet .*; first: npm run sandbox -- move/);
		assert.equal((await sandbox("move", "psql", "middle")).code, 2);
		const move = await sandbox("move");
		assert.equal(move.code, 0, `${move.stdout}\n${move.stderr}`);
		for (const step of ["check", "rehearse", "copy", "verify"]) {
			assert.match(move.stdout, new RegExp(`^${step} of run r\\d+: done$`, "m"));
		}
		assert.match(move.stdout, /^main: both sides are equal$/m);
		assert.match(move.stdout, /warning: the move goes from prepare to frozen/);
		assert.doesNotMatch(move.stdout, /^main: (warning|blocker)/m);
		const count = ["-Atc", "SELECT count(*), max(id) FROM clinic.visits"];
		const [source, target] = [
			await sandbox("move", "psql", "source", ...count),
			await sandbox("move", "psql", "target", ...count),
		];
		assert.equal(source.stdout, "25000|25000\n");
		assert.equal(target.stdout, source.stdout);
	});

	it("resets to nothing", async () => {
		assert.ok(existsSync(DIR));
		assert.equal((await sandbox("reset")).code, 0);
		assert.ok(!existsSync(DIR));
	});
});

describe("formatOutputs", () => {
	it("shows one value a line, lists with dashes, and what is empty as none", () => {
		const outputs = {
			urls: { web: "https://a", api: null },
			addresses: ["1.2.3.4", { a: 1 }],
			records: [],
			id: 7,
			pem: "one\ntwo\n",
		};
		assert.equal(
			formatOutputs(outputs),
			["  urls:", "    web: https://a", "    api: none", "  addresses:", "    - 1.2.3.4", "    -", "      a: 1"]
				.concat("  records: none", "  id: 7", "  pem:", "    one", "    two")
				.join("\n"),
		);
	});
});

function sandbox(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
	const env = { ...process.env, SANDBOX_DIR: DIR };
	return new Promise((resolve) => {
		execFile(process.execPath, [MAIN, ...args], { env }, (error, stdout, stderr) =>
			resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
		);
	});
}
