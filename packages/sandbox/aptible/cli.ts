import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Cli, type Command, type Env, type Io } from "./cli-context.ts";
import { loadContract } from "./contract.ts";
import { ApiError, Crash, UserError } from "./errors.ts";
import { Halt } from "./faults.ts";
import { beginRow, endRow, maskArgv } from "./journal.ts";
import { closeSandbox, openSandbox } from "./sandbox.ts";
import { ConnectionDropped, Session } from "./server/session.ts";
import type { Store } from "./store.ts";
import { type Call, parseCall } from "./thor.ts";

export type { Env, Io } from "./cli-context.ts";

/** Where the commands of each family are; loaded when asked for, since most of a call is loading. */
const FAMILIES: Record<string, () => Promise<{ commands: Record<string, Command> }>> = {
	apps: () => import("./commands/apps.ts"),
	deploy: () => import("./commands/apps.ts"),
	restart: () => import("./commands/apps.ts"),
	rebuild: () => import("./commands/apps.ts"),
	config: () => import("./commands/config.ts"),
	services: () => import("./commands/services.ts"),
	db: () => import("./commands/databases.ts"),
	backup: () => import("./commands/backups.ts"),
	backup_retention_policy: () => import("./commands/environments.ts"),
	environment: () => import("./commands/environments.ts"),
	maintenance: () => import("./commands/environments.ts"),
	organizations: () => import("./commands/environments.ts"),
	version: () => import("./commands/environments.ts"),
	endpoints: () => import("./commands/endpoints.ts"),
	log_drain: () => import("./commands/log-drains.ts"),
	metric_drain: () => import("./commands/metric-drains.ts"),
	operation: () => import("./commands/operations.ts"),
};

/** Commands that only look. */
const READING =
	/^(apps|config|config:get|services|services:(autoscaling|sizing)_policy|[\w]+:list|db:versions|db:url|backup:orphaned|environment:ca_cert|maintenance:\w+|backup_retention_policy|operation:(logs|follow)|organizations|version|help)$/;

/** Runs one command of the emulated CLI; answers its exit code. Hangs for ever where a planted halt strikes. */
export async function runCli(argv: readonly string[], env: Env, io: Io): Promise<number> {
	const dir = env.APTIBLE_SANDBOX;
	if (!dir) {
		io.stderr("sandbox: APTIBLE_SANDBOX is not set; it names the directory that holds the emulated Aptible\n");
		return 1;
	}
	const store = openSandbox(dir);
	try {
		const callMs = Number(store.meta("call_ms") ?? 0);
		if (callMs > 0) await sleep(callMs);
		return await runIn(store, argv, env, io);
	} finally {
		closeSandbox(store);
	}
}

async function runIn(store: Store, argv: readonly string[], env: Env, io: Io): Promise<number> {
	const { call, refusal } = understand(argv);
	const name = call?.name ?? argv[0] ?? "help";
	const journalId = store.transaction(() =>
		beginRow(store, { source: "cli", command: name, argv: maskArgv(argv), mutating: !READING.test(name) }),
	);
	let exit = 1;
	try {
		if (!call) throw refusal;
		await runCommand(call, store, journalId, env, io);
		exit = 0;
	} catch (error) {
		if (error instanceof Halt) await hang();
		io.stderr(`${explain(error)}\n`);
	}
	store.transaction(() => endRow(store, journalId, exit));
	return exit;
}

function understand(argv: readonly string[]): { call?: Call; refusal?: unknown } {
	try {
		return { call: parseCall(loadContract(), argv) };
	} catch (refusal) {
		return { refusal };
	}
}

async function runCommand(call: Call, store: Store, journalId: number, env: Env, io: Io): Promise<void> {
	const family = FAMILIES[call.name.split(":")[0] ?? ""];
	const command = family && (await family()).commands[call.name];
	if (!command) throw new UserError(`the sandbox does not emulate "aptible ${call.name}"`);
	const handles = [...call.args, ...Object.values(call.options).flat()].filter((word) => typeof word === "string");
	const onWrite = io.onWrite?.bind(io);
	const token = env.APTIBLE_ACCESS_TOKEN;
	const session = new Session(store, {
		journalId,
		command: call.name,
		handles,
		token,
		...(onWrite ? { onWrite } : {}),
	});
	const slow = session.strike("slow-cli");
	if (slow) await sleep(slow.ms ?? 1000);
	await command(new Cli(call, session, env, io), ...call.args);
}

/** What the CLI prints when a command ends badly. */
function explain(error: unknown): string {
	if (error instanceof UserError || error instanceof Crash) return error.message;
	if (error instanceof ConnectionDropped) {
		return new Crash(
			"session.rb:803:in `block in read_header'",
			"Connection reset by peer",
			"HTTPClient::KeepAliveDisconnected",
		).message;
	}
	if (!(error instanceof ApiError)) throw error;
	if (error.status >= 500)
		return new Crash("http.rb:142:in `finish_up'", `${error.status} error`, "HyperResource::ServerError").message;
	if (["invalid_token", "expired_token"].includes(error.code))
		return "API authentication error: please run aptible login";
	return `An error occurred: ${error.message}`;
}

/** Waits to be killed. */
function hang(): Promise<never> {
	return new Promise(() => setInterval(() => undefined, 60_000));
}

/** Runs the emulated CLI in this process: a process of its own is most of what a call costs. */
export async function callCli(
	argv: readonly string[],
	env: Env,
	{ onStdout, ...io }: Omit<Io, "stdout" | "stderr"> & { onStdout?: (text: string) => void } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
	const texts = { stdout: "", stderr: "" };
	const code = await runCli(argv, env, {
		...io,
		stdout: (text) => {
			texts.stdout += text;
			onStdout?.(text);
		},
		stderr: (text) => {
			texts.stderr += text;
		},
	});
	return { code, ...texts };
}

/** Entry of `bin/aptible`. */
export async function main(): Promise<void> {
	burnProcessor(process.env.APTIBLE_SANDBOX);
	process.exitCode = await runCli(process.argv.slice(2), process.env, {
		stdout: (text) => process.stdout.write(text),
		stderr: (text) => process.stderr.write(text),
		stdin: () => readFileSync(0, "utf8"),
	});
}

/** Uses as much of a processor as the sandbox was told that a run of the CLI takes. */
function burnProcessor(dir: string | undefined): void {
	if (!dir) return;
	const store = openSandbox(dir);
	const cpuMs = Number(store.meta("cpu_ms") ?? 0);
	closeSandbox(store);
	while (process.cpuUsage().user + process.cpuUsage().system < cpuMs * 1000);
}
