/** What is still in an environment that is to be deleted: Aptible deletes only an empty one. */
import { listApps } from "../api/app.ts";
import { listOrphanedBackups } from "../api/backup.ts";
import { listNamedDatabases } from "../api/database.ts";
import { type DrainTarget, type ListedDrain, listDrains } from "../api/drain.ts";
import { createOperation } from "../api/operation.ts";
import type { Context } from "../context.ts";

/**
 * Deprovisions the log drains that `aptible logs` leaves behind. Nothing shows them, and they keep the environment from being
 * deleted (terraform-provider-aptible PR #140).
 */
export async function deleteTailDrains(context: Context, environmentId: number): Promise<void> {
	const list = async () => {
		const drains = await listDrains(context.api, "log_drains", environmentId);
		return drains.filter(({ drain_type }) => drain_type === "tail");
	};
	for (const { id, handle } of await list()) {
		await context.deprovision(
			{ target: "log_drains", id, label: `log drain "${handle}" of \`aptible logs\`` },
			() => createOperation(context.api, "log_drains", id, { type: "deprovision" }),
			async () => (await list()).some((drain) => drain.id === id),
		);
	}
}

/** What is left and the command that takes it away, one line each; what cannot be read is said to be unknown. */
export async function describeRest(
	context: Context,
	{ id, handle }: { id: number; handle: string },
): Promise<string[]> {
	const { api } = context;
	const at = `--environment ${handle}`;
	const isThere = ({ status }: ListedDrain) => status !== "deprovisioned";
	const drains = async (target: DrainTarget) => (await listDrains(api, target, id)).filter(isThere);
	const lines = await Promise.all([
		linesOf("apps", listApps(api, id), (app) => {
			return `  app "${app.handle}": \`aptible apps:deprovision --app ${app.handle} ${at}\` removes it`;
		}),
		linesOf("databases", listNamedDatabases(api, id), (database) => {
			return `  database "${database.handle}": \`aptible db:deprovision ${database.handle} ${at}\` removes it`;
		}),
		linesOf("log drains", drains("log_drains"), (drain) => {
			return `  log drain "${drain.handle}": \`aptible log_drain:deprovision ${drain.handle} ${at}\` removes it`;
		}),
		linesOf("metric drains", drains("metric_drains"), (drain) => {
			return `  metric drain "${drain.handle}": \`aptible metric_drain:deprovision ${drain.handle} ${at}\` removes it`;
		}),
		linesOf("last backups of deleted databases", listOrphanedBackups(api, id), (backup) => {
			const of = `backup ${backup.id}, of database "${backup.databaseHandle ?? "?"}"`;
			return `  ${of}, kept on purpose: \`aptible backup:purge ${backup.id}\` deletes it for good`;
		}),
	]);
	return lines.flat();
}

async function linesOf<T>(what: string, list: Promise<T[]>, tell: (one: T) => string): Promise<string[]> {
	try {
		return (await list).map(tell);
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		return [`  ${what}: unknown, as they could not be read: ${reason.replaceAll(/\s*\n\s*/g, " ")}`];
	}
}
