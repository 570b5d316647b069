/** Stacks, organizations, environments and their policies. */
import type { Account, Organization, Permission, RetentionPolicy, Stack } from "../model.ts";
import type { Role } from "../roles.ts";
import { type Hal, resource, type View } from "./resource.ts";

export function stackHal(view: View, stack: Stack): Hal {
	const { organization_id: organization, ...fields } = stack;
	const links = { organization: organization === null ? null : `/organizations/${organization}` };
	return resource(view, "stack", `/stacks/${stack.id}`, fields, links);
}

export function organizationHal(view: View, { uuid, name, created_at }: Organization): Hal {
	return resource(view, "organization", `/organizations/${uuid}`, { id: uuid, name, created_at });
}

export function accountHal(view: View, account: Account): Hal {
	const { stack_id, organization_id, ...fields } = account;
	const path = `/accounts/${account.id}`;
	const lists = [
		"apps",
		"databases",
		"log_drains",
		"metric_drains",
		"certificates",
		"backups",
		"backup_retention_policies",
	];
	return resource(view, "account", path, fields, {
		stack: `/stacks/${stack_id}`,
		organization: `/organizations/${organization_id}`,
		...Object.fromEntries(lists.map((list) => [list, `${path}/${list}`])),
	});
}

export function permissionHal(view: View, { role, ...permission }: Permission): Hal {
	const links = { account: `/accounts/${permission.owner}`, role: `/roles/${role}` };
	return resource(view, "permission", `/permissions/${permission.id}`, { ...permission }, links);
}

export function roleHal(view: View, { organization, ...role }: Role): Hal {
	return resource(view, "role", `/roles/${role.id}`, { ...role }, { organization: `/organizations/${organization}` });
}

export function retentionHal(view: View, policy: RetentionPolicy): Hal {
	return resource(
		view,
		"backup_retention_policy",
		`/backup_retention_policies/${policy.id}`,
		{ ...policy },
		{
			account: `/accounts/${policy.owner}`,
		},
	);
}
