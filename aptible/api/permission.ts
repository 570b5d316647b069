/**
 * Roles of an organization and their permissions in an environment. Routes and bodies: app-ui `a5fdd94`, src/roles/index.ts
 * (`fetchRoles`) and src/deploy/permission/index.ts (`addPerm`, `deletePerm`); the list: aptible-api-go, docs/PermissionsAPI.md
 * (`ListPermissionsForAccount`).
 */
import { z } from "zod";
import type { Api } from "./api.ts";

/** The auth API's ids are UUIDs. */
const AuthLink = z.looseObject({ href: z.string().regex(/[^/]$/, "a link that ends in no id") });
const lastPart = ({ href }: { href: string }) => href.split("/").at(-1) ?? "";

const ApiPermission = z
	.looseObject({
		id: z.union([z.int(), z.string()]),
		scope: z.string(),
		_links: z.looseObject({ role: AuthLink }),
	})
	.transform(({ id, scope, _links }): Permission => ({ id: String(id), scope, roleId: lastPart(_links.role) }));

/** One scope that a role has in an environment. */
export interface Permission {
	id: string;
	scope: string;
	roleId: string;
}

const Role = z.looseObject({ id: z.string(), name: z.string(), type: z.string() });
/** A role; those of type `owner` and `platform_owner` may do everything everywhere (app-ui, `selectUserHasPerms`). */
export type Role = z.infer<typeof Role>;

const Account = z.looseObject({ _links: z.looseObject({ organization: AuthLink }) });

/** Permissions of all roles in an environment. */
export function listPermissions(api: Api, environmentId: number): Promise<Permission[]> {
	return api.list(`${api.root}/accounts/${environmentId}/permissions?per_page=1000`, "permissions", ApiPermission);
}

/** Roles of the organization that an environment belongs to. */
export async function listRolesFor(api: Api, environmentId: number): Promise<Role[]> {
	const { _links } = await api.read(`${api.root}/accounts/${environmentId}`, Account);
	return api.list(`${api.authRoot}/organizations/${lastPart(_links.organization)}/roles`, "roles", Role);
}

/** Gives a role a scope in an environment. */
export function grantPermission(api: Api, environmentId: number, roleId: string, scope: string): Promise<void> {
	return api.send("POST", `${api.root}/accounts/${environmentId}/permissions`, { role: roleId, scope });
}

/** Takes a scope from a role. */
export function revokePermission(api: Api, id: string): Promise<void> {
	return api.send("DELETE", `${api.root}/permissions/${id}`);
}
