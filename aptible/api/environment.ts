import { z } from "zod";
import type { Api } from "./api.ts";

const Stack = z.looseObject({
	id: z.int(),
	name: z.string(),
	/** Present on dedicated stacks only: the organization that the stack belongs to (facts/terraform-provider.md §3.4). */
	_links: z.looseObject({ organization: z.looseObject({ href: z.string() }).nullish() }),
});
export type Stack = z.infer<typeof Stack>;

const Organization = z.looseObject({ id: z.string(), name: z.string() });

/** Every stack that the token can see. */
export function listStacks(api: Api): Promise<Stack[]> {
	return api.list(`${api.root}/stacks`, "stacks", Stack);
}

/** The organizations of the token's user. */
export function listOrganizations(api: Api): Promise<z.infer<typeof Organization>[]> {
	return api.list(`${api.authRoot}/organizations`, "organizations", Organization);
}

const RetentionPolicy = z.looseObject({ id: z.int(), pitr_days: z.int().nullish() });

/**
 * For how many days PostgreSQL can be recovered to any moment in an environment, which the CLI does not show; nothing where the
 * API does not say either.
 */
export async function readPitrDays(api: Api, id: number): Promise<number | undefined> {
	const url = `${api.root}/accounts/${id}/backup_retention_policies`;
	const policies = await api.list(url, "backup_retention_policies", RetentionPolicy);
	return policies.sort((a, b) => b.id - a.id)[0]?.pitr_days ?? undefined;
}

/** Creates an environment. It has no operation: it is there when this returns. */
export function createEnvironment(
	api: Api,
	body: { handle: string; organization_id: string; stack_id: number; type: "production" | "development" },
): Promise<void> {
	return api.send("POST", `${api.root}/accounts`, body);
}

/** Deletes an environment; Aptible refuses while apps, databases, drains or backups are left in it. */
export function deleteEnvironment(api: Api, id: number): Promise<void> {
	return api.send("DELETE", `${api.root}/accounts/${id}`);
}
