/** What roles may do in an environment. Who is in a role is the organization's business, and the dashboard's. */
import { compare, type Difference } from "../../wire/difference.ts";
import type { PermissionsFacts, PermissionsSpec } from "../../wire/permissions.ts";
import { listEnvironments } from "../api/environment.ts";
import {
	grantPermission,
	listPermissions,
	listRolesFor,
	type Permission,
	type Role,
	revokePermission,
} from "../api/permission.ts";
import { AptibleError, unlessGone } from "../client/errors.ts";
import { readUntil } from "../client/lag.ts";
import type { Context } from "../context.ts";

/** Roles and permissions as they are. */
export interface LivePermissions {
	roles: readonly Role[];
	permissions: readonly Permission[];
}

/** Reads the roles that may be given something in an environment, and what they have. */
export async function readPermissions({ api }: Context, environmentId: number): Promise<LivePermissions> {
	const [roles, permissions] = await Promise.all([
		listRolesFor(api, environmentId),
		listPermissions(api, environmentId),
	]);
	return { roles, permissions };
}

/**
 * Gives each declared role exactly its scopes, and takes them from one that was declared and no longer is. A role that was never declared
 * keeps what it has.
 *
 * @throws AptibleError for a name that no role has, or several, or that of owners, and where no role would be left with `admin`
 */
export async function apply(
	context: Context,
	spec: PermissionsSpec,
	previous: PermissionsFacts | undefined,
): Promise<PermissionsFacts> {
	const label = `environment "${spec.environment}"`;
	const environment = (await listEnvironments(context.api)).find(({ handle }) => handle === spec.environment);
	if (environment === undefined)
		throw new AptibleError(`${label} is not one that this token sees. Run \`pulumi up\` again.`);
	const live = await readPermissions(context, environment.id);
	const roleIds = Object.fromEntries(Object.keys(spec.roles).map((name) => [name, idOf(name, live.roles, label)]));
	const wanted = new Map(Object.entries(spec.roles).map(([name, scopes]) => [roleIds[name] ?? "", scopes as string[]]));
	const ours = new Set([...wanted.keys(), ...Object.values(previous?.roleIds ?? {})]);
	const missing = [...wanted].flatMap(([roleId, scopes]) =>
		scopes
			.filter((scope) => !live.permissions.some((one) => one.roleId === roleId && one.scope === scope))
			.map((scope) => ({ roleId, scope })),
	);
	const surplus = live.permissions.filter(
		({ roleId, scope }) => ours.has(roleId) && !wanted.get(roleId)?.includes(scope),
	);
	refuseWithoutAdmin(label, live, { missing, surplus });
	const nameOf = (roleId: string) => live.roles.find(({ id }) => id === roleId)?.name ?? roleId;
	// What is given comes first: a role that changes is never without both.
	for (const { roleId, scope } of missing) {
		context.progress(`${label}: giving role "${nameOf(roleId)}" ${scope}...`);
		await grantPermission(context.api, environment.id, roleId, scope);
	}
	for (const { id, roleId, scope } of surplus) {
		context.progress(`${label}: taking ${scope} from role "${nameOf(roleId)}"...`);
		await revokePermission(context.api, id).catch(unlessGone);
	}
	if (missing.length + surplus.length > 0) await verify(context, spec, environment.id, live.roles, surplus);
	const others = new Set(
		live.permissions.filter(({ roleId }) => !ours.has(roleId)).map(({ roleId }) => nameOf(roleId)),
	);
	return {
		roleIds,
		warnings: [...others]
			.sort()
			.map(
				(name) => `role "${name}" has permissions in ${label} and is not under environment.permissions: it keeps them`,
			),
	};
}

/** Nothing: with its environment the permissions go, and without the block they stay as they are. */
export async function remove(): Promise<void> {}

/** How the scopes of declared roles differ from what is live. A role that is gone has none. */
export function diffPermissions(spec: PermissionsSpec, { roles, permissions }: LivePermissions): Difference[] {
	const scopesOf = (name: string) => {
		const ids = roles.filter((role) => role.name === name).map(({ id }) => id);
		return permissions.filter(({ roleId }) => ids.includes(roleId)).map(({ scope }) => scope);
	};
	const show = (scopes: readonly string[]) => [...new Set(scopes)].sort().join(", ") || "none";
	const names = Object.keys(spec.roles);
	return compare(
		Object.fromEntries(names.map((name) => [`permissions.${name}`, show(spec.roles[name] ?? [])])),
		Object.fromEntries(names.map((name) => [`permissions.${name}`, show(scopesOf(name))])),
	);
}

function idOf(name: string, roles: readonly Role[], label: string): string {
	const [role, ...others] = roles.filter((one) => one.name === name);
	if (role === undefined) {
		const names = roles.map((one) => JSON.stringify(one.name)).sort();
		throw new AptibleError(
			`${label}: environment.permissions names role "${name}", which its organization has not; it has: ${names.join(", ")}. ` +
				"Roles are made, and people invited to them, in the dashboard: https://app.aptible.com/settings/team/roles",
		);
	}
	if (others.length > 0) {
		throw new AptibleError(
			`${label}: environment.permissions names role "${name}", and ${others.length + 1} roles of its organization are called so. ` +
				"Rename one of them in the dashboard.",
		);
	}
	if (isOwner(role)) {
		throw new AptibleError(
			`${label}: environment.permissions names role "${name}", whose members own everything already. Remove the line.`,
		);
	}
	return role.id;
}

/** Whether its members may do everything without a permission. */
export function isOwner({ type }: Role): boolean {
	return type === "owner" || type === "platform_owner";
}

function refuseWithoutAdmin(
	label: string,
	{ permissions }: LivePermissions,
	{ missing, surplus }: { missing: readonly { scope: string }[]; surplus: readonly Permission[] },
): void {
	const isAdmin = ({ scope }: { scope: string }) => scope === "admin";
	const left = permissions.filter((one) => isAdmin(one) && !surplus.includes(one));
	if (!permissions.some(isAdmin) || left.length > 0 || missing.some(isAdmin)) return;
	throw new AptibleError(
		`${label}: environment.permissions would take admin from the last role that has it. Give admin to another role there first, or name it in the file.`,
	);
}

async function verify(
	context: Context,
	spec: PermissionsSpec,
	environmentId: number,
	roles: readonly Role[],
	revoked: readonly Permission[],
): Promise<void> {
	const read = async () => {
		const permissions = await listPermissions(context.api, environmentId);
		const stay = permissions.filter((one) => revoked.some(({ id }) => id === one.id));
		return [
			...diffPermissions(spec, { roles, permissions }).map(({ field }) => field),
			...stay.map(({ scope }) => `${scope} of a role that is not declared any more`),
		];
	};
	const wrong = await readUntil(context, read, ({ length }) => length === 0);
	if (wrong.length === 0) return;
	throw new AptibleError(
		`environment "${spec.environment}": ${wrong.join(", ")} read back differently. Run \`pulumi up\` again.`,
	);
}
