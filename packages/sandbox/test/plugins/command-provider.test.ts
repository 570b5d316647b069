import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { RunningProvider, secret, UNKNOWN } from "./running-provider.ts";

// What each group rests on is in facts/pulumi.md, by section.

describe("the command provider's lifecycle (facts/pulumi.md §1.1)", () => {
	const { dir, provider } = runProvider();

	it("runs nothing in a preview of a create, and leaves all but the inputs unknown", async () => {
		const mark = path.join(dir(), "previewed");
		const { id, properties } = await provider().create({ create: `touch ${mark}` }, { preview: true });
		assert.match(id, /^c[0-9a-f]{8}$/);
		assert.deepEqual(properties, { create: `touch ${mark}`, stdout: UNKNOWN, stderr: UNKNOWN });
		assert.throws(() => readFileSync(mark));
	});

	it("runs create, and keeps what it printed without one trailing newline", async () => {
		const { id, properties } = await provider().create({ create: "printf 'a\\n\\n'; echo b >&2" }, { name: "x::y" });
		assert.match(id, /^x::y[0-9a-f]{8}$/);
		assert.equal(properties.stdout, "a\n");
		assert.equal(properties.stderr, "b");
	});

	it("records a resource without create, having run nothing", async () => {
		const { properties } = await provider().create({ delete: "echo gone" });
		assert.deepEqual(properties, { delete: "echo gone", stdout: "", stderr: "" });
	});

	it("runs update where there is one, else create again, else nothing", async () => {
		const state = { create: "echo made", stdout: "made", stderr: "" };
		const inputs = { create: "echo again", environment: { A: "1" } };
		assert.equal((await provider().update(state, { ...inputs, update: "echo changed" })).stdout, "changed");
		assert.equal((await provider().update(state, inputs)).stdout, "again");
		assert.equal((await provider().update(state, { environment: { A: "1" } })).stdout, "made");
	});

	it("deletes with the state's own command and settings, and does nothing where there is none", async () => {
		const file = path.join(dir(), "deleted");
		await provider().delete({ delete: `echo $A > ${file}`, environment: { A: "old" }, stdout: "", stderr: "" });
		assert.equal(readFileSync(file, "utf8"), "old\n");
		await provider().delete({ create: "exit 1", stdout: "", stderr: "" });
	});

	it("reads what is recorded, whatever there is", async () => {
		const properties = { create: "true", stdout: "s", stderr: "" };
		const read = await provider().read("any", properties, { create: "true" });
		assert.deepEqual(read, { id: "any", properties, inputs: { create: "true" } });
	});

	it("takes no state without stdout and stderr, as after an import by id", async () => {
		const missing = (name: string) => `\n\t${name}: Missing required field '${name}' on 'local.CommandOutputs'`;
		const message = `2 failures decoding:${missing("stdout")}${missing("stderr")}`;
		await assert.rejects(provider().update({}, { create: "true" }), { message });
	});
});

describe("the command provider's previews of an update (facts/pulumi.md §1.1)", () => {
	const { provider } = runProvider();
	const olds = { create: "true", stdin: "old", stdout: "was", stderr: "" };
	const previewed = (news: Record<string, string>) => provider().update(olds, news, { preview: true });

	it("does not know the output when an input is changed, gone or unknown", async () => {
		assert.equal((await previewed({ create: "true", stdin: "new" })).stdout, UNKNOWN);
		assert.equal((await previewed({ create: "true" })).stdout, UNKNOWN);
		assert.equal((await previewed({ create: "true", stdin: UNKNOWN })).stdout, UNKNOWN);
	});

	it("keeps the output when an input is only added, which the framework does not see", async () => {
		assert.equal((await previewed({ create: "true", stdin: "old", dir: "/" })).stdout, "was");
	});
});

