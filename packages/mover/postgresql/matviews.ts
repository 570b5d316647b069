/** Step `materialized-views`: filled by the target itself, those first that others read. */
import type { Copying } from "./context.ts";
import { readPlainSettings, settingsOfView, useSettings } from "./refresh-settings.ts";
import { type Archive, itemsSql, refused, setSearchPath } from "./schema.ts";
import { withSearchPath } from "./search-path.ts";

/**
 * Refreshes them in the archive's order, which is that of dependence, under the settings that they are refreshed under on the source. Their owners' policies apply as they do on the source, so
 * this comes before what left-behind roles own becomes a superuser's.
 */
export async function refreshMaterializedViews(copying: Copying, archive: Archive): Promise<number> {
	const { database, snapshot, source, steps } = copying;
	const views = archive.after.filter(({ kind }) => kind === "MATERIALIZED VIEW DATA");
	if (views.length === 0) return 0;
	const plain = await readPlainSettings(source);
	for (const view of views) {
		await steps.checkpoint();
		const part = String(view.oid);
		const settings = new Map(await settingsOfView(snapshot.client, plain, part));
		settings.delete("search_path");
		const refresh = async (searchPath: string) => {
			const sql = (await itemsSql(copying, archive, [view])).replace(
				"SET row_security = off;",
				"SET row_security = on;",
			);
			const run = setSearchPath(sql, searchPath);
			await database.write("materialized-views", part, async (client) => {
				await useSettings(client, settings);
				await client.query(run).catch((error) => {
					throw refused(`materialized view ${view.label} cannot be filled on the target`, error, run);
				});
				return { items: 1 };
			});
		};
		await steps.step("materialized-views", part, {
			look: () => database.done("materialized-views", part),
			act: () => withSearchPath(copying, refresh),
		});
	}
	return views.length;
}
