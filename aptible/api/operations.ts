import { z } from "zod";
import type { Api } from "./api.ts";

const Operation = z.looseObject({ id: z.int(), type: z.string(), status: z.string() });
export type Operation = z.infer<typeof Operation>;

/** What an operation can be sent to, as the API's path names it. */
export type OperationTarget = "apps" | "databases" | "services" | "vhosts" | "log_drains" | "metric_drains" | "backups";

/** The newest operations of an object, newest first. */
export async function listOperations(api: Api, target: OperationTarget, id: number): Promise<Operation[]> {
	const operations = await api.list(`${api.root}/${target}/${id}/operations`, "operations", Operation);
	return operations.sort((a, b) => b.id - a.id);
}

/** Sends an operation, for the cases in which the CLI has no command for it. */
export function createOperation(
	api: Api,
	target: OperationTarget,
	id: number,
	body: { type: "provision" | "deprovision" } & Record<string, unknown>,
): Promise<void> {
	return api.send("POST", `${api.root}/${target}/${id}/operations`, body);
}