describe("the command provider's processes (facts/pulumi.md §1.3)", () => {
	const { dir, provider } = runProvider();
	const stdout = async (inputs: Parameters<RunningProvider["create"]>[0]) =>
		(await provider().create(inputs)).properties.stdout;

	it("appends the command to the interpreter, as one argument", async () => {
		assert.equal(await stdout({ interpreter: ["printf", "%s|%s", "a b"], create: "c $HOME;'\"" }), "a b|c $HOME;'\"");
	});

	it("passes stdin whole, and an end of file where there is none", async () => {
		const long = "line\n".repeat(100_000);
		assert.equal(await stdout({ create: "wc -c", stdin: long }), "500000");
		assert.equal(await stdout({ create: "cat" }), "");
	});

	it("runs in dir, or where the provider runs", async () => {
		assert.equal(await stdout({ create: "pwd", dir: "/" }), "/");
		assert.equal(await stdout({ create: "pwd" }), realpathSync(dir()));
	});

	it("adds environment to its own, and finds the interpreter on its own PATH", async () => {
		assert.equal(
			await stdout({ create: 'echo "$PATH|${HOME:+inherited}"', environment: { PATH: "/x" } }),
			"/x|inherited",
		);
		assert.equal(
			await stdout({ interpreter: ["sh", "-c"], create: "echo found", environment: { PATH: "/x" } }),
			"found",
		);
	});

	it("gives update and delete what was printed last, unless told not to", async () => {
		const show = 'echo "$PULUMI_COMMAND_STDOUT|$PULUMI_COMMAND_STDERR"';
		const state = { create: show, stdout: "out", stderr: "err" };
		assert.equal(await stdout({ create: show }), "|");
		assert.equal((await provider().update(state, { create: show })).stdout, "out|err");
		const quiet = { create: show, addPreviousOutputInEnv: false };
		assert.equal((await provider().update(state, quiet)).stdout, "|");
		const file = path.join(dir(), "last");
		await provider().delete({ ...state, delete: `${show} > ${file}` });
		assert.equal(readFileSync(file, "utf8"), "out|err\n");
	});

	it("waits for a grandchild that holds the pipes", async () => {
		assert.equal(await stdout({ create: "(sleep 0.3; echo late) & echo early" }), "early\nlate");
	});

	it("shows lines as status messages of the resource, of the streams that logging names", async () => {
		const shown = async (logging: Record<string, string>) => {
			provider().logged.length = 0;
			await provider().create({ create: "echo out; sleep 0.2; echo err >&2", ...logging });
			return provider().logged.map(({ message, ephemeral, urn }) => `${message} ${ephemeral} ${urn.split("::")[3]}`);
		};
		const both = ["out true c", "err true c"];
		assert.deepEqual(await shown({}), both);
		assert.deepEqual(await shown({ logging: "stdoutAndStderr" }), both);
		assert.deepEqual(await shown({ logging: "stdout" }), both.slice(0, 1));
		assert.deepEqual(await shown({ logging: "stderr" }), both.slice(1));
		assert.deepEqual(await shown({ logging: "none" }), []);
	});

	it("fails a logged line at which the released provider would hang, and takes it with logging off", async () => {
		const create = "head -c 70000 /dev/zero | tr '\\0' x; echo; exec sleep 5";
		await assert.rejects(provider().create({ create }), /^Error: a line over 64 KiB was printed with logging on/);
		const quiet = { create: create.replace("exec sleep 5", "true"), logging: "none" };
		assert.equal(String(await stdout(quiet)).length, 70_000);
	});

	it("refuses what it does not do", async () => {
		const refusal = /does not do assetPaths and archivePaths/;
		await assert.rejects(provider().create({ create: "true", assetPaths: ["*"] }), refusal);
		await assert.rejects(provider().check({}, "command:remote:Command"), /has command:local:Command only/);
	});
});

