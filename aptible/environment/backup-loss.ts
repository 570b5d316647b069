import type { BackupRetention } from "../../wire/environment.ts";
import { type Backup, listBackups, listOrphanedBackups } from "../api/backup.ts";
import { listNamedDatabases } from "../api/database.ts";
import type { LiveRetention } from "../api/environment.ts";
import { tellGone } from "../client/errors.ts";
import type { Context } from "../context.ts";

/** Backups that exist and that a policy would delete. */
export interface BackupLoss {
	count: number;
	/** What they are, one line for each database and kind. */
	lines: string[];
}

/** A live database and its backups. */
export interface BackedUp {
	handle: string;
	backups: readonly Backup[];
}

/** Whether a policy keeps less than another in any way: only then does Aptible delete something. */
export function keepsLess(wanted: BackupRetention, live: LiveRetention): boolean {
	return (
		wanted.daily < live.daily ||
		wanted.monthly < live.monthly ||
		wanted.yearly < live.yearly ||
		(live.makeCopy && !wanted.makeCopy) ||
		(live.keepFinal && !wanted.keepFinal)
	);
}

/** Counts, for a policy that keeps less than the live one, what of all that exists it would delete. */
export async function countBackupLoss(
	context: Context,
	environmentId: number,
	wanted: BackupRetention,
	live: LiveRetention,
): Promise<BackupLoss> {
	const { api } = context;
	const [named, orphaned] = await Promise.all([
		listNamedDatabases(api, environmentId),
		listOrphanedBackups(api, environmentId),
	]);
	const databases = await Promise.all(
		named.map(async ({ id, handle }) => {
			// Its backups would be missing from both counts.
			const gone = `database "${handle}" has gone while its backups were counted. Run \`pulumi up\` again.`;
			return { handle, backups: await listBackups(api, id).catch(tellGone(gone)) };
		}),
	);
	return backupLoss(wanted, live, databases, orphaned);
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
	live: LiveRetention,
	databases: readonly BackedUp[],
	orphaned: readonly Backup[],
): BackupLoss {
	const dropsCopies = live.makeCopy && !wanted.makeCopy;
	const dropsFinal = live.keepFinal && !wanted.keepFinal;
	const loss: BackupLoss = { count: 0, lines: [] };
	const add = (subject: string, kind: string, gone: readonly Backup[]) => {
		if (gone.length === 0) return;
		const days = gone.map(({ createdAt }) => createdAt.slice(0, 10)).sort();
		const span = days[0] === days.at(-1) ? `of ${days[0]}` : `from ${days[0]} to ${days.at(-1)}`;
		loss.count += gone.length;
		loss.lines.push(`${subject}: ${gone.length} ${kind}, ${span}`);
	};
	for (const { handle, backups } of databases) {
		const gone = beyondPolicy(wanted, backups);
		const goneIds = new Set(gone.map(({ id }) => id));
		add(`database "${handle}"`, "automatic", gone);
		const goesWithIt = (copy: Backup) => copy.copiedFromId !== undefined && goneIds.has(copy.copiedFromId);
		const copies = backups.filter((backup) => backup.isCopy && (dropsCopies || goesWithIt(backup)));
		add(`database "${handle}"`, "copies in another region", copies);
	}
	const final = orphaned.filter(({ isManual, isCopy }) => dropsFinal && !isManual && !isCopy);
	add("deleted databases", "final backups", final);
	const orphanedCopies = orphaned.filter(
		({ isManual, isCopy }) => isCopy && (dropsCopies || (dropsFinal && !isManual)),
	);
	add("deleted databases", "copies in another region", orphanedCopies);
	return loss;
}

function beyondPolicy({ daily, monthly, yearly }: BackupRetention, backups: readonly Backup[]): Backup[] {
	const newestFirst = backups
		.filter(({ isManual, isCopy }) => !isManual && !isCopy)
		.sort((a, b) => b.createdAt.localeCompare(a.createdAt) || b.id - a.id);
	const kept = new Set([
		...newestFirst.slice(0, daily),
		...lastOfEach(newestFirst, "2026-11".length).slice(0, monthly),
		...lastOfEach(newestFirst, "2026".length).slice(0, yearly),
	]);
	return newestFirst.filter((backup) => !kept.has(backup));
}

/** The last backup of each month or year, told apart by the first letters of their dates. */
function lastOfEach(newestFirst: readonly Backup[], letters: number): Backup[] {
	const period = (backup: Backup | undefined) => backup?.createdAt.slice(0, letters);
	return newestFirst.filter((backup, index) => period(backup) !== period(newestFirst[index - 1]));
}
