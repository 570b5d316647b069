import { z } from "zod";
import type { Api } from "./api.ts";

/** What an operation carries is for recognising it: a field of an unknown form counts as not shown. */
const text = z.string().nullish().catch(undefined);
const count = z.int().nullish().catch(undefined);
const record = z.record(z.string(), z.unknown()).nullish().catch(undefined);

/** Fields as in facts/aptible-api.md ("operation"); which of them the API fills in, and for whom, is not documented. */
const Operation = z.object({
	id: z.int(),
	type: z.string(),
	status: z.string(),
	git_ref: text,
	container_count: count,
	container_size: count,
	instance_profile: text,
	disk_size: count,
	provisioned_iops: count,
	handle: text,
	settings: record,
	/** Names alone: the values are config, which may be secret. */
	env: record.transform((env) => env && Object.keys(env)),
	user_name: text,
	user_email: text,
	created_at: text,
});
export type Operation = z.infer<typeof Operation>;

/** What an operation can be sent to, as the API's path names it. */
export type OperationTarget = "apps" | "databases" | "services" | "vhosts" | "log_drains" | "metric_drains" | "backups";

const perPage = 100;
/** So many ids that fall one after the other are no accident. */
const enoughToTell = 10;

/**
 * The operations of an object, newest first. The order of the API's list is not documented: paging ends early only where the
 * ids fall strictly and have come down to `after`.
 *
 * @param after operations up to this id need not be among them. @default every one but the newest
 */
export async function listOperations(
	api: Api,
	target: OperationTarget,
	id: number,
	after = Number.POSITIVE_INFINITY,
): Promise<Operation[]> {
	const url = `${api.root}/${target}/${id}/operations?per_page=${perPage}`;
	const isDown = (found: readonly Operation[]) => {
		const falls = found.every((operation, index) => index === 0 || operation.id < (found[index - 1]?.id ?? 0));
		return falls && found.length >= enoughToTell && (found.at(-1)?.id ?? 0) <= after;
	};
	// By the names in their `env` ours are recognised: whether an answer without secrets has those is not documented.
	const options = { isEnough: isDown, secrets: undefined };
	return (await api.list(url, "operations", Operation, options)).sort((a, b) => b.id - a.id);
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
