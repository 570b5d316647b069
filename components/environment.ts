import * as pulumi from "@pulumi/pulumi";
import type { Backups, Environment as EnvironmentConfig } from "../config/environment.ts";
import {
	type BackupRetention,
	EnvironmentFacts,
	type EnvironmentSpec,
	refuseEnvironmentChange,
} from "../wire/environment.ts";
import {
	claimsVariable,
	encodeClaims,
	environmentHint,
	LeftoversFacts,
	type LeftoversSpec,
} from "../wire/leftovers.ts";
import { AptibleCommand } from "./aptible-command.ts";
import type { Claims } from "./claims.ts";

/** An environment as the stage file describes it, with what tells what else goes with it. */
export interface EnvironmentArgs extends EnvironmentConfig {
	claims: Claims;
	/** Whether the claims say when each handle was claimed, without which nothing can be told of what has no resource. */
	areMarked: boolean;
	/** Databases by handle. */
	databases: Readonly<Record<string, { protect: boolean }>>;
	/** Apps by handle. */
	apps: Readonly<Record<string, { protect: boolean }>>;
}

/**
 * An Aptible environment. Handle (with `renamedFrom`) and backup policy change in place, the stack does not and is refused.
 * Deleting it deletes the environment, which Aptible refuses while anything is left in it, backups included. So before it goes what
 * was claimed, has no resource and is in nobody's use; that is a Command of its own, for it changes with every claim, and the
 * environment does not. Everything else waits for both.
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
		const { handle, stack, phi, adopt, renamedFrom, backups, protect, claims, areMarked } = args;
		super("medstack-to-aptible:index:Environment", name, {}, { ...opts, protect });
		const { facts, resource } = new AptibleCommand(
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
				adopt,
			},
			{ parent: this },
		);
		if (areMarked) {
			new AptibleCommand(
				`${name}-leftovers`,
				{
					kind: "leftovers",
					spec: leftoversOf(args),
					facts: LeftoversFacts,
					variables: { [claimsVariable]: claims.facts.apply(encodeClaims) },
					hints: { [environmentHint]: facts.id.apply(String) },
				},
				{ parent: this, dependsOn: resource },
			);
		}
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
	{ longestMs = 60_000 }: { longestMs?: number } = {},
): Promise<string | undefined> {
	const refused = refuseEnvironmentChange(before, after);
	if (refused !== undefined || JSON.stringify(before.backups) === JSON.stringify(after.backups)) return refused;
	// Loaded here and not above: most previews change no backup policy, and what talks to Aptible takes time to load.
	const [{ Context }, { previewBackupLoss }] = await Promise.all([
		import("../aptible/context.ts"),
		import("../aptible/environment/backup-policy.ts"),
	]);
	const signal = AbortSignal.timeout(longestMs);
	const context = new Context({ signal });
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

function leftoversOf({ handle, databases, apps }: EnvironmentArgs): LeftoversSpec {
	const protectedOf = (noun: string, objects: Readonly<Record<string, { protect: boolean }>>) =>
		Object.entries(objects).flatMap(([name, { protect }]) => (protect ? [`${noun}.${name}`] : []));
	return {
		environment: handle,
		protected: [...protectedOf("databases", databases), ...protectedOf("apps", apps)].sort(),
	};
}

function policyOf({ acceptLoss: _, ...policy }: Backups): BackupRetention {
	return policy;
}
