import { z } from "zod";
import type { Api } from "./api.ts";
import type { DrainTarget } from "./drain.ts";
import { withoutGone } from "./existence.ts";

const ListedObject = z.looseObject({
	id: z.int(),
	handle: z.string(),
	status: z.string().nullish(),
	/** Of databases only. */
	type: z.string().nullish(),
});
export type ListedObject = z.infer<typeof ListedObject>;

/** What of a kind is in an environment. */
export async function listObjects(
	api: Api,
	target: DrainTarget | "apps" | "databases",
	environmentId: number,
): Promise<ListedObject[]> {
	const url = `${api.root}/accounts/${environmentId}/${target}?per_page=5000`;
	return withoutGone(await api.list(url, target, ListedObject));
}
