import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, connect as open, type Server } from "node:net";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { callCli } from "../../aptible/cli.ts";
import { dropTunnels, putServerBehind, setTunnelMs } from "../../aptible/real-servers.ts";
import { createEnvironment, sandboxToken } from "../../aptible/setup.ts";

const CA = "-----BEGIN CERTIFICATE-----\nMIIBreal\n-----END CERTIFICATE-----\n";
let dir: string;
let env: Record<string, string>;
let server: Server;
let port: number;

before(async () => {
	dir = await mkdtemp(path.join(os.tmpdir(), "tunnel-"));
	env = {
		PATH: process.env.PATH ?? "",
		APTIBLE_SANDBOX: dir,
		APTIBLE_CONFIG_PATH: path.join(dir, "config"),
		APTIBLE_ACCESS_TOKEN: sandboxToken(),
		APTIBLE_OUTPUT_FORMAT: "json",
	};
	createEnvironment(dir, "acme");
	for (const handle of ["main", "empty"]) {
		const made = await callCli(["db:create", "--type", "postgresql", "--environment", "acme", "--", handle], env);
		assert.equal(made.code, 0, made.stderr);
	}
	// Says back what it is told.
	server = createServer((socket) => socket.on("error", () => {}).pipe(socket));
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	port = (server.address() as { port: number }).port;
	putServerBehind(dir, "main", { host: "127.0.0.1", port, user: "aptible", password: "pa55word", ca: CA });
});
after(async () => {
	server?.close();
	await rm(dir, { recursive: true, force: true });
});

/** A tunnel as a process, and the port that it says. */
async function startTunnel(handle: string) {
	const child = spawn(
		path.join(import.meta.dirname, "../../aptible/bin/aptible"),
		["db:tunnel", handle, "--environment", "acme"],
		{
			env,
			stdio: ["ignore", "pipe", "pipe"],
		},
	);
	const said = { out: "", err: "" };
	child.stdout.setEncoding("utf8").on("data", (text) => {
		said.out += text;
	});
	const exit = once(child, "close");
	const ready = new Promise<void>((resolve) => {
		child.stderr.setEncoding("utf8").on("data", (text) => {
			said.err += text;
			if (said.err.includes("Ctrl-C")) resolve();
		});
		child.on("close", () => resolve());
	});
	await ready;
	return { child, said, exit, port: Number(/\* Port: (\d+)/.exec(said.err)?.[1]) };
}

async function echo(at: number): Promise<{ answer: string; closed: Promise<unknown>; end: () => void }> {
	const socket = open(at, "127.0.0.1");
	socket.on("error", () => {});
	socket.write("hello");
	const [answer] = await once(socket, "data");
	return { answer: String(answer), closed: once(socket, "close"), end: () => socket.destroy() };
}

test("a tunnel leads to the real server; its address is on stderr, in the CLI's words", async () => {
	const { child, said, exit, port: local } = await startTunnel("main");
	assert.equal((await echo(local)).answer, "hello");
	assert.deepEqual(said.err.trim().split("\n"), [
		"Creating postgresql tunnel to main...",
		"Use --type TYPE to specify a tunnel type",
		"Valid types for main: postgresql",
		`Connect at postgresql://aptible:pa55word@localhost.aptible.in:${local}/db`,
		"Or, use the following arguments:",
		"* Host: localhost.aptible.in",
		`* Port: ${local}`,
		"* Username: aptible",
		"* Password: pa55word",
		"* Database: db",
		"Connected. Ctrl-C to close connection.",
	]);
	assert.equal(said.out, "");
	child.kill("SIGINT");
	assert.deepEqual(await exit, [0, null]);
	assert.match(said.err, /Closing tunnel\n$/);
});

test("a drop ends every stream of the tunnel, and the CLI with it", async () => {
	const { said, exit, port: local } = await startTunnel("main");
	const streams = await Promise.all([echo(local), echo(local)]);
	dropTunnels(dir);
	await Promise.all(streams.map(({ closed }) => closed));
	assert.deepEqual(await exit, [1, null]);
	assert.match(said.err, /Tunnel crashed \(255\)\n$/);
});

test("a tunnel ends by itself after its time, which is a day", async () => {
	setTunnelMs(dir, 300);
	const { said, exit } = await startTunnel("main");
	assert.deepEqual(await exit, [1, null]);
	assert.match(said.err, /Tunnel timed out\n$/);
	setTunnelMs(dir, 86_400_000);
});

test("a database without a server behind it says so, one that is not there too", async () => {
	const empty = await callCli(["db:tunnel", "--environment", "acme", "--", "empty"], env);
	assert.equal(empty.code, 1);
	assert.match(empty.stderr, /no server stands behind database empty.*putServerBehind/);
	const none = await callCli(["db:tunnel", "--environment", "acme", "--", "none"], env);
	assert.match(none.stderr, /Could not find database none/);
	const other = await callCli(["db:tunnel", "--type", "redis", "--environment", "acme", "--", "main"], env);
	assert.match(other.stderr, /No credential with type redis for database, valid credential types: postgresql/);
	const server = { host: "127.0.0.1", port, user: "a", password: "b", ca: CA };
	assert.throws(() => putServerBehind(dir, "none", server), /no database none is provisioned/);
});

test("db:url and environment:ca_cert are the real server's", async () => {
	const url = await callCli(["db:url", "--environment", "acme", "--", "main"], env);
	assert.match(
		JSON.parse(url.stdout).connection_url,
		/^postgresql:\/\/aptible:pa55word@db-acme-\d+\.aptible\.in:\d+\/db$/,
	);
	const ca = await callCli(["environment:ca_cert", "--environment", "acme"], env);
	assert.equal(JSON.parse(ca.stdout)[0].ca_body, CA);
});
