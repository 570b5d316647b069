/**
 * Loaded into the product's commands before them (`node --import`): leads what they ask of the outer world over port 443 to where the sandbox has
 * it, as a network does. The port takes an administrator on many machines.
 */
import dns from "node:dns";
import net from "node:net";
import process from "node:process";

/** What a sandbox has of the outer world. */
export interface OuterWorld {
	/** Port on which it has what the world has on 443. */
	port: number;
	/** Address on this machine, by that in the world. */
	addresses: Readonly<Record<string, string>>;
	/** Address in the world of each name that ends so. */
	names: Readonly<Record<string, string>>;
}

/** Variable with an `OuterWorld` as JSON. */
export const worldVariable = "SANDBOX_OUTER_WORLD";

const HTTPS_PORT = 443;

const given = process.env[worldVariable];
if (given !== undefined) lead(JSON.parse(given) as OuterWorld);

function lead({ port, addresses, names }: OuterWorld): void {
	const ownLookup = dns.lookup as (...args: unknown[]) => void;
	const lookup = (name: string, ...rest: unknown[]) => {
		const ending = Object.keys(names).find((one) => name.endsWith(one));
		const address = addresses[name] ?? addresses[names[ending ?? ""] ?? ""];
		if (address === undefined) return ownLookup(name, ...rest);
		const done = rest.at(-1) as (error: null, found: unknown, family?: number) => void;
		const isAll = typeof rest[0] === "object" && (rest[0] as dns.LookupOptions | null)?.all === true;
		process.nextTick(() => (isAll ? done(null, [{ address, family: 4 }]) : done(null, address, 4)));
	};
	dns.lookup = lookup as unknown as typeof dns.lookup;

	const connect = net.Socket.prototype.connect as (...args: unknown[]) => net.Socket;
	net.Socket.prototype.connect = function (this: net.Socket, ...args: unknown[]) {
		// Node hands on its own arguments as a list, with the options first.
		const list = Array.isArray(args[0]) ? args[0] : args;
		const options = list[0] as Partial<net.TcpNetConnectOpts> | null;
		if (typeof options === "object" && Number(options?.port) === HTTPS_PORT) {
			const host = addresses[options?.host ?? ""] ?? options?.host;
			list[0] = { ...options, host, port };
		}
		return connect.apply(this, args);
	} as typeof net.Socket.prototype.connect;
}
