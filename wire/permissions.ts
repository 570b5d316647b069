import { z } from "zod";
import { Handle, Warnings } from "./fields.ts";

/** What a role may do in an environment, in the API's words (app-ui `a5fdd94`, src/deploy/permission/index.ts: `scopeTitle`). */
export const permissionScopes = [
	"admin",
	"basic_read",
	"deploy",
	"destroy",
	"observability",
	"read",
	"sensitive",
	"tunnel",
] as const;
export type PermissionScope = (typeof permissionScopes)[number];

/** Scopes of roles in an environment, by the names of the roles. */
export const PermissionsSpec = z.strictObject({
	environment: Handle,
	/** Each sorted, as is the whole. */
	roles: z.record(z.string().min(1), z.array(z.enum(permissionScopes)).min(1)),
});
export type PermissionsSpec = z.infer<typeof PermissionsSpec>;

export const PermissionsFacts = z.object({
	/** Ids of the declared roles by their names: what is no longer declared is revoked, whatever it is called by then. */
	roleIds: z.record(z.string(), z.string()),
	warnings: Warnings,
});
export type PermissionsFacts = z.infer<typeof PermissionsFacts>;
