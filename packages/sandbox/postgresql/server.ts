import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { makeCertificate } from "../azure/certificate.ts";
import {
	freePort,
	giveToServer,
	type RunningServer,
	SERVER_ENVIRONMENT,
	type ServerOptions,
	serverProcess,
	UNPRIVILEGED,
} from "../server-process.ts";
import { findPostgres, type PostgresMajor } from "./binaries.ts";

const run = promisify(execFile);

/** What a server is to be like. */
export interface PostgresOptions extends ServerOptions {
	major: PostgresMajor;
	/** Name of the superuser; default `postgres`. */
	superuser?: string;
	/** How passwords are kept and asked for; default `scram-sha-256`, Aptible's is `md5`. */
	passwords?: "scram-sha-256" | "md5";
	/** Where its data are; default a folder that goes with `stop`. */
	folder?: string;
	/** Port; default a free one, in a network namespace 5432. */
	port?: number;
	/** Network namespace that it runs in, which takes root; default this process's own. */
	namespace?: string;
	/** Whether there must be a cluster in `folder`; default no: where there is none, one is made. */
	isKept?: boolean;
}

/** A server that runs; `ca` is what `sslrootcert` takes. */
export interface Postgres extends RunningServer {
	major: PostgresMajor;
	superuser: string;
	/** Path of the file with `ca`. */
	caFile: string;
	/** URL of a database, as the superuser unless another user is given. Database's default: `postgres`. */
	url(database?: string, user?: { name: string; password: string }): string;
	/** The same for this process, which reaches a server in a network namespace by its socket alone. */
	localUrl: Postgres["url"];
	/** What it has logged. */
	log(): Promise<string>;
	/** Shuts it down fast and starts it again with the same data. */
	restart(): Promise<void>;
}

/** Makes a cluster, or takes the one in `folder`, and starts its server under another user where this one is root. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
	const { major, superuser = "postgres", tls = true, passwords = "scram-sha-256", address = "127.0.0.1" } = options;
	const { namespace } = options;
	const binaries = await findPostgres(major);
	const folder = options.folder ?? (await mkdtemp(path.join(os.tmpdir(), `pg${major}-`)));
	const data = path.join(folder, "data");
	const logFile = path.join(folder, "log");
	const caFile = path.join(folder, "ca.pem");
	const passwordFile = path.join(folder, "password");
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
		await giveToServer(folder);
		const args = ["-D", data, "-U", superuser, "-E", "UTF8", "--locale=C.UTF-8", "-A", passwords, "--no-sync"];
		await run(path.join(binaries, "bin", "initdb"), [...args, `--pwfile=${passwordFile}`], {
			env: SERVER_ENVIRONMENT,
			cwd: "/",
			...UNPRIVILEGED,
		});
	}
	const port = options.port ?? (namespace === undefined ? await freePort(address) : 5432);
	const [password, ca] = await Promise.all([readFile(passwordFile, "utf8"), readFile(caFile, "utf8")]);
	if (isNew) {
		await configure();
	}
	const server = serverProcess({
		name: `PostgreSQL ${major}`,
		program: path.join(binaries, "bin", "postgres"),
		args: ["-D", data, "-p", String(port)],
		logFile,
		isReady: (log) => log.includes("database system is ready to accept connections"),
		namespace,
	});

	async function configure(): Promise<void> {
		const settings: Record<string, string | number> = {
			listen_addresses: address,
			unix_socket_directories: namespace === undefined ? "" : folder,
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
		const rules = [`${kind} all all 0.0.0.0/0`, `${kind} replication all 0.0.0.0/0`, "local all all"];
		await writeFile(path.join(data, "pg_hba.conf"), rules.map((rule) => `${rule} ${passwords}\n`).join(""));
	}

	async function start(): Promise<void> {
		const lock = path.join(data, "postmaster.pid");
		const [holder = ""] = (await readFile(lock, "utf8").catch(() => "")).split("\n");
		if (holder !== "" && isAlive(Number(holder))) {
			throw new Error(`PostgreSQL ${major} runs in ${data} already, as process ${holder}`);
		}
		await rm(lock, { force: true });
		await server.start();
	}

	const authority = (login: { name: string; password: string }, host: string) =>
		`postgresql://${encodeURIComponent(login.name)}:${encodeURIComponent(login.password)}@${host}:${port}`;
	const url: Postgres["url"] = (database = "postgres", login = { name: superuser, password }) => {
		const mode = tls ? `sslmode=verify-full&sslrootcert=${encodeURIComponent(caFile)}` : "sslmode=disable";
		return `${authority(login, address)}/${encodeURIComponent(database)}?${mode}`;
	};
	const socketUrl: Postgres["url"] = (database = "postgres", login = { name: superuser, password }) =>
		`${authority(login, "localhost")}/${encodeURIComponent(database)}?host=${encodeURIComponent(folder)}`;

	await start();
	return {
		major,
		address,
		port,
		superuser,
		password,
		ca: tls ? ca : "",
		caFile,
		url,
		localUrl: namespace === undefined ? url : socketUrl,
		get pid() {
			return server.pid();
		},
		log: () => readFile(logFile, "utf8"),
		async restart() {
			await server.end("SIGINT");
			await start();
		},
		crash: () => server.end("SIGQUIT"),
		start,
		async stop() {
			await server.end("SIGINT");
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
