import type { Cli } from "./cli.ts";
import { type CliOptions, writeCommandLine } from "./command-line.ts";

/** @param options `type`, `version`, `containerSize`, `containerProfile`, `diskSize`, `iops`, `keyArn` */
export function createDatabase(cli: Cli, environment: string, handle: string, options: CliOptions): Promise<void> {
	return cli.operate(writeCommandLine("db:create", { environment, ...options }, handle));
}

/**
 * Makes a replica of a database.
 *
 * @param options `containerSize`, `containerProfile`, `diskSize`, `iops`, `keyArn`; for a logical one `logical` and `version`
 */
export function replicateDatabase(
	cli: Cli,
	environment: string,
	primary: string,
	handle: string,
	options: CliOptions,
): Promise<void> {
	return cli.operate(writeCommandLine("db:replicate", { environment, ...options }, primary, handle));
}

export function renameDatabase(cli: Cli, environment: string, from: string, to: string): Promise<void> {
	return cli.change(writeCommandLine("db:rename", { environment }, from, to));
}

/**
 * Restarts the database, with new sizes where there are any.
 *
 * @param options `containerSize`, `containerProfile`, `diskSize`, `iops`: what is left out stays
 */
export function restartDatabase(cli: Cli, environment: string, handle: string, options: CliOptions): Promise<void> {
	return cli.operate(writeCommandLine("db:restart", { environment, ...options }, handle));
}

/** Changes the disk's IOPS, without a restart. */
export function setIops(cli: Cli, environment: string, handle: string, iops: number): Promise<void> {
	return cli.operate(writeCommandLine("db:modify", { environment, iops }, handle));
}

export function deprovisionDatabase(cli: Cli, environment: string, handle: string): Promise<void> {
	return cli.operate(writeCommandLine("db:deprovision", { environment }, handle));
}
