import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { makeCertificate } from "../azure/certificate.ts";
import { cachedFolder } from "../cached-folder.ts";
import { type DebianRelease, type DebianRoot, findDebianServers } from "../debian/root.ts";
import { serversFolder } from "../postgresql/binaries.ts";
import { giveToServer, makeServerFolder, removeServerFolder } from "../server-folder.ts";
import {
	freePort,
	type RunningServer,
	SERVER_ENVIRONMENT,
	type ServerOptions,
	serverProcess,
	UNPRIVILEGED,
} from "../server-process.ts";

const run = promisify(execFile);

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

/** Starts a server on a copy of MariaDB's system tables, under another user where this one is root. */
export async function startMariadb(options: MariadbOptions): Promise<Mariadb> {
	const { release, tls = true, address = "127.0.0.1" } = options;
	const root = await findDebianServers(release, (line) => process.stderr.write(`${line}\n`));
	const folder = await makeServerFolder("mariadb");
	const data = path.join(folder, "data");
	const logFile = path.join(folder, "log");
	const firstSql = path.join(folder, "first.sql");
	const password = randomBytes(12).toString("hex");
	const { certificate, key } = makeCertificate();
	await mkdir(path.join(folder, "tmp"));
	await writeFile(path.join(folder, "ca.pem"), certificate);
	await writeFile(path.join(folder, "key.pem"), key, { mode: 0o600 });
	await writeFile(logFile, "");
	// It reads a statement a line. What makes the server is none of its binary log's.
	const users = [
		"SET sql_log_bin = 0;",
		`CREATE USER root@'%' IDENTIFIED BY '${password}';`,
		"GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;",
	];
	await writeFile(firstSql, `${users.join("\n")}\n`, { mode: 0o600 });
	await giveToServer(folder);
	await run("cp", ["-a", "--reflink=auto", "--sparse=always", await findSystemTables(release, root), data]);
	const port = await freePort(address);
	const { program, base } = programOf(root, folder);
	const settings: Record<string, string | number> = {
		port,
		"bind-address": address,
		"init-file": firstSql,
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
		endSignal: "SIGTERM",
		isReady: (log) => log.includes("ready for connections"),
	});

	await server.start();
	await writeFile(firstSql, "");
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
			removeServerFolder(folder);
		},
	};
}

/** The server's program, and what it is told of its places whatever it does. */
function programOf(root: DebianRoot, folder: string): { program: string; base: string[]; share: string } {
	const shares = ["usr/share/mariadb", "usr/share/mysql"].map((name) => path.join(root.folder, name));
	const share = shares.find((name) => existsSync(path.join(name, "charsets"))) ?? "";
	const base = [
		"--no-defaults",
		`--basedir=${path.join(root.folder, "usr")}`,
		`--datadir=${path.join(folder, "data")}`,
		`--tmpdir=${path.join(folder, "tmp")}`,
		`--lc-messages-dir=${share}`,
		`--character-sets-dir=${path.join(share, "charsets")}`,
		"--innodb-log-file-size=8M",
		"--innodb-buffer-pool-size=64M",
		"--innodb-use-native-aio=0",
		// What a test's server holds need not outlive the machine.
		"--innodb-flush-log-at-trx-commit=0",
		"--innodb-doublewrite=0",
		"--skip-name-resolve",
	];
	return { program: path.join(root.bin, "mariadbd"), base, share };
}

/**
 * The data of a server that has its system tables and no user: made once for a cache. `mariadb-install-db` needs a whole system around it,
 * so its SQL goes to the server directly.
 */
async function findSystemTables(release: DebianRelease, root: DebianRoot): Promise<string> {
	const { share } = programOf(root, "");
	const files = ["mariadb_system_tables.sql", "mariadb_performance_tables.sql", "mariadb_system_tables_data.sql"];
	const texts = await Promise.all(files.map((name) => readSystemSql(share, name)));
	// It reads a statement a line.
	const users = ["DELETE FROM global_priv WHERE User <> 'mariadb.sys';", "DELETE FROM proxies_priv;"];
	const sql = ["CREATE DATABASE mysql;", "USE mysql;", ...texts, ...users, ""].join("\n");
	const { size, mtimeMs } = await stat(path.join(root.folder, "usr/sbin/mariadbd"));
	const key = createHash("sha256").update(`${UNPRIVILEGED?.uid} ${size} ${mtimeMs} ${sql}`).digest("hex").slice(0, 16);
	const made = path.join(serversFolder(), "clusters", `mariadb-${release}-${key}`);
	await cachedFolder(made, async (partial) => {
		const { program, base } = programOf(root, partial);
		for (const name of ["data", "tmp"]) await mkdir(path.join(partial, name));
		await giveToServer(partial);
		const child = run(program, [...base, "--bootstrap"], {
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
	});
	return path.join(made, "data");
}

/** The SQL of a file of MariaDB's, which had another name before 11. */
async function readSystemSql(share: string, name: string): Promise<string> {
	return readFile(path.join(share, name), "utf8").catch(() =>
		readFile(path.join(share, name.replace("mariadb_", "mysql_")), "utf8"),
	);
}
