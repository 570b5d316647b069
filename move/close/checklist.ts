import path from "node:path";
import { type Backup, listBackups } from "../../aptible/api/backup.ts";
import { ApiError } from "../../aptible/client/errors.ts";
import type { Context } from "../../aptible/context.ts";
import { readMoveRecord } from "../../config/move-record.ts";
import { databaseDefaults } from "../../config/sizes.ts";
import { newName, oldName } from "../../config/stable-names.ts";
import { nameStage } from "../../packages/mover/commands.ts";
import { variableOf } from "../../packages/mover/configuration.ts";
import { openMoveFolder, writeWhole } from "../folder.ts";
import type { MoveSession } from "../session.ts";
import type { MoveStage } from "../stage.ts";

/** Dates of a move, ISO 8601; undefined where they are not known. */
export interface MoveDates {
	firstRehearsal: string | undefined;
	/** Since when nobody writes to the old databases: the last freeze. */
	frozen: string | undefined;
	copied: string | undefined;
}

/** A backup that may hold what a rehearsal has copied. */
export interface RehearsalBackup extends Backup {
	database: string;
}

export interface ChecklistFacts {
	now: Date;
	dates: MoveDates;
	/** What is known of MedStack's silence. */
	silence: string;
	/** Undefined where Aptible does not say. */
	backups: readonly RehearsalBackup[] | undefined;
	/** What is still on the servers of the target's: a line each. */
	left: readonly string[];
}

/** @param session in the journal; undefined where that is gone */
export async function readDates(session: MoveSession | undefined, moved: MoveStage): Promise<MoveDates> {
	const copied = readMoveRecord(moved.folder, moved.name)?.at;
	if (session === undefined) return { firstRehearsal: undefined, frozen: undefined, copied };
	const { rows } = await session.query(
		`SELECT (SELECT min(at) FROM public.wishes WHERE command = 'rehearse' AND run IS NOT NULL) AS rehearsed,
			(SELECT max(ended) FROM public.wishes WHERE command = 'freeze' AND state = 'done') AS frozen`,
	);
	const [{ rehearsed, frozen }] = rows;
	return { firstRehearsal: rehearsed?.toISOString(), frozen: frozen?.toISOString(), copied };
}

/**
 * Backups that Aptible made of a moved database since the first rehearsal. Each is of the whole server, with what was being copied then
 * and what stood there before.
 *
 * @param databases ids by the stage's names
 * @returns undefined where the token may not see them
 */
export async function findRehearsalBackups(
	{ api }: Context,
	databases: ReadonlyMap<string, number>,
	since: string | undefined,
): Promise<RehearsalBackup[] | undefined> {
	if (since === undefined) return undefined;
	try {
		const lists = await Promise.all(
			[...databases].map(async ([database, id]) =>
				(await listBackups(api, id)).map((backup) => ({ ...backup, database })),
			),
		);
		const seconds = since.slice(0, 19).replace("T", " ");
		return lists
			.flat()
			.filter(({ createdAt }) => createdAt.slice(0, 19) >= seconds)
			.sort((one, other) => (one.createdAt < other.createdAt ? -1 : 1));
	} catch (error) {
		if (error instanceof ApiError) return undefined;
		throw error;
	}
}

/** Writes the page beside the journal, under a name of its own, as a person has written into the former one. @returns its path */
export function writeChecklist(moved: MoveStage, facts: ChecklistFacts): string {
	const file = path.join(
		openMoveFolder(moved),
		`${moved.name}-close-${facts.now.toISOString().slice(0, 19).replaceAll(":", "-")}.md`,
	);
	return writeWhole(file, nameStage(describeChecklist(moved, facts), moved.name, moved.configFile));
}

/** In `cancelled` MedStack serves on, so that nothing of it ends. */
export function describeChecklist(moved: MoveStage, facts: ChecklistFacts): string {
	const { now, dates, silence } = facts;
	const isCancelled = moved.stage.move?.phase === "cancelled";
	const is = (at: string | undefined) => at ?? "not known, as no journal has it";
	return `${[
		isCancelled ? `# The move of ${moved.name} was given up` : `# End of the move of ${moved.name}`,
		"",
		`| What | When |`,
		"|---|---|",
		`| first rehearsal | ${is(dates.firstRehearsal)} |`,
		`| the old databases frozen | ${is(dates.frozen)} |`,
		`| the copy proved | ${is(dates.copied)} |`,
		`| MedStack | ${isCancelled ? "serves, and was not watched" : silence} |`,
		`| this page | ${now.toISOString()} |`,
		"",
		...(isCancelled ? describeCancelled(moved, facts) : describeEnd(moved, facts)),
	].join("\n")}\n`;
}

const item = (text: string) => `- [ ] ${text}. Done: ____ by: ____`;

/** What the mover has left in the cluster. */
function describeMover({ stage }: MoveStage, page: string): string[] {
	const sources = Object.keys(stage.move?.databases ?? {}).map((database) => `\`${variableOf(database)}\``);
	return [
		"Delete the mover's service",
		`Delete its secrets: \`move-target\`, and those that ${sources.join(", ") || "`MOVE_SOURCE_NAME`"} (with \`_FILE\`, \`_CA\`, \`_APPS\`) were made for`,
		page,
		"Drop the mover's own login on the old databases, where one was made for the freeze",
	];
}

