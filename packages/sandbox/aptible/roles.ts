/** Roles of the organization, which the auth service keeps: they have no number, and nothing of an environment has them. */
import { createHash } from "node:crypto";
import { inSandbox } from "./sandbox.ts";
import type { Store } from "./store.ts";

/** A role as the auth service shows it (app-ui `a5fdd94`, src/roles/index.ts). */
export interface Role {
	id: string;
	name: string;
	type: "owner" | "platform_owner" | "platform_user";
	/** UUID of the organization. */
	organization: string;
}

/** What an organization begins with, and what Aptible's guide for CI has one make. */
const first: [string, Role["type"]][] = [
	["Account Owners", "owner"],
	["Deploy Owners", "platform_owner"],
	["Developers", "platform_user"],
	["Robots", "platform_user"],
];

/** Roles of an organization. */
export function rolesOf(store: Store, organization: string): Role[] {
	const roles: [string, Role["type"]][] = JSON.parse(store.meta("roles") ?? JSON.stringify(first));
	return roles.map(([name, type], index) => ({ id: uuidOf(`${index} ${organization}`), name, type, organization }));
}

/** Makes one more role, as the dashboard does; two may have one name. */
export function addRole(dir: string, name: string, type: Role["type"] = "platform_user"): void {
	inSandbox(dir, (store) => {
		const roles: [string, string][] = JSON.parse(store.meta("roles") ?? JSON.stringify(first));
		store.setMeta("roles", JSON.stringify([...roles, [name, type]]));
	});
}

/** Gives a role a scope in an environment, as the dashboard does. */
export function givePermission(dir: string, environment: string, role: string, scope: string): void {
	inSandbox(dir, (store) => {
		const account = store.list("account").find(({ handle }) => handle === environment);
		const id = rolesOf(store, account?.organization_id ?? "").find(({ name }) => name === role)?.id;
		if (account === undefined || id === undefined) throw new Error(`sandbox: no ${environment} or no role ${role}`);
		store.insert("permission", { owner: account.id, role: id, scope });
	});
}

/** What roles have in all environments, as `Robots deploy`, sorted. */
export function listGiven(dir: string): string[] {
	return inSandbox(dir, (store) => {
		const roles = store.list("organization").flatMap(({ uuid }) => rolesOf(store, uuid));
		return store
			.list("permission")
			.map(({ role, scope }) => `${roles.find(({ id }) => id === role)?.name} ${scope}`)
			.sort();
	});
}

function uuidOf(text: string): string {
	const hex = createHash("sha256").update(text).digest("hex");
	return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
		"-",
	);
}
