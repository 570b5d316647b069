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
	if (diffBackups(wanted, live).length === 0) {
		return acceptLoss === 0 ? [] : ["environment.backups.acceptLoss has done its work; remove the line"];
	}
	const refused = await refuseBackupLoss(context, { id, handle }, { wanted, live, acceptLoss });
	if (refused !== undefined) throw new AptibleError(refused);
	context.progress(`environment "${handle}": setting the backup retention policy...`);
	await setBackupRetention(context.cli, handle, wanted);
	const read = async () => diffBackups(wanted, await readBackupRetention(context.api, id));
	if ((await readUntil(context, read, ({ length }) => length === 0)).length > 0) {
		throw new AptibleError(`environment "${handle}": the backup retention policy was set but reads back differently.`);
	}
	return [];
}

/** How the live backup policy differs. */
export function diffBackups(wanted: BackupRetention, live: LiveRetention): Difference[] {
	const { daily, monthly, yearly, makeCopy, keepFinal } = live;
	return compare(wanted, { daily, monthly, yearly, makeCopy, keepFinal });
}

/**
 * For previews: refuses a spec whose policy would delete more backups than it accepts to lose. It changes nothing, and needs
 * credentials, since only Aptible knows what backups there are.
 */
export async function previewBackupLoss(context: Context, spec: EnvironmentSpec): Promise<string | undefined> {
	const { backups: wanted, acceptLoss } = spec;
	if (wanted === undefined) return undefined;
	const environment = findByIdentity(await listEnvironments(context.api), spec, undefined);
	if (environment === undefined) return undefined;
	const live = await readBackupRetention(context.api, environment.id);
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
