import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, existsSync, openSync } from "node:fs";
import { appendFile, chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { makeCertificate } from "../azure/certificate.ts";
import { findPostgres, type PostgresMajor } from "./binaries.ts";

const run = promisify(execFile);

/** The user `nobody` of Debian: PostgreSQL refuses to run as root. */
const UNPRIVILEGED = { uid: 65534, gid: 65534 };
const START_TIMEOUT_MS = 30_000;

/** What a server is to be like. */
export interface PostgresOptions {
	major: PostgresMajor;
	/** Name of the superuser; default `postgres`. */
	superuser?: string;
	/** Whether it speaks TLS alone, as Aptible's and Azure's servers do; default yes. */
	tls?: boolean;
	/** How passwords are kept and asked for; default `scram-sha-256`, Aptible's is `md5`. */
	passwords?: "scram-sha-256" | "md5";
	/** Lines of postgresql.conf, by name. */
	settings?: Record<string, string | number>;
	/** Address that it listens on; default 127.0.0.1. */
	address?: string;
	/** Where its data are; default a folder that goes with `stop`. */
	folder?: string;
	/** Port; default a free one. */
	port?: number;
	/** Whether there must be a cluster in `folder`; default no: where there is none, one is made. */
	isKept?: boolean;
}

/** A server that runs. */
export interface Postgres {
	major: PostgresMajor;
	address: string;
	port: number;
	superuser: string;
	password: string;
	/** Its certificate, which signs itself, as PEM: what `sslrootcert` takes. Empty without TLS. */
	ca: string;
	/** Path of the file with `ca`. */
	caFile: string;
	/** URL of a database, as the superuser unless another user is given. Database's default: `postgres`. */
	url(database?: string, user?: { name: string; password: string }): string;
	/** Its postmaster's process id. */
	pid: number;
	/** What it has logged. */
	log(): Promise<string>;
	/** Shuts it down fast and starts it again with the same data. */
	restart(): Promise<void>;
	/** Ends it as a crash does. */
	crash(): Promise<void>;
	/** Starts it after a crash. */
	start(): Promise<void>;
	/** Ends it, and removes its data unless their folder was given. */
	stop(): Promise<void>;
}

/** Makes a cluster, or takes the one in `folder`, and starts its server under another user where this one is root. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
	const { major, superuser = "postgres", tls = true, passwords = "scram-sha-256", address = "127.0.0.1" } = options;
	const binaries = await findPostgres(major);
	const folder = options.folder ?? (await mkdtemp(path.join(os.tmpdir(), `pg${major}-`)));
	const data = path.join(folder, "data");
	const logFile = path.join(folder, "log");
	const caFile = path.join(folder, "ca.pem");
	const passwordFile = path.join(folder, "password");
	const user = process.getuid?.() === 0 ? UNPRIVILEGED : {};
	const env = { PATH: process.env.PATH, LC_ALL: "C.UTF-8", TZ: "UTC" };
	if (options.isKept === true && !existsSync(data)) {
		throw new Error(`${folder} holds no cluster`);
	}
	const isNew = await mkdir(data, { recursive: true }).then((made) => made !== undefined);
	if (isNew) {
		await writeFile(passwordFile, randomBytes(12).toString("hex"), { mode: 0o600 });
		const { certificate, key } = makeCertificate(address);
		await writeFile(caFile, certificate);
		await writeFile(path.join(folder, "key.pem"), key, { mode: 0o600 });
		await writeFile(logFile, "");
		if ("uid" in user) {
			await chmod(folder, 0o755);
			for (const file of [data, passwordFile, path.join(folder, "key.pem"), logFile]) {
				await chown(file, UNPRIVILEGED.uid, UNPRIVILEGED.gid);
			}
		}
		const args = ["-D", data, "-U", superuser, "-E", "UTF8", "--locale=C.UTF-8", "-A", passwords, "--no-sync"];
		await run(path.join(binaries, "bin", "initdb"), [...args, `--pwfile=${passwordFile}`], { env, cwd: "/", ...user });
	}
	const port = options.port ?? (await freePort(address));
	const [password, ca] = await Promise.all([readFile(passwordFile, "utf8"), readFile(caFile, "utf8")]);
	if (isNew) {
		await configure();
	}
	let server: ChildProcess | undefined;

	async function configure(): Promise<void> {
		const settings: Record<string, string | number> = {
			listen_addresses: address,
			unix_socket_directories: "",
			password_encryption: passwords,
			// What a test's server holds need not outlive the machine.
			fsync: "off",
			max_connections: 100,
			...(tls ? { ssl: "on", ssl_cert_file: caFile, ssl_key_file: path.join(folder, "key.pem") } : {}),
			...options.settings,
		};
		const lines = Object.entries(settings).map(([name, value]) => `${name} = '${String(value).replaceAll("'", "''")}'`);
		await appendFile(path.join(data, "postgresql.conf"), `${lines.join("\n")}\n`);
		const kind = tls ? "hostssl" : "host";
		const rules = `${kind} all all 0.0.0.0/0 ${passwords}\n${kind} replication all 0.0.0.0/0 ${passwords}\n`;
		await writeFile(path.join(data, "pg_hba.conf"), rules);
	}

	async function start(): Promise<void> {
		const args = ["-D", data, "-p", String(port)];
		const lock = path.join(data, "postmaster.pid");
		const [holder = ""] = (await readFile(lock, "utf8").catch(() => "")).split("\n");
		if (holder !== "" && isAlive(Number(holder))) {
			throw new Error(`PostgreSQL ${major} runs in ${data} already, as process ${holder}`);
		}
		await rm(lock, { force: true });
		const log = openSync(logFile, "a");
		const child = spawn(path.join(binaries, "bin", "postgres"), args, {
			env,
			cwd: "/",
			stdio: ["ignore", log, log],
			detached: true,
			...user,
		});
		server = child;
		await once(child, "spawn");
		closeSync(log);
		const deadline = Date.now() + START_TIMEOUT_MS;
		while (!(await readFile(lock, "utf8").catch(() => "")).includes("ready")) {
			if (child.exitCode !== null || Date.now() > deadline) {
				throw new Error(`PostgreSQL ${major} did not start:\n${(await readFile(logFile, "utf8")).slice(-2000)}`);
			}
			await sleep(20);
		}
	}

	async function end(signal: "SIGINT" | "SIGQUIT"): Promise<void> {
		const child = server;
		server = undefined;
		if (child === undefined || child.exitCode !== null || child.signalCode !== null) {
			return;
		}
		const closed = once(child, "exit");
		child.kill(signal);
		await closed;
	}

	await start();
	return {
		major,
		address,
		port,
		superuser,
		password,
		ca: tls ? ca : "",
		caFile,
		url(database = "postgres", login = { name: superuser, password }) {
			const mode = tls ? `sslmode=verify-full&sslrootcert=${encodeURIComponent(caFile)}` : "sslmode=disable";
			const who = `${encodeURIComponent(login.name)}:${encodeURIComponent(login.password)}`;
			return `postgresql://${who}@${address}:${port}/${encodeURIComponent(database)}?${mode}`;
		},
		get pid() {
			return server?.pid ?? 0;
		},
		log: () => readFile(logFile, "utf8"),
		async restart() {
			await end("SIGINT");
			await start();
		},
		crash: () => end("SIGQUIT"),
		start,
		async stop() {
			await end("SIGINT");
			if (options.folder === undefined) {
				await rm(folder, { recursive: true, force: true });
			}
		},
	};
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}

async function freePort(address: string): Promise<number> {
	const probe = createServer();
	await new Promise<void>((resolve, reject) => probe.on("error", reject).listen(0, address, resolve));
	const { port } = probe.address() as { port: number };
	await new Promise((resolve) => probe.close(resolve));
	return port;
}
