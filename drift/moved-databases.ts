import * as pulumi from "@pulumi/pulumi";
import { findOtherDatabases, type MoveRecord } from "../config/move-record.ts";
import type { Stage } from "../config/stage.ts";
import { type RecordedCommand, readRecorded } from "./recorded.ts";

/**
 * Refuses a phase that stands on the proof of a copy in another database than the stage has recorded: one that was made again since, or
 * one of another stage.
 *
 * @throws RunError where a database is another one, or the state cannot be read
 */
export async function refuseOtherDatabases({ databases, move }: Stage, record: MoveRecord): Promise<void> {
	const stage = pulumi.getStack();
	const recorded = await readRecorded().catch((error: unknown): never => {
		const reason = error instanceof Error ? error.message : String(error);
		throw new pulumi.RunError(
			`whether the verified copy is in the databases of this stage is unknown: \`pulumi stack export --stack ${stage}\` says: ${reason}`,
		);
	});
	const idOf = (handle: string) => {
		const names = [handle, Object.hasOwn(databases, handle) ? databases[handle]?.renamedFrom : undefined];
		return recorded.find(({ kind, name }: RecordedCommand) => kind === "database" && names.includes(name))?.facts.id;
	};
	const problems = findOtherDatabases(Object.keys(move?.databases ?? {}), record, stage, idOf);
	if (problems.length > 0) throw new pulumi.RunError(problems.join("\n"));
}
