import { connect, createServer, type Server, type Socket } from "node:net";
import type { Cli } from "../cli-context.ts";
import { UserError } from "../errors.ts";
import { serverBehind, tunnelDrops } from "../real-servers.ts";
import { ensureKey } from "../ssh-key.ts";
import { credentialOf } from "./finders.ts";

/** The server's own limit (Aptible docs: database tunnels). */
const DAY_MS = 86_400_000;
const LOOK_MS = 100;

/** How a tunnel ends: exit code of the real CLI's ssh. */
type End = { code: number } | "interrupted";

/**
 * `db:tunnel` (aptible-cli 0.26.6, subcommands/db.rb, helpers/tunnel.rb): every word on stderr, then a forward of one port until the
 * tunnel ends. All connections are streams of one ssh, so that they end together.
 */
export async function tunnel(cli: Cli, handle = ""): Promise<void> {
	cli.telemetry({ handle });
	const { database, credential } = credentialOf(cli, handle);
	cli.info(`Creating ${credential.type} tunnel to ${database.handle}...`);
	if (cli.text("type") === undefined) {
		cli.info("Use --type TYPE to specify a tunnel type");
		cli.info(`Valid types for ${database.handle}: ${database.credentials.map(({ type }) => type).join(", ")}`);
	}
	await ensureKey(cli.configPath);
	const server = cli.read((store) => serverBehind(store, database.id));
	if (server === undefined) {
		throw new UserError(
			`Tunnel did not come up: sandbox: no server stands behind database ${database.handle}; start one with startPostgres() and give it to putServerBehind()`,
		);
	}
	const sockets = new Set<Socket>();
	const forward = createServer((socket) => {
		const other = connect(server.port, server.host);
		for (const [one, peer] of [
			[socket, other],
			[other, socket],
		] as const) {
			sockets.add(one);
			one.on("error", () => peer.destroy());
			one.on("close", () => {
				sockets.delete(one);
				peer.destroy();
			});
		}
		socket.pipe(other).pipe(socket);
	});
	const port = await listen(forward, cli.number("port") ?? 0);
	const url = new URL(credential.connection_url);
	// The scheme is none of those whose host the URL class lets one change.
	const local = credential.connection_url.replace(url.host, `localhost.aptible.in:${port}`);
	cli.info(`Connect at ${local}`);
	cli.info("Or, use the following arguments:");
	cli.info("* Host: localhost.aptible.in");
	cli.info(`* Port: ${port}`);
	if (url.username !== "") cli.info(`* Username: ${url.username}`);
	cli.info(`* Password: ${url.password}`);
	if (url.pathname.length > 1) cli.info(`* Database: ${url.pathname.slice(1)}`);
	cli.info("Connected. Ctrl-C to close connection.");
	const end = await untilItEnds(cli);
	for (const socket of sockets) socket.destroy();
	forward.close();
	if (end === "interrupted") cli.info("Closing tunnel");
	else throw new UserError(end.code === 124 ? "Tunnel timed out" : `Tunnel crashed (${end.code})`);
}

function listen(server: Server, port: number): Promise<number> {
	return new Promise((resolve, reject) => {
		server.on("error", (error) => reject(new UserError(`Tunnel did not come up: ${error.message}`)));
		server.listen(port, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
	});
}

function untilItEnds(cli: Cli): Promise<End> {
	const { store } = cli.session;
	const drops = tunnelDrops(store);
	return new Promise((resolve) => {
		const settle = (end: End) => {
			clearInterval(look);
			clearTimeout(limit);
			resolve(end);
		};
		// ssh's own code where its connection breaks.
		const look = setInterval(() => tunnelDrops(store) > drops && settle({ code: 255 }), LOOK_MS);
		const limit = setTimeout(() => settle({ code: 124 }), Number(store.meta("tunnel_ms") ?? DAY_MS));
		process.once("SIGINT", () => settle("interrupted"));
	});
}
