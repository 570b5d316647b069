/** A cluster is one stage's: a block that was copied into another stage's file must not stop what it is not about. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { readRawStage, stageFile } from "../../config/stage-file.ts";
import type { MoveStage } from "../stage.ts";
import type { Cluster } from "./medstack-api.ts";

/**
 * Refuses a cluster that another stage file of the folder names.
 *
 * @throws with that file, or with one that cannot be read
 */
export function refuseOtherStages(moved: MoveStage, { id, label }: Cluster): void {
	const { folder } = moved;
	const own = stageFile(moved);
	for (const file of readdirSync(folder).sort()) {
		if (!/^Pulumi\..+\.ya?ml$/.test(file) || path.join(folder, file) === own) continue;
		const named = clusterIn(path.join(folder, file));
		if (named !== id && named !== label) continue;
		throw new Error(
			`move.from.cluster is "${named}" in ${file} too, and a cluster is stopped for one stage alone; remove it from the file whose services do not run there, and change services by hand where both run there`,
		);
	}
}

function clusterIn(file: string): unknown {
	try {
		const { move } = readRawStage(file).raw as { move?: { from?: { cluster?: unknown } } };
		return move?.from?.cluster;
	} catch (error) {
		throw new Error(
			`whether ${path.basename(file)} names the same cluster is not known, as it cannot be read (${(error as Error).message}); correct it, or move it away`,
		);
	}
}
