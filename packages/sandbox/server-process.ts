import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { endWithThis } from "./watchdog.ts";

/** The user `nobody` of Debian, whom servers run as where this process is root; nothing elsewhere. */
export const UNPRIVILEGED: { uid: number; gid: number } | undefined =
	process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined;

/** The same for a program that root has to start in another place. */
const AS_UNPRIVILEGED =
	UNPRIVILEGED === undefined
		? []
		: ["setpriv", `--reuid=${UNPRIVILEGED.uid}`, `--regid=${UNPRIVILEGED.gid}`, "--clear-groups"];

/** What a server and whatever makes its first data have of this process's environment. */
export const SERVER_ENVIRONMENT = { PATH: process.env.PATH, LC_ALL: "C.UTF-8", TZ: "UTC" };

const START_TIMEOUT_MS = 30_000;

/** What every server is to be like. */
export interface ServerOptions {
	/** Whether it speaks TLS alone, as Aptible's and Azure's servers do; default yes. */
	tls?: boolean;
	/** The server's own settings, by name. */
	settings?: Record<string, string | number>;
	/** Address that it listens on; default 127.0.0.1. */
	address?: string;
}

/** A server that runs. */
export interface RunningServer {
	address: string;
	port: number;
	password: string;
	/** Its certificate, which signs itself, as PEM. Empty without TLS. */
	ca: string;
	/** Its process id. */
	pid: number;
	/** Ends it as a crash does. */
	crash(): Promise<void>;
	/** Starts it after a crash. */
	start(): Promise<void>;
	/** Ends it, and removes its data unless their folder was given. */
	stop(): Promise<void>;
}

/** A server's process that is started, ended and started again. */
export interface ServerProcess {
	/** Its process id, 0 where it does not run. */
	pid(): number;
	/** Starts it and waits until it answers. */
	start(): Promise<void>;
	/** Ends it and waits until it is gone; nothing where it does not run. */
	end(signal: NodeJS.Signals): Promise<void>;
}

/** How a server is started. */
export interface ServerCommand {
	/** Its name for messages. */
	name: string;
	program: string;
	args: readonly string[];
	logFile: string;
	/** What ends it in good order. */
	endSignal: NodeJS.Signals;
	/** Whether what it has logged since its start says that it answers. */
	isReady: (log: string) => boolean;
	/** Network namespace that it runs in, which takes root; default this process's own. */
	namespace?: string | undefined;
}

/** A process for a server, as another user where this one is root. It ends with this process, however that ends. */
export function serverProcess({
	name,
	program,
	args,
	logFile,
	endSignal,
	isReady,
	namespace,
}: ServerCommand): ServerProcess {
	let server: ChildProcess | undefined;
	return {
		pid: () => server?.pid ?? 0,
		async start() {
			const before = (await readFile(logFile, "utf8").catch(() => "")).length;
			const log = openSync(logFile, "a");
			const options: SpawnOptions = {
				env: SERVER_ENVIRONMENT,
				cwd: "/",
				stdio: ["ignore", log, log],
				detached: true,
			};
			const child =
				namespace === undefined
					? spawn(program, args, { ...options, ...UNPRIVILEGED })
					: spawn("ip", ["netns", "exec", namespace, ...AS_UNPRIVILEGED, program, ...args], options);
			server = child;
			endWithThis(child, endSignal);
			await once(child, "spawn");
			closeSync(log);
			const deadline = Date.now() + START_TIMEOUT_MS;
			while (!isReady((await readFile(logFile, "utf8")).slice(before))) {
				if (child.exitCode !== null || Date.now() > deadline) {
					throw new Error(`${name} did not start:\n${(await readFile(logFile, "utf8")).slice(-2000)}`);
				}
				await sleep(20);
			}
		},
		async end(signal) {
			const child = server;
			server = undefined;
			if (child === undefined || child.exitCode !== null || child.signalCode !== null) {
				return;
			}
			const closed = once(child, "exit");
			child.kill(signal);
			await closed;
		},
	};
}

/** A port of an address that nothing listens on. */
export async function freePort(address: string): Promise<number> {
	const probe = createServer();
	await new Promise<void>((resolve, reject) => probe.on("error", reject).listen(0, address, resolve));
	const { port } = probe.address() as { port: number };
	await new Promise((resolve) => probe.close(resolve));
	return port;
}

/** Whether a process runs, whoever's it is. */
export function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}
