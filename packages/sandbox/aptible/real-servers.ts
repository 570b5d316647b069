/** Real servers behind emulated databases: what a tunnel to one leads to. */
import { inSandbox } from "./sandbox.ts";
import type { Store } from "./store.ts";

/** Where a server is, and who gets in. */
export interface RealServer {
	host: string;
	port: number;
	user: string;
	password: string;
	/** The authority of its certificate, as PEM; it signs for the whole environment, as Aptible's does. */
	ca: string;
}

const nameOf = (databaseId: number) => `server behind ${databaseId}`;
const DROPS = "tunnels dropped";

/** Puts a real server behind a database that is provisioned: its URL has the server's login, and its environment the authority. */
export function putServerBehind(dir: string, handle: string, server: RealServer): void {
	inSandbox(dir, (store) =>
		store.transaction(() => {
			const database = store.list("database").find((each) => each.handle === handle && !each.deleted_at);
			if (database === undefined || database.credentials.length === 0) {
				throw new Error(`sandbox: no database ${handle} is provisioned; create it first`);
			}
			const credentials = database.credentials.map((credential) => {
				const url = new URL(credential.connection_url);
				url.username = server.user;
				url.password = server.password;
				url.port = String(server.port);
				return { ...credential, connection_url: url.href };
			});
			store.save("database", { ...database, credentials });
			// Nobody resolves an emulated endpoint's host name, so that it has the server's address.
			for (const vhost of store.list("vhost").filter((each) => each.owner === database.service_id)) {
				if (vhost.external_host !== null) store.save("vhost", { ...vhost, external_host: server.host });
			}
			const account = store.get("account", database.owner);
			if (!account.ca_body.includes(server.ca.trim())) {
				const former = store.meta(`authority of ${account.id}`) === undefined ? "" : account.ca_body;
				store.save("account", { ...account, ca_body: `${former}${server.ca.trim()}\n` });
				store.setMeta(`authority of ${account.id}`, "real");
			}
			store.setMeta(nameOf(database.id), JSON.stringify({ host: server.host, port: server.port }));
		}),
	);
}

/** Where the server behind a database is, if there is one. */
export function serverBehind(store: Store, databaseId: number): { host: string; port: number } | undefined {
	const text = store.meta(nameOf(databaseId));
	return text === undefined ? undefined : JSON.parse(text);
}

/** Cuts every tunnel that is open, as a network does. */
export function dropTunnels(dir: string): void {
	inSandbox(dir, (store) => store.setMeta(DROPS, String(tunnelDrops(store) + 1)));
}

/** How often tunnels have been cut. */
export function tunnelDrops(store: Store): number {
	return Number(store.meta(DROPS) ?? 0);
}

/** How long a tunnel lasts. @default 24 hours, as Aptible's */
export function setTunnelMs(dir: string, ms: number): void {
	inSandbox(dir, (store) => store.setMeta("tunnel_ms", String(ms)));
}
