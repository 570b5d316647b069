import { z } from "zod";
import { AptibleError, unlessGone } from "../client/errors.ts";
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
 * Reads an object whose parts have addresses of their own, unless it is gone.
 *
 * @throws AptibleError where a part is not found while the object is: an object that cannot be read whole must not be taken for gone
 */
export async function readUnlessGone<T>(
	api: Api,
	target: Target,
	id: number,
	read: () => Promise<T>,
): Promise<T | undefined> {
	try {
		return await read();
	} catch (error) {
		unlessGone(error);
		if (!(await objectExists(api, target, id))) return undefined;
		throw new AptibleError(
			`${(error as Error).message}; /${target}/${id}, which it is a part of, is still there. Run the command again; if it stays so, ` +
				"does this token's role see all of the environment?",
		);
	}
}
