/** Step `analyze`: statistics for the planner, without which an app's first minutes are slow. */
import type { Copying } from "./context.ts";

export async function analyze({ database }: Copying): Promise<void> {
	await database.step("analyze", "", async (client) => {
		await client.query("ANALYZE");
		return { analyzed: true };
	});
}
