import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { makeCertificate } from "../azure/certificate.ts";
import { cachedFolder } from "../cached-folder.ts";
import { giveToServer, makeServerFolder, removeServerFolder } from "../server-folder.ts";
import { freePort, isAlive, type RunningServer, type ServerOptions, serverProcess } from "../server-process.ts";
import { findPostgres, type PostgresMajor } from "./binaries.ts";
import { type ClusterOptions, clusterFiles, clusterFolder, copyCluster, findCluster } from "./cluster.ts";
import { execute } from "./execute.ts";

/** SQL that a cluster is filled with before it is used. */
export interface Content {
	/** @default postgres */
	database?: string;
	/** @default the superuser */
	user?: { name: string; password: string };
	/** Statements by `;`, in one transaction unless they say otherwise. */
	sql: string;
}

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
	/** What a new cluster holds, in its order: made once for a cache, as the cluster is. Default: nothing. */
	content?: readonly Content[];
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

/**
 * Makes a cluster, or takes the one in `folder`, and starts its server under another user where this one is root. A cluster is a copy of
 * one that is made once for a cache; it has a system identifier and a password of its own.
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
	const { major, superuser = "postgres", tls = true, passwords = "scram-sha-256", address = "127.0.0.1" } = options;
	const { namespace } = options;
	const binaries = await findPostgres(major);
	const folder = options.folder ?? (await makeServerFolder(`pg${major}`));
	const { data, password: passwordFile, settings: settingsFile } = clusterFiles(folder);
	const logFile = path.join(folder, "log");
	const caFile = path.join(folder, "ca.pem");
	const isNew = !existsSync(data);
	if (options.isKept === true && isNew) {
		throw new Error(`${folder} holds no cluster`);
	}
	if (isNew) {
		const { certificate, key } = makeCertificate(address);
		await mkdir(folder, { recursive: true });
		await writeFile(caFile, certificate);
		await writeFile(path.join(folder, "key.pem"), key, { mode: 0o600 });
		await writeFile(logFile, "");
		await giveToServer(folder);
		await copyCluster(await findFilled({ major, superuser, passwords }, options.content ?? []), folder);
	}
	const port = options.port ?? (namespace === undefined ? await freePort(address) : 5432);
	const [former, ca] = await Promise.all([readFile(passwordFile, "utf8"), readFile(caFile, "utf8")]);
	const password = isNew ? randomBytes(12).toString("hex") : former;
	if (isNew) {
		await configure();
	}
	const server = serverProcess({
		name: `PostgreSQL ${major}`,
		program: path.join(binaries, "bin", "postgres"),
		args: ["-D", data, "-p", String(port)],
		logFile,
		endSignal: "SIGINT",
		// Of a standby they are `read-only`, before 14 `read only`.
		isReady: (log) => /database system is ready to accept (read[- ]only )?connections/.test(log),
		namespace,
	});

	async function configure(): Promise<void> {
		const settings: Record<string, string | number> = {
			listen_addresses: address,
			unix_socket_directories: namespace === undefined ? "" : folder,
			password_encryption: passwords,
			// What a test's server holds need not outlive the machine.
			fsync: "off",
			wal_init_zero: "off",
			max_connections: 100,
			...(tls ? { ssl: "on", ssl_cert_file: caFile, ssl_key_file: path.join(folder, "key.pem") } : {}),
			...options.settings,
		};
		const lines = Object.entries(settings).map(([name, value]) => `${name} = '${String(value).replaceAll("'", "''")}'`);
		await writeFile(settingsFile, `${lines.join("\n")}\n`);
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
	const localUrl = namespace === undefined ? url : socketUrl;

	await start();
	if (isNew) {
		await execute(
			localUrl("postgres", { name: superuser, password: former }),
			`ALTER ROLE "${superuser}" PASSWORD '${password}'`,
		);
		await writeFile(passwordFile, password);
	}
	return {
		major,
		address,
		port,
		superuser,
		password,
		ca: tls ? ca : "",
		caFile,
		url,
		localUrl,
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
				removeServerFolder(folder);
			}
		},
	};
}

/** A cluster whose server does not run, with content. */
async function findFilled(options: ClusterOptions, content: readonly Content[]): Promise<string> {
	if (content.length === 0) return findCluster(options);
	const folder = clusterFolder(await findPostgres(options.major), JSON.stringify([options, content]));
	await cachedFolder(folder, async (partial) => {
		const server = await startPostgres({ ...options, folder: partial });
		try {
			for (const { database, user, sql } of content) await execute(server.url(database, user), sql);
		} finally {
			await server.stop();
		}
	});
	return folder;
}
