import { z } from "zod";
import { ApiError } from "../errors.ts";
import type { Api } from "./api.ts";
import type { OperationTarget } from "./operations.ts";

const Resource = z.looseObject({ status: z.string().nullish() });

/** Whether an object is still there, by its id: a list may lag behind. */
export async function objectExists(api: Api, target: OperationTarget, id: number): Promise<boolean> {
	try {
		const { status } = await api.read(`${api.root}/${target}/${id}`, Resource, { Prefer: "no_sensitive_extras=true" });
		return status !== "deprovisioned";
	} catch (error) {
		if (error instanceof ApiError && error.status === 404) return false;
		throw error;
	}
}