function describeEnd(moved: MoveStage, { dates, backups, left }: ChecklistFacts): string[] {
	const frozen = dates.frozen ?? "a day that no journal has";
	return [
		"## In the MedStack cluster",
		"",
		...describeMover(moved, "Delete the page service, once nobody comes any more").map(item),
		"",
		"## What ends at MedStack",
		"",
		item(`Decide which of its backups are kept until when: the last with all data is of ${frozen} or later`),
		item("Give notice of the contract. Ends on: ____"),
		item("Revoke keys: API tokens, logins of people, logins of the registry, shared access signatures of its storage"),
		item(
			"Ask for the deletion of all data (databases, objects, backups, logs, volumes), with a certificate of it that names date and method. Asked on: ____ certificate of: ____",
		),
		item("End the agreement on health information (BAA or its like) after the certificate, not before"),
		"",
		"## DNS",
		"",
		...describeNames(moved).map(item),
		"",
		"## On Aptible",
		"",
		...describeBackups(backups, dates).map(item),
		...left.map(item),
		...describeSizes(moved).map(item),
		item("Remove the block `move` from the stage file, then `pulumi up --stack STACK`, at an hour for these restarts"),
	];
}

function describeCancelled(moved: MoveStage, { backups, left }: ChecklistFacts): string[] {
	const domains = Object.entries(moved.stage.move?.domains ?? {});
	const purge = (backups ?? []).map(
		({ id, database, createdAt }) =>
			`Backup ${id} of \`${database}\`, ${createdAt}, holds what was copied: to delete it: \`aptible backup:purge ${id}\``,
	);
	return [
		"## What stays",
		"",
		"MedStack serves. Nothing of it ends with this move: its contract and agreements, services, databases, backups, storage, keys and logins stay as they are.",
		...domains.map(([domain]) => `\`${oldName(domain)}\` stays for as long as \`${domain}\` leads to it.`),
		"",
		"## In the MedStack cluster",
		"",
		...describeMover(moved, "Delete the page service, once its domains are at the apps' services again").map(item),
		item("Revoke what was made for the move alone: the API token, shared access signatures of the storage"),
		"",
		"## DNS",
		"",
		...domains.map(([domain]) => item(`Remove \`${newName(domain)}\`, once nothing leads to it`)),
		"",
		"## On Aptible",
		"",
		item(
			"Delete the copies: the moved databases hold what was copied from production, and so do containers of objects. Remove them from the stage file, or empty them",
		),
		...(backups === undefined ? [UNKNOWN_BACKUPS] : purge).map(item),
		...left.map(item),
		item("Remove the block `move` from the stage file, then `pulumi up --stack STACK`"),
	];
}

/** Names that were made for the night: outside of Azure no update removes them. */
function describeNames({ stage }: MoveStage): string[] {
	const domains = Object.entries(stage.move?.domains ?? {});
	if (domains.length === 0) return ["Remove the names that led to MedStack"];
	return domains.flatMap(([domain, { via }]) => {
		if (via === "azure") return [`\`${oldName(domain)}\` and \`${newName(domain)}\` go with the block \`move\``];
		return [
			`Remove \`${oldName(domain)}\` by hand at the DNS host, where it was made`,
			`Lead \`${domain}\` to its endpoint's own host name, and once the TTL of \`${newName(domain)}\` has passed remove that one by hand too; before, production depends on it`,
		];
	});
}

const UNKNOWN_BACKUPS =
	"Find the backups since the first rehearsal, which may hold what it copied: `aptible backup:list`. Neither the journal nor the token could say which they are";

function describeBackups(backups: readonly RehearsalBackup[] | undefined, { copied }: MoveDates): string[] {
	if (backups === undefined) {
		return [UNKNOWN_BACKUPS];
	}
	if (backups.length === 0) return ["No backup was made since the first rehearsal: nothing to do"];
	return backups.map(({ id, database, createdAt, isManual, isCopy }) => {
		const kind = `${isManual ? "manual" : "automatic"}${isCopy ? ", a copy in another region" : ""}`;
		const isBefore = copied !== undefined && createdAt.slice(0, 19) < copied.slice(0, 19).replace("T", " ");
		const holds = isBefore
			? "from before the copy: it may hold a rehearsal's data, and nothing of production's that the copy has not"
			: "since the copy: production's own backup, and what stood there before, too";
		const fix = isBefore
			? `to delete it: \`aptible backup:purge ${id}\``
			: "keep it for as long as production's backups are kept";
		return `Backup ${id} of \`${database}\`, ${createdAt}, ${kind}; ${holds}; ${fix}`;
	});
}

/** Which databases restart for their declared size, once the block is gone. */
function describeSizes({ stage, declared }: MoveStage): string[] {
	return Object.entries(stage.move?.databases ?? {}).flatMap(([name, { during }]) => {
		const database = declared.databases[name];
		if (database === undefined || during === undefined) return [];
		const changes = (["containerMb", "containerProfile", "iops"] as const).flatMap((key) => {
			const [larger, own] = [during[key], database[key] ?? databaseDefaults[key]];
			return larger === undefined || larger === own ? [] : [`${key} ${larger} -> ${own}`];
		});
		return changes.length === 0
			? []
			: [`Size back: \`${name}\` restarts, ${changes.join(", ")}; its apps lose their connections for about a minute`];
	});
}
