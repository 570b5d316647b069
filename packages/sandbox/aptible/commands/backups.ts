import type { Cli, Command } from "../cli-context.ts";
import { UserError } from "../errors.ts";
import { backupNode, rubyTime } from "../format.ts";
import type { Backup } from "../model.ts";
import { list } from "../render.ts";
import { printDatabase } from "./databases.ts";
import { findDatabase, given, refuseSizeOption } from "./finders.ts";

const UNITS_MS: Record<string, number> = {
	s: 1000,
	m: 60_000,
	h: 3_600_000,
	d: 86_400_000,
	w: 604_800_000,
	mo: 2_592_000_000,
	y: 31_557_600_000,
};

export const commands: Record<string, Command> = {
	"backup:list"(cli, handle = "") {
		cli.telemetry({ handle });
		const since = oldestShown(cli);
		const database = findDatabase(cli, handle);
		const backups = newestFirst(
			cli.read((store) => store.list("backup").filter((backup) => backup.database_id === database.id)),
			since,
		);
		cli.print(
			list(
				backups.map((backup) => cli.read((store) => backupNode(store, backup))),
				"description",
			),
		);
	},

	"backup:orphaned"(cli) {
		cli.telemetry();
		const since = oldestShown(cli);
		const backups = cli.scopedEnvironments().flatMap((account) =>
			cli.read((store) =>
				newestFirst(
					store.list("backup", account.id).filter((backup) => store.get("database", backup.database_id).deleted_at),
					since,
				),
			),
		);
		const nodes = backups.map((backup) => cli.read((store) => backupNode(store, backup, { withDatabase: true })));
		cli.print(list(nodes, "description"));
	},

	async "backup:restore"(cli, backupId = "") {
		cli.telemetry({ backup_id: backupId });
		const backup = findBackup(cli, backupId);
		const source = cli.read((store) => store.get("database", backup.database_id));
		const stamp = rubyTime(backup.created_at).slice(0, 19).replace(/[ :]/g, "-");
		const handle = cli.text("handle") ?? `${source.handle}-at-${stamp}`;
		const environment = cli.text("environment");
		const destination = environment === undefined ? undefined : cli.environment(environment);
		refuseSizeOption(cli);
		const sizes = given({
			container_size: cli.number("container_size"),
			disk_size: cli.number("disk_size"),
			key_arn: cli.text("key_arn"),
			instance_profile: cli.text("container_profile"),
			provisioned_iops: cli.number("iops"),
			destination_account_id: destination?.id,
		});
		const operation = await cli.run(
			"backup",
			backup.id,
			{ type: "restore", handle, ...sizes },
			`Restoring backup into ${handle}`,
		);
		printDatabase(cli, operation.creates_id ?? 0);
	},

	async "backup:purge"(cli, backupId = "") {
		cli.telemetry({ backup_id: backupId });
		const backup = findBackup(cli, backupId);
		await cli.run("backup", backup.id, { type: "purge" }, `Purging backup ${backupId}`);
	},
};

function findBackup(cli: Cli, id: string): Backup {
	const backup = cli.read((store) => store.find("backup", Number(id)));
	if (!backup) throw new UserError(`Backup #${id} not found`);
	return backup;
}

function oldestShown(cli: Cli): string {
	const age = cli.text("max_age") ?? "";
	const [, count, unit] = /^\s*(\d+)\s*(mo|[smhdwy])/.exec(age) ?? [];
	const unitMs = UNITS_MS[unit ?? ""];
	if (unitMs === undefined) throw new UserError(`Invalid age: ${age}`);
	return new Date(Math.max(Date.now() - Number(count) * unitMs, -6e13)).toISOString();
}

function newestFirst(backups: Backup[], since: string): Backup[] {
	const shown = backups.filter((backup) => Date.parse(backup.created_at) >= Date.parse(since));
	return shown.sort((a, b) => b.created_at.localeCompare(a.created_at) || b.id - a.id);
}
