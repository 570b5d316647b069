import { z } from "zod";
import { unlessGone } from "../errors.ts";
import type { Api } from "./api.ts";
import type { OperationTarget } from "./operations.ts";

const Resource = z.looseObject({ status: z.string().nullish(), deleted_at: z.string().nullish() });

/**
 * Whether an object, or an environment (`accounts`) that this token may see, is still there, by its id: a list may lag behind. What
 * is gone is unknown to the API, or shown as deprovisioned or deleted.
 */
export async function objectExists(api: Api, target: OperationTarget | "accounts", id: number): Promise<boolean> {
	const url = `${api.root}/${target}/${id}`;
	const shown = await api.read(url, Resource, { Prefer: "no_sensitive_extras=true" }).catch(unlessGone);
	return shown !== undefined && shown.status !== "deprovisioned" && !shown.deleted_at;
}
