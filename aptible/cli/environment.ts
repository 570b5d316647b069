import { z } from "zod";
import type { BackupRetention } from "../../wire/environment.ts";
import { CliError } from "../client/errors.ts";
import type { Cli } from "./cli.ts";
import { commandLine } from "./command-line.ts";

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
	return cli.read(z.array(CliEnvironment), commandLine("environment:list"));
}

export function renameEnvironment(cli: Cli, from: string, to: string): Promise<void> {
	return cli.change(commandLine("environment:rename", {}, from, to));
}

/** Aptible's own policy, for an environment that has none of its own (Aptible docs: database backups). */
const defaultRetention: CliBackupRetention = {
	daily: 30,
	monthly: 12,
	yearly: 6,
	make_copy: false,
	keep_final: true,
};

/** The policy that is in force in an environment. */
export async function readBackupRetention(cli: Cli, environment: string): Promise<CliBackupRetention> {
	try {
		return await cli.read(CliBackupRetention, commandLine("backup_retention_policy", {}, environment));
	} catch (error) {
		// subcommands/backup_retention_policy.rb, aptible-cli 0.26.6
		if (error instanceof CliError && error.stderr.includes("does not have a custom backup retention policy")) {
			return defaultRetention;
		}
		throw error;
	}
}

const CaCertificate = z.looseObject({ handle: z.string(), ca_body: z.string().nullish() });

/** Certificate, as PEM, of the authority that signs the environment's databases; empty where it has none. */
export async function readCaCertificate(cli: Cli, environment: string): Promise<string> {
	const shown = await cli.read(z.array(CaCertificate), commandLine("environment:ca_cert", { environment }));
	return shown.find(({ handle }) => handle === environment)?.ca_body ?? "";
}

/** `--force`: without it the CLI asks, and with no terminal to ask on it gives up (recorded run 79). */
export function setBackupRetention(cli: Cli, environment: string, policy: BackupRetention): Promise<void> {
	return cli.change(commandLine("backup_retention_policy:set", { ...policy, force: true }, environment));
}
