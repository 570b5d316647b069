import type { Cli } from "./cli.ts";
import { writeCommandLine } from "./command-line.ts";

/** A tunnel that is open. */
export interface Tunnel {
	/** Address of the database at this end, with its password. */
	url: string;
	/** Ends when the tunnel does: all that goes through it ends then. */
	readonly signal: AbortSignal;
	close(): Promise<void>;
}

/** Opens a tunnel to a database; the CLI says where it is in its log, on stderr (aptible-cli 0.26.6, subcommands/db.rb). */
export async function openTunnel(cli: Cli, environment: string, handle: string): Promise<Tunnel> {
	const argv = writeCommandLine("db:tunnel", { environment }, handle);
	const { found, signal, close } = await cli.hold(argv, /^(?:.*\s)?Connect at (\S+)\s*\n/m);
	return { url: found, signal, close };
}
