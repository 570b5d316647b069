import { objectExists } from "../aptible/api/existence.ts";
import type { Context } from "../aptible/context.ts";
import { describeLoss, describeReturn } from "../aptible/database/gone.ts";
import type { Stage } from "../config/stage.ts";
import type { RecordedCommand } from "./recorded.ts";
import type { Snapshot } from "./snapshot.ts";

/** By handles and names of Commands, what is left of each database that was recorded, is still declared, and is gone. */
export async function findLosses(
	context: Context,
	stage: Stage,
	recorded: readonly RecordedCommand[],
	{ databases, environment }: Snapshot,
): Promise<Map<string, string>> {
	const losses = new Map<string, string>();
	for (const { kind, name, facts } of recorded) {
		const [handle, declared] =
			Object.entries(stage.databases).find(([key, { renamedFrom }]) => key === name || renamedFrom === name) ?? [];
		if (kind !== "database" || handle === undefined || declared === undefined || facts.id === undefined) continue;
		if (databases.some(({ listed }) => listed.id === facts.id || listed.handle === handle)) continue;
		// A list may lag behind.
		if (await objectExists(context.api, "databases", facts.id)) continue;
		const lost = { id: facts.id, handle };
		const wanted = { ...declared, handle, environment: environment.handle };
		const text = (await describeLoss(context, wanted, lost)) ?? describeReturn(wanted, lost);
		losses.set(name, text).set(handle, text);
	}
	return losses;
}
