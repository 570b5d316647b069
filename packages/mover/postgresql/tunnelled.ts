import pg from "pg";

/**
 * A session through `aptible db:tunnel`. The host of its address, `localhost.aptible.in`, is this machine, which many resolvers refuse to
 * say of a public name. The environment's authority must have signed the server's certificate; its name is not compared, since no
 * certificate has to name this machine, and ssh has shown who is at the other end.
 */
export async function connectThrough(url: string, ca: string, database: string): Promise<pg.Client> {
	const { port, username, password } = new URL(url);
	const client = new pg.Client({
		host: "127.0.0.1",
		port: Number(port),
		user: decodeURIComponent(username),
		password: decodeURIComponent(password),
		database,
		options: "-c search_path= -c application_name=medstack-to-aptible\\ move -c statement_timeout=60000",
		ssl: { ca, rejectUnauthorized: true, checkServerIdentity: () => undefined },
		keepAlive: true,
		connectionTimeoutMillis: 30_000,
	});
	client.on("error", () => {});
	await client.connect();
	return client;
}
