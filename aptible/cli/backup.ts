import { z } from "zod";
import type { Cli } from "./cli.ts";
import { type CliOptions, commandLine } from "./command-line.ts";

/** A backup as `backup:list` and `backup:orphaned` show it. */
export const CliBackup = z.looseObject({
	id: z.int(),
	/** `2026-11-23 06:16:23 UTC`: sorts as it reads. */
	created_at: z.string(),
	manual: z.boolean().nullish(),
	/** The backup that it is a copy of, in another region. */
	copied_from: z.looseObject({ id: z.int() }).nullish(),
	/** Shown of the backups of deleted databases only. */
	database: z.looseObject({ id: z.int(), handle: z.string() }).nullish(),
});
export type CliBackup = z.infer<typeof CliBackup>;

/** Backups of one database. */
export function listBackups(cli: Cli, environment: string, database: string): Promise<CliBackup[]> {
	return cli.read(z.array(CliBackup), commandLine("backup:list", { environment }, database));
}

/** Backups of the environment's deleted databases. */
export function listOrphanedBackups(cli: Cli, environment: string): Promise<CliBackup[]> {
	return cli.read(z.array(CliBackup), commandLine("backup:orphaned", { environment }));
}

/** Takes a backup now. It stays until it is purged, also when its database is deleted (Aptible docs: database backups). */
export function backUp(cli: Cli, environment: string, database: string): Promise<void> {
	return cli.operate(commandLine("db:backup", { environment }, database));
}

/**
 * Makes a new database from a backup.
 *
 * @param options `environment`, `handle`, `containerSize`, `containerProfile`, `diskSize`, `iops`, `keyArn`
 */
export function restoreBackup(cli: Cli, id: number, options: CliOptions): Promise<void> {
	return cli.operate(commandLine("backup:restore", options, String(id)));
}
