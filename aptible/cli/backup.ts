import type { Cli } from "./cli.ts";
import { type CliOptions, writeCommandLine } from "./command-line.ts";

/** Takes a backup now. It stays until it is purged, also when its database is deleted (Aptible docs: database backups). */
export function backUp(cli: Cli, environment: string, database: string): Promise<void> {
	return cli.operate(writeCommandLine("db:backup", { environment }, database));
}

/**
 * Makes a new database from a backup.
 *
 * @param options `environment`, `handle`, `containerSize`, `containerProfile`, `diskSize`, `iops`, `keyArn`
 */
export function restoreBackup(cli: Cli, id: number, options: CliOptions): Promise<void> {
	return cli.operate(writeCommandLine("backup:restore", options, String(id)));
}
