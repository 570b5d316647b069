import { z } from "zod";
import { ApiError, AptibleError, unlessGone } from "../client/errors.ts";
import type { Api } from "./api.ts";
import type { OperationTarget } from "./operation.ts";

const Resource = z.looseObject({
	handle: z.string().nullish(),
	status: z.string().nullish(),
	deleted_at: z.string().nullish(),
});

/** What an object is looked for by: its kind, as the API's path names it. */
type Target = OperationTarget | "accounts";

/** Whether an object, or an environment (`accounts`) that this token may see, is still there, by its id: a list may lag behind. */
export async function objectExists(api: Api, target: Target, id: number): Promise<boolean> {
	return (await findObject(api, target, id)) !== undefined;
}

/** The object, unless it is gone: unknown to the API, or shown as deprovisioned or deleted. */
export async function findObject(api: Api, target: Target, id: number): Promise<z.infer<typeof Resource> | undefined> {
	const url = `${api.root}/${target}/${id}`;
	const shown = await api.read(url, Resource).catch(unlessGone);
	return shown?.status === "deprovisioned" || shown?.deleted_at ? undefined : shown;
}

/**
 * For `catch`, where the parts of an object are read: what the API does not find is passed on only where the object has gone itself, as
 * `unlessGone` would otherwise take one for gone that is there.
 *
 * @param label the object, as messages call it
 */
export function refuseMissingPart(
	api: Api,
	target: Target,
	{ id, label }: { id: number; label: string },
): (error: unknown) => Promise<never> {
	return async (error) => {
		const isPartMissing = error instanceof ApiError && error.status === 404 && (await objectExists(api, target, id));
		if (!isPartMissing) throw error;
		throw new AptibleError(
			`${label} (id ${id}) is there, but ${error.message}. Run the command again. If it fails again, ask Aptible's support ` +
				"(https://app.aptible.com/support).",
		);
	};
}
