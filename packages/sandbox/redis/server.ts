import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { makeCertificate } from "../azure/certificate.ts";
import { type DebianRelease, findDebianServers } from "../debian/root.ts";
import { giveToServer, makeServerFolder, removeServerFolder } from "../server-folder.ts";
import { freePort, type RunningServer, type ServerOptions, serverProcess } from "../server-process.ts";

/** What a server is to be like. */
export interface RedisOptions extends ServerOptions {
	/** Whose it is: `bookworm` has Redis 7.0, `trixie` 8.0. */
	release: DebianRelease;
}

/** A server that runs; user `default` may do everything. What it is told is on disk before a crash. */
export interface Redis extends RunningServer {
	/** URL of a database by its number. */
	url(database?: number): string;
}

/** Starts a server in a new folder, under another user where this one is root. */
export async function startRedis(options: RedisOptions): Promise<Redis> {
	const { release, tls = true, address = "127.0.0.1" } = options;
	const root = await findDebianServers(release, (line) => process.stderr.write(`${line}\n`));
	const folder = await makeServerFolder("redis");
	const logFile = path.join(folder, "log");
	const password = randomBytes(12).toString("hex");
	const { certificate, key } = makeCertificate();
	await writeFile(path.join(folder, "ca.pem"), certificate);
	await writeFile(path.join(folder, "key.pem"), key, { mode: 0o600 });
	await writeFile(logFile, "");
	const port = await freePort(address);
	const settings: Record<string, string | number> = {
		bind: address,
		dir: folder,
		requirepass: password,
		save: '""',
		appendonly: "yes",
		appendfsync: "everysec",
		...(tls
			? {
					port: 0,
					"tls-port": port,
					"tls-cert-file": path.join(folder, "ca.pem"),
					"tls-key-file": path.join(folder, "key.pem"),
					"tls-ca-cert-file": path.join(folder, "ca.pem"),
					"tls-auth-clients": "no",
				}
			: { port }),
		...options.settings,
	};
	// In a file, as arguments are seen by every user of the machine.
	const configuration = path.join(folder, "redis.conf");
	const lines = Object.entries(settings).map(([name, value]) => `${name} ${value}\n`);
	await writeFile(configuration, lines.join(""), { mode: 0o600 });
	await giveToServer(folder);
	const server = serverProcess({
		name: `Redis of ${release}`,
		program: path.join(root.bin, "redis-server"),
		args: [configuration],
		logFile,
		endSignal: "SIGTERM",
		isReady: (log) => log.includes("Ready to accept connections"),
	});
	await server.start();
	return {
		address,
		port,
		password,
		ca: tls ? certificate : "",
		url: (database = 0) => `${tls ? "rediss" : "redis"}://:${password}@${address}:${port}/${database}`,
		get pid() {
			return server.pid();
		},
		crash: () => server.end("SIGKILL"),
		start: () => server.start(),
		async stop() {
			await server.end("SIGTERM");
			removeServerFolder(folder);
		},
	};
}
