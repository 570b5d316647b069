import { z } from "zod";
import type { BackupRetention } from "../specs/environment.ts";
import { type Cli, cliOptions } from "./cli.ts";

/** An environment as `environment:list` shows it. */
export const CliEnvironment = z.looseObject({
	id: z.int(),
	handle: z.string(),
	stack: z.looseObject({
		name: z.string(),
		region: z.string(),
		outbound_ip_addresses: z.array(z.string()).nullish(),
	}),
});
export type CliEnvironment = z.infer<typeof CliEnvironment>;

/** As `backup_retention_policy` shows it. */
export const CliBackupRetention = z.looseObject({
	daily: z.int(),
	monthly: z.int(),
	yearly: z.int(),
	make_copy: z.boolean(),
	keep_final: z.boolean(),
});
export type CliBackupRetention = z.infer<typeof CliBackupRetention>;

export function listEnvironments(cli: Cli): Promise<CliEnvironment[]> {
	return cli.read(z.array(CliEnvironment), ["environment:list"]);
}

export function renameEnvironment(cli: Cli, from: string, to: string): Promise<void> {
	return cli.change(["environment:rename", from, to]);
}

export function readBackupRetention(cli: Cli, environment: string): Promise<CliBackupRetention> {
	return cli.read(CliBackupRetention, ["backup_retention_policy", environment]);
}

/** `--force`: without it the CLI asks, and with no terminal to ask on it gives up (recorded run 79). */
export function setBackupRetention(cli: Cli, environment: string, policy: BackupRetention): Promise<void> {
	return cli.change(["backup_retention_policy:set", environment, ...cliOptions({ ...policy, force: true })]);
}