describe("the command provider's errors (facts/pulumi.md §1.5, §1.6)", () => {
	const { dir, provider } = runProvider();
	const failure = (inputs: Parameters<RunningProvider["create"]>[0], message: string) =>
		assert.rejects(provider().create(inputs), { message });

	it("gives the exit code, the command quoted as Go does it, and all output in its order", async () => {
		const create = 'echo "é\t"; sleep 0.2; echo two >&2; exit 3';
		const quoted = '"echo \\"é\\t\\"; sleep 0.2; echo two >&2; exit 3"';
		await failure({ create, logging: "none" }, `exit status 3: running ${quoted}:\né\t\ntwo\n`);
	});

	it("names the signal that ended the process", async () => {
		await failure({ create: "kill -TERM $$" }, 'signal: terminated: running "kill -TERM $$":\n');
	});

	it("says why nothing could be started", async () => {
		const run = 'running "x":\n';
		const missing = 'exec: "no-such-program": executable file not found in $PATH';
		await failure({ create: "x", interpreter: ["no-such-program"] }, `${missing}: ${run}`);
		await failure({ create: "x", interpreter: ["/nowhere"] }, `fork/exec /nowhere: no such file or directory: ${run}`);
		await failure({ create: "x", dir: "/nowhere" }, `chdir /nowhere: no such file or directory: ${run}`);
		const big = { create: "x", environment: { BIG: "y".repeat(200_000) } };
		await failure(big, `fork/exec /bin/sh: argument list too long: ${run}`);
	});

	it("kills the process when its time is up", async () => {
		const create = "echo begun; exec sleep 5";
		const message = `signal: killed: running "${create}":\nbegun\n`;
		await assert.rejects(provider().create({ create }, { timeout: 1 }), { message });
		await assert.rejects(provider().delete({ delete: create, stdout: "", stderr: "" }, 1), { message });
	});

	it("kills what is under way when the engine is lost, and ends at once; what that has started lives on", async () => {
		const own = await RunningProvider.start(dir());
		const file = path.join(dir(), "survived");
		writeFileSync(file, "");
		own.create({ create: `(sleep 1; echo grandchild >> ${file}) & sleep 0.8; echo child >> ${file}` }).catch(() => {});
		await sleep(200);
		await own.abandon();
		assert.equal(readFileSync(file, "utf8"), "");
		await sleep(1200);
		assert.equal(readFileSync(file, "utf8"), "grandchild\n");
	});

	it("kills what is under way on cancel, and starts nothing more", async () => {
		const create = "exec sleep 5";
		const message = `signal: killed: running "${create}":\n`;
		const killed = assert.rejects(provider().create({ create }), { message });
		await sleep(200);
		await provider().cancel();
		await killed;
		await failure({ create: "true" }, 'context canceled: running "true":\n');
	});
});

describe("the command provider's run function (facts/pulumi.md §1.8)", () => {
	const { provider } = runProvider();

	it("runs the command and returns its arguments with what it printed", async () => {
		const args = { command: "cat; echo $A", stdin: "x", environment: { A: secret("s") } };
		assert.deepEqual((await provider().invoke(args)).result, { ...args, stdout: "xs", stderr: "" });
	});

	it("fails on arguments that it does not know, and when the command fails", async () => {
		const { failures } = await provider().invoke({ create: "true" });
		const names = ["Missing required field 'command'", "Unrecognized field 'create'"];
		assert.deepEqual(
			failures,
			names.map((name) => `${name} on 'local.RunInputs'`),
		);
		await assert.rejects(provider().invoke({ command: "exit 2" }), { message: 'exit status 2: running "exit 2":\n' });
	});
});

/** Starts a provider for the tests of one group, in a folder of its own. */
function runProvider() {
	let folder = "";
	let running: RunningProvider | undefined;
	before(async () => {
		folder = mkdtempSync(path.join(tmpdir(), "command-provider-"));
		running = await RunningProvider.start(folder);
	});
	after(async () => {
		await running?.stop();
		rmSync(folder, { recursive: true, force: true });
	});
	return {
		dir: () => folder,
		provider: () => {
			assert.ok(running);
			return running;
		},
	};
}
