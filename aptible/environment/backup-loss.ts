import type { BackupRetention } from "../../wire/environment.ts";
import { type CliBackup, listBackups, listOrphanedBackups } from "../cli/backup.ts";
import { listDatabases } from "../cli/database.ts";
import type { CliBackupRetention } from "../cli/environment.ts";
import type { Context } from "../context.ts";

/** Backups that exist and that a policy would delete. */
export interface BackupLoss {
	count: number;
	/** What they are, one line for each database and kind. */
	lines: string[];
}

/** A live database and what `backup:list` shows of it. */
export interface BackedUp {
	handle: string;
	backups: readonly CliBackup[];
}

/** Whether a policy keeps less than another in any way: only then does Aptible delete something. */
export function keepsLess(wanted: BackupRetention, live: CliBackupRetention): boolean {
	return (
		wanted.daily < live.daily ||
		wanted.monthly < live.monthly ||
		wanted.yearly < live.yearly ||
		(live.make_copy && !wanted.makeCopy) ||
		(live.keep_final && !wanted.keepFinal)
	);
}

/** Counts, for a policy that keeps less than the live one, what of all that exists it would delete. */
export async function countBackupLoss(
	context: Context,
	environment: string,
	wanted: BackupRetention,
	live: CliBackupRetention,
): Promise<BackupLoss> {
	const { cli } = context;
	const databases: BackedUp[] = [];
	for (const { handle } of await listDatabases(cli, environment)) {
		databases.push({ handle, backups: await listBackups(cli, environment, handle) });
	}
	return backupLoss(wanted, live, databases, await listOrphanedBackups(cli, environment));
}

/**
 * What a policy would delete of these backups. Aptible's rule (Aptible docs: database backups): of the automatic backups of a
 * database the newest `daily` stay, the last one of each of `monthly` months and of each of `yearly` years; manual backups stay
 * always; without `keepFinal` the backups of deleted databases go, without `makeCopy` the copies, and a copy goes with what it is
 * a copy of. The docs leave open whether the months and years count from today or from the last daily backup. Here they count
 * from today, which keeps the fewest: the number is never too small.
 */
export function backupLoss(
	wanted: BackupRetention,
	live: CliBackupRetention,
	databases: readonly BackedUp[],
	orphaned: readonly CliBackup[],
): BackupLoss {
	const dropsCopies = live.make_copy && !wanted.makeCopy;
	const dropsFinal = live.keep_final && !wanted.keepFinal;
	const loss: BackupLoss = { count: 0, lines: [] };
	const add = (subject: string, kind: string, gone: readonly CliBackup[]) => {
		if (gone.length === 0) return;
		const days = gone.map(({ created_at }) => created_at.slice(0, 10)).sort();
		const span = days[0] === days.at(-1) ? `of ${days[0]}` : `from ${days[0]} to ${days.at(-1)}`;
		loss.count += gone.length;
		loss.lines.push(`${subject}: ${gone.length} ${kind}, ${span}`);
	};
	for (const { handle, backups } of databases) {
		const gone = beyondPolicy(wanted, backups);
		const goneIds = new Set(gone.map(({ id }) => id));
		add(`database "${handle}"`, "automatic", gone);
		const goesWithIt = (copy: CliBackup) => copy.copied_from != null && goneIds.has(copy.copied_from.id);
		const copies = backups.filter((backup) => backup.copied_from != null && (dropsCopies || goesWithIt(backup)));
		add(`database "${handle}"`, "copies in another region", copies);
	}
	const final = orphaned.filter(({ manual, copied_from }) => dropsFinal && !manual && copied_from == null);
	add("deleted databases", "final backups", final);
	const orphanedCopies = orphaned.filter(
		({ manual, copied_from }) => copied_from != null && (dropsCopies || (dropsFinal && !manual)),
	);
	add("deleted databases", "copies in another region", orphanedCopies);
	return loss;
}

function beyondPolicy({ daily, monthly, yearly }: BackupRetention, backups: readonly CliBackup[]): CliBackup[] {
	const newestFirst = backups
		.filter(({ manual, copied_from }) => !manual && copied_from == null)
		.sort((a, b) => b.created_at.localeCompare(a.created_at) || b.id - a.id);
	const kept = new Set([
		...newestFirst.slice(0, daily),
		...lastOfEach(newestFirst, "2026-11".length).slice(0, monthly),
		...lastOfEach(newestFirst, "2026".length).slice(0, yearly),
	]);
	return newestFirst.filter((backup) => !kept.has(backup));
}

/** The last backup of each month or year, told apart by the first letters of their dates. */
function lastOfEach(newestFirst: readonly CliBackup[], letters: number): CliBackup[] {
	const period = (backup: CliBackup | undefined) => backup?.created_at.slice(0, letters);
	return newestFirst.filter((backup, index) => period(backup) !== period(newestFirst[index - 1]));
}
