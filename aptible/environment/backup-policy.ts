import { compare, type Difference } from "../../wire/difference.ts";
import type { BackupRetention, EnvironmentSpec } from "../../wire/environment.ts";
import { type LiveRetention, listEnvironments, readBackupRetention } from "../api/environment.ts";
import { setBackupRetention } from "../cli/environment.ts";
import { AptibleError } from "../client/errors.ts";
import { readUntil } from "../client/lag.ts";
import type { Context } from "../context.ts";
import { findByIdentity } from "../find.ts";
import { countBackupLoss, keepsLess } from "./backup-loss.ts";

/**
 * Brings the backup policy of an environment to what the spec says.
 *
 * @returns what a person should know although the policy is as declared
 * @throws AptibleError when more backups would be deleted than `acceptLoss` says
 */
export async function syncBackupPolicy(
	context: Context,
	spec: EnvironmentSpec & { backups: BackupRetention },
	id: number,
): Promise<string[]> {
	const { handle, backups: wanted, acceptLoss } = spec;
	const live = await readBackupRetention(context.api, id);
	const other = refuseOtherRecovery(handle, wanted, live);
	if (other !== undefined) throw new AptibleError(other);
	if (diffBackups(wanted, live).length === 0) {
		return acceptLoss === 0 ? [] : ["environment.backups.acceptLoss has done its work; remove the line"];
	}
	const refused = await refuseBackupLoss(context, { id, handle }, { wanted, live, acceptLoss });
	if (refused !== undefined) throw new AptibleError(refused);
	context.progress(`environment "${handle}": setting the backup retention policy...`);
	const { pitrDays, ...policy } = wanted;
	await setBackupRetention(context.cli, handle, policy);
	const read = () => readBackupRetention(context.api, id);
	const after = await readUntil(context, read, (now) => diffBackups(policy, now).length === 0);
	if (diffBackups(policy, after).length > 0) {
		throw new AptibleError(`environment "${handle}": the backup retention policy was set but reads back differently.`);
	}
	// The policy is made anew, and the CLI has no word for its days of recovery.
	const [had = 0, has = had] = [live.pitrDays, after.pitrDays];
	if (has >= had) return [];
	throw new AptibleError(
		`environment "${handle}": its backup policy was set, and its point-in-time recovery went from ${had} to ${tellDays(has)}; ` +
			`only Aptible's support sets it: have it set to ${had} again (${support})`,
	);
}

const support = "https://app.aptible.com/support";
const tellDays = (days: number) => `${days} ${days === 1 ? "day" : "days"}`;

/** Why an environment has not the point-in-time recovery that the stage file says: no run can give it, and none takes it. */
function refuseOtherRecovery(handle: string, { pitrDays }: BackupRetention, live: LiveRetention): string | undefined {
	if (pitrDays === undefined || live.pitrDays === undefined || live.pitrDays === pitrDays) return undefined;
	return (
		`environment "${handle}" has ${tellDays(live.pitrDays)} of point-in-time recovery, and environment.backups.pitrDays says ${pitrDays}; ` +
		`only Aptible's support sets it (${support}): have it set there, or write pitrDays: ${live.pitrDays}`
	);
}

/** How the live backup policy differs. */
export function diffBackups(wanted: BackupRetention, live: LiveRetention): Difference[] {
	const { daily, monthly, yearly, makeCopy, keepFinal } = live;
	const { pitrDays, ...policy } = wanted;
	const isUnknown = pitrDays === undefined || live.pitrDays === undefined;
	return [
		...compare(policy, { daily, monthly, yearly, makeCopy, keepFinal }),
		...(isUnknown ? [] : compare({ pitrDays }, { pitrDays: live.pitrDays })),
	];
}

/**
 * For previews: refuses a spec whose policy would delete more backups than it accepts to lose, or that says of point-in-time recovery what is not so. It changes nothing, and needs
 * credentials, since only Aptible knows what backups there are.
 */
export async function previewBackupLoss(context: Context, spec: EnvironmentSpec): Promise<string | undefined> {
	const { backups: wanted, acceptLoss } = spec;
	if (wanted === undefined) return undefined;
	const environment = findByIdentity(await listEnvironments(context.api), spec, undefined);
	if (environment === undefined) return undefined;
	const live = await readBackupRetention(context.api, environment.id);
	const other = refuseOtherRecovery(environment.handle, wanted, live);
	if (other !== undefined) return other;
	return refuseBackupLoss(context, environment, { wanted, live, acceptLoss });
}

async function refuseBackupLoss(
	context: Context,
	environment: { id: number; handle: string },
	{ wanted, live, acceptLoss }: { wanted: BackupRetention; live: LiveRetention; acceptLoss: number },
): Promise<string | undefined> {
	if (!keepsLess(wanted, live)) return undefined;
	const { count, lines } = await countBackupLoss(context, environment.id, wanted, live);
	if (count <= acceptLoss) return undefined;
	const accepted = acceptLoss === 0 ? "" : `, and environment.backups.acceptLoss is ${acceptLoss}`;
	const now = diffBackups(wanted, live).map(({ field, live: value }) => `${field}: ${value}`);
	return [
		`environment "${environment.handle}": its new backup policy would delete up to ${count} backups, which nobody can bring ` +
			`back${accepted}:`,
		...lines.map((line) => `  ${line}`),
		`If that is meant, set environment.backups.acceptLoss: ${count} and run \`pulumi up\` again. To keep them, leave what ` +
			`Aptible has now: ${now.join(", ")}.`,
	].join("\n");
}
