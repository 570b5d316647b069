/** What is still in an environment that is to be deleted: Aptible deletes only an empty one. */
import { listDrains } from "./api/drains.ts";
import { createOperation } from "./api/operations.ts";
import { listApps } from "./cli/apps.ts";
import { listOrphanedBackups } from "./cli/backups.ts";
import { listDatabases } from "./cli/databases.ts";
import type { Context } from "./context.ts";

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

/** What is left and how to take it away, one line for each kind; what cannot be read is left out. */
export async function describeRest(context: Context, environment: string): Promise<string[]> {
	const { cli } = context;
	const read = <T>(list: Promise<T[]>) => list.catch(() => []);
	const [apps, databases, backups] = await Promise.all([
		read(listApps(cli, environment)),
		read(listDatabases(cli, environment)),
		read(listOrphanedBackups(cli, environment)),
	]);
	const names = (objects: readonly { handle: string }[]) => objects.map(({ handle }) => handle).join(", ");
	const kept = backups.map(({ id, database }) => `${id} (${database?.handle ?? "?"})`).join(", ");
	return [
		...(apps.length === 0 ? [] : [`  apps: ${names(apps)}`]),
		...(databases.length === 0 ? [] : [`  databases: ${names(databases)}`]),
		...(backups.length === 0
			? []
			: [
					`  last backups of deleted databases, kept on purpose: ${kept}. \`aptible backup:purge ID\` deletes one for good.`,
				]),
		`  See also \`aptible log_drain:list --environment ${environment}\` and \`aptible metric_drain:list\`, likewise.`,
	];
}
