import * as pulumi from "@pulumi/pulumi";
import type { Access } from "../aptible/access.ts";
import { previewBackupLoss } from "../aptible/backup-policy.ts";
import { Context } from "../aptible/context.ts";
import {
	type BackupRetention,
	EnvironmentFacts,
	type EnvironmentSpec,
	environmentIdentity,
} from "../aptible/specs/environment.ts";
import type { Backups, Environment as EnvironmentConfig } from "../config/environment.ts";
import { AptibleCommand } from "./aptible-command.ts";

/** An environment as the stage file describes it. */
export type EnvironmentArgs = EnvironmentConfig;

/**
 * An Aptible environment. Handle (with `renamedFrom`) and backup policy change in place, the stack does not and is refused.
 * Deleting it deletes the environment, which Aptible refuses while anything is left in it, backups included.
 */
export class Environment extends pulumi.ComponentResource {
	/** Id of the environment (the API's account). */
	readonly id: pulumi.Output<number>;
	/** Region of its stack, as AWS names it. */
	readonly region: pulumi.Output<string>;
	/** Addresses from which its containers reach the outside (`203.0.113.10/32`), sorted: for the allow-lists of others. */
	readonly outboundIpAddresses: pulumi.Output<string[]>;
	/** Certificate, as PEM, against which the certificates of its PostgreSQL and MySQL databases can be verified. */
	readonly caCertificate: pulumi.Output<string>;

	constructor(name: string, args: EnvironmentArgs, opts?: pulumi.ComponentResourceOptions) {
		const { handle, stack, phi, renamedFrom, backups, protect } = args;
		super("medstack-to-aptible:index:Environment", name, {}, { ...opts, protect });
		const { facts } = new AptibleCommand(
			name,
			{
				kind: "environment",
				spec: {
					handle,
					stack,
					phi,
					renamedFrom,
					backups: backups && policyOf(backups),
					acceptLoss: backups?.acceptLoss ?? 0,
				},
				facts: EnvironmentFacts,
				refuse: (before, after) => refuseChange(before, after),
			},
			{ parent: this },
		);
		this.id = facts.id;
		this.region = facts.region;
		this.outboundIpAddresses = facts.outboundIpAddresses;
		this.caCertificate = facts.caCertificate;
		this.registerOutputs({
			id: this.id,
			region: this.region,
			outboundIpAddresses: this.outboundIpAddresses,
			caCertificate: this.caCertificate,
		});
	}
}

/**
 * What cannot change in place, and a policy that would delete more backups than it accepts to lose. What there is to lose only
 * Aptible knows: where it cannot be asked, or does not answer in time, the update asks again before it sends anything.
 */
export async function refuseChange(
	before: EnvironmentSpec,
	after: EnvironmentSpec,
	{ longestMs = 60_000, execute }: { longestMs?: number } & Pick<Access, "execute"> = {},
): Promise<string | undefined> {
	const refused = environmentIdentity(before, after);
	if (refused !== undefined || JSON.stringify(before.backups) === JSON.stringify(after.backups)) return refused;
	const signal = AbortSignal.timeout(longestMs);
	const context = new Context({ signal, execute });
	try {
		return await Promise.race([previewBackupLoss(context, after), rejectAtEnd(signal)]);
	} catch (error) {
		const reason = signal.aborted
			? `Aptible has not answered within ${longestMs / 1000} s`
			: context.redactor.mask(error instanceof Error ? error.message : String(error));
		await pulumi.log.warn(`what the new backup policy would delete is not known yet: ${reason}`);
		return undefined;
	}
}

function rejectAtEnd(signal: AbortSignal): Promise<never> {
	return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}

function policyOf({ acceptLoss: _, ...policy }: Backups): BackupRetention {
	return policy;
}
