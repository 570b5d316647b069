import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { makeCertificate } from "../azure/certificate.ts";
import { type DebianRelease, findDebianServers } from "../debian/root.ts";
import {
	freePort,
	giveToServer,
	type RunningServer,
	SERVER_ENVIRONMENT,
	type ServerOptions,
	serverProcess,
	UNPRIVILEGED,
} from "../server-process.ts";

/** What a server is to be like. MariaDB stands in for MySQL, which Debian has no server of. */
export interface MariadbOptions extends ServerOptions {
	/** Whose it is: `bookworm` has MariaDB 10.11, `trixie` 11.8. */
	release: DebianRelease;
}

/** A server that runs; `root`, whose password it has, may come from anywhere and do everything, as on Aptible (facts/move.md §1.5). */
export interface Mariadb extends RunningServer {
	/** URL of a database, as root unless another user is given. Default: no database. */
	url(database?: string, user?: { name: string; password: string }): string;
	/** What it has logged. */
	log(): Promise<string>;
	/** Shuts it down and starts it again with the same data. */
	restart(): Promise<void>;
}

/** Makes the system tables in an empty folder and starts a server there, under another user where this one is root. */
export async function startMariadb(options: MariadbOptions): Promise<Mariadb> {
	const { release, tls = true, address = "127.0.0.1" } = options;
	const root = await findDebianServers(release, (line) => process.stderr.write(`${line}\n`));
	const folder = await mkdtemp(path.join(os.tmpdir(), "mariadb-"));
	const data = path.join(folder, "data");
	const logFile = path.join(folder, "log");
	const password = randomBytes(12).toString("hex");
	const { certificate, key } = makeCertificate();
	await mkdir(data);
	await mkdir(path.join(folder, "tmp"));
	await writeFile(path.join(folder, "ca.pem"), certificate);
	await writeFile(path.join(folder, "key.pem"), key, { mode: 0o600 });
	await writeFile(logFile, "");
	await giveToServer(folder);
	const shares = ["usr/share/mariadb", "usr/share/mysql"].map((name) => path.join(root.folder, name));
	const share = shares.find((name) => existsSync(path.join(name, "charsets"))) ?? "";
	const port = await freePort(address);
	const base = [
		"--no-defaults",
		`--basedir=${path.join(root.folder, "usr")}`,
		`--datadir=${data}`,
		`--tmpdir=${path.join(folder, "tmp")}`,
		`--lc-messages-dir=${share}`,
		`--character-sets-dir=${path.join(share, "charsets")}`,
		"--innodb-log-file-size=8M",
		"--innodb-buffer-pool-size=64M",
		"--innodb-use-native-aio=0",
		// What a test's server holds need not outlive the machine.
		"--innodb-flush-log-at-trx-commit=0",
		"--skip-name-resolve",
	];
	const program = path.join(root.bin, "mariadbd");
	await bootstrap();
	const settings: Record<string, string | number> = {
		port,
		"bind-address": address,
		socket: path.join(folder, "socket"),
		"pid-file": path.join(folder, "pid"),
		"log-bin": path.join(data, "bin"),
		"binlog-format": "ROW",
		"server-id": 1,
		"max-allowed-packet": "64M",
		"character-set-server": "utf8mb4",
		"sql-mode": "STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
		...(tls
			? {
					"ssl-cert": path.join(folder, "ca.pem"),
					"ssl-key": path.join(folder, "key.pem"),
					"require-secure-transport": "ON",
				}
			: {}),
		...options.settings,
	};
	const server = serverProcess({
		name: `MariaDB of ${release}`,
		program,
		args: [...base, ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`)],
		logFile,
		isReady: (log) => log.includes("ready for connections"),
	});

	/** `mariadb-install-db` needs a whole system around it, so its SQL goes to the server directly. */
	async function bootstrap(): Promise<void> {
		const files = ["mariadb_system_tables.sql", "mariadb_performance_tables.sql", "mariadb_system_tables_data.sql"];
		const texts = await Promise.all(files.map((name) => readSystemSql(share, name)));
		// It reads a statement a line.
		const users = [
			"DELETE FROM global_priv WHERE User <> 'mariadb.sys';",
			"DELETE FROM proxies_priv;",
			"FLUSH PRIVILEGES;",
			`CREATE USER root@'%' IDENTIFIED BY '${password}';`,
			"GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;",
		];
		const sql = ["CREATE DATABASE mysql;", "USE mysql;", ...texts, ...users, ""].join("\n");
		const child = promisify(execFile)(program, [...base, "--bootstrap"], {
			env: SERVER_ENVIRONMENT,
			cwd: "/",
			maxBuffer: 1 << 26,
			...UNPRIVILEGED,
		});
		child.child.stdin?.end(sql);
		const { stderr } = await child;
		if (/\bERROR\b/.test(stderr)) {
			throw new Error(`MariaDB of ${release} did not make its system tables:\n${stderr.slice(-2000)}`);
		}
	}

	await server.start();
	return {
		address,
		port,
		password,
		ca: tls ? certificate : "",
		url(database = "", login = { name: "root", password }) {
			const who = `${encodeURIComponent(login.name)}:${encodeURIComponent(login.password)}`;
			return `mysql://${who}@${address}:${port}/${encodeURIComponent(database)}${tls ? "" : "?sslmode=disable"}`;
		},
		get pid() {
			return server.pid();
		},
		log: () => readFile(logFile, "utf8"),
		async restart() {
			await server.end("SIGTERM");
			await server.start();
		},
		crash: () => server.end("SIGKILL"),
		start: () => server.start(),
		async stop() {
			await server.end("SIGTERM");
			await rm(folder, { recursive: true, force: true });
		},
	};
}

/** The SQL of a file of MariaDB's, which had another name before 11. */
async function readSystemSql(share: string, name: string): Promise<string> {
	return readFile(path.join(share, name), "utf8").catch(() =>
		readFile(path.join(share, name.replace("mariadb_", "mysql_")), "utf8"),
	);
}
