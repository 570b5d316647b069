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

/** Of a list, what is not shown as deprovisioned. */
export function withoutGone<T extends { status?: string | null | undefined }>(shown: readonly T[]): T[] {
	return shown.filter(({ status }) => status !== "deprovisioned");
}

/**
 * For `catch`, where the parts of an object are read that may be removed since it was listed: `undefined` where it is gone itself.
 *
 * @param object as for `refuseMissingPart`
 * @throws what else has failed, a part among it that is missing of an object that is there
 */
export function unlessObjectGone(
	api: Api,
	target: Target,
	object: { id: number; label: string },
): (error: unknown) => Promise<undefined> {
	return (error) => refuseMissingPart(api, target, object)(error).catch(unlessGone);
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
