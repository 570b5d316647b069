import type { BackupRetention } from "../../wire/environment.ts";
import type { Cli } from "./cli.ts";
import { writeCommandLine } from "./command-line.ts";

export function renameEnvironment(cli: Cli, from: string, to: string): Promise<void> {
	return cli.change(writeCommandLine("environment:rename", {}, from, to));
}

/** `--force`: without it the CLI asks, and with no terminal to ask on it gives up (recorded run 79). */
export function setBackupRetention(cli: Cli, environment: string, policy: BackupRetention): Promise<void> {
	return cli.change(writeCommandLine("backup_retention_policy:set", { ...policy, force: true }, environment));
}
