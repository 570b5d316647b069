import type { Account, App, Permission, RetentionPolicy } from "../model.ts";
import { rolesOf } from "../roles.ts";
import { enforceRetention } from "./backups.ts";
import { checkHandle, notFound, unprocessable } from "./resources.ts";
import type { Session } from "./session.ts";

const DEFAULT_RETENTION = { daily: 30, monthly: 12, yearly: 6, pitr_days: 1, make_copy: false, keep_final: true };

/** What a request for a new environment has to carry. */
export interface AccountRequest {
	handle?: unknown;
	type?: unknown;
	organization_id?: unknown;
	stack_id?: unknown;
}

/** POST /accounts. */
export function createAccount(session: Session, request: AccountRequest): Account {
	return session.write((store) => {
		const handle = checkHandle(request.handle, store.list("account"));
		if (!store.list("organization").some(({ uuid }) => uuid === request.organization_id)) {
			throw unprocessable("Organization can't be blank");
		}
		const stacks = store.list("stack");
		const shared = stacks.find((candidate) => candidate.organization_id === null);
		const stack = request.stack_id === undefined ? shared : stacks.find(({ id }) => id === Number(request.stack_id));
		if (!stack) throw unprocessable("Stack must exist");
		const type = stack.organization_id === null ? "development" : "production";
		if (request.type !== type) throw unprocessable(`Type must be ${type} on this stack`);
		const account = store.insert("account", {
			owner: 0,
			handle,
			type,
			stack_id: stack.id,
			organization_id: String(request.organization_id),
			ca_body: `-----BEGIN CERTIFICATE-----\nMIIBsandbox${Buffer.from(handle).toString("base64")}\n-----END CERTIFICATE-----\n`,
		});
		store.insert("backup_retention_policy", { owner: account.id, ...DEFAULT_RETENTION });
		return {
			result: account,
			handles: [handle],
			write: { create: "accounts", on: "", body: { ...request } },
		};
	});
}

/** PUT /accounts/{id}: a rename. */
export function updateAccount(session: Session, id: number, body: { handle?: unknown }): Account {
	return session.write((store) => {
		const account = store.find("account", id);
		if (!account) throw notFound();
		const others = store.list("account").filter((other) => other.id !== id);
		const handles = [account.handle];
		if (body.handle !== undefined) account.handle = checkHandle(body.handle, others);
		store.save("account", account);
		return { result: account, handles, write: { update: "accounts", id, body: { ...body } } };
	});
}

const scopes = ["admin", "basic_read", "deploy", "destroy", "observability", "read", "sensitive", "tunnel"];

/** POST /accounts/{id}/permissions. */
export function createPermission(session: Session, id: number, body: { role?: unknown; scope?: unknown }): Permission {
	return session.write((store) => {
		const account = store.find("account", id);
		if (!account) throw notFound();
		const role = rolesOf(store, account.organization_id).find((each) => each.id === body.role);
		if (!role) throw unprocessable("Role must exist");
		const scope = String(body.scope);
		if (!scopes.includes(scope)) throw unprocessable("Scope is not included in the list");
		if (store.list("permission", id).some((each) => each.role === role.id && each.scope === scope)) {
			throw unprocessable("Scope has already been taken");
		}
		const permission = store.insert("permission", { owner: id, role: role.id, scope });
		return {
			result: permission,
			handles: [account.handle],
			write: { create: "permissions", on: id, body: { ...body } },
		};
	});
}

/** DELETE /permissions/{id}. */
export function deletePermission(session: Session, id: number): void {
	session.write((store) => {
		const permission = store.find("permission", id);
		if (!permission) throw notFound();
		store.remove(id);
		const { handle } = store.get("account", permission.owner);
		return { result: undefined, handles: [handle], write: { delete: "permissions", id } };
	});
}

/** DELETE /accounts/{id}: only an empty environment goes. */
export function deleteAccount(session: Session, id: number): void {
	session.write((store) => {
		const account = store.find("account", id);
		if (!account) throw notFound();
		const remaining = {
			apps: store.list("app", id),
			databases: store.list("database", id).filter((database) => !database.deleted_at),
			"log drains": store.list("log_drain", id),
			"metric drains": store.list("metric_drain", id),
			backups: store.list("backup", id),
		};
		const kinds = Object.entries(remaining).flatMap(([kind, records]) => (records.length > 0 ? [kind] : []));
		if (kinds.length > 0) throw unprocessable(`Cannot delete an environment that still has ${kinds.join(", ")}`);
		for (const kind of ["backup_retention_policy", "certificate", "permission"] as const) {
			for (const record of store.list(kind, id)) store.remove(record.id);
		}
		store.remove(id);
		return { result: undefined, handles: [account.handle], write: { delete: "accounts", id } };
	});
}

/** POST /accounts/{id}/apps. */
export function createApp(session: Session, accountId: number, body: { handle: string }): App {
	return session.write((store) => {
		const account = store.find("account", accountId);
		if (!account) throw notFound();
		const app = store.insert("app", {
			owner: accountId,
			handle: checkHandle(body.handle, store.list("app", accountId)),
			status: "pending",
			configuration: null,
			settings: null,
			sensitive_settings: {},
			last_deploy_operation_id: null,
			git_ref: null,
			image_digest: null,
			restarts: 0,
		});
		return { result: app, handles: [app.handle], write: { create: "apps", on: account.handle, body: { ...body } } };
	});
}

/** PUT /apps/{id} and PUT /databases/{id}: a rename; for a database also its backups on or off. */
export function updateHandle(
	session: Session,
	kind: "app" | "database",
	id: number,
	body: { handle?: unknown; enable_backups?: unknown },
): void {
	session.write((store) => {
		const record = store.find(kind, id);
		if (!record) throw notFound();
		const others = store
			.list(kind, record.owner)
			.filter((other) => other.id !== id && !("deleted_at" in other && other.deleted_at));
		const handles = [record.handle];
		if (body.handle !== undefined) record.handle = checkHandle(body.handle, others);
		if ("enable_backups" in record && typeof body.enable_backups === "boolean") {
			const pitrDays = store.list("backup_retention_policy", record.owner)[0]?.pitr_days ?? 0;
			if (!body.enable_backups && record.type === "postgresql" && pitrDays > 0) {
				throw unprocessable("Point-in-time recovery must be disabled before backups can be disabled");
			}
			record.enable_backups = body.enable_backups;
		}
		store.save(kind, record);
		return { result: undefined, handles, write: { update: `${kind}s`, id, body: { ...body } } };
	});
}

/** POST /databases/{id}/unlink: the replica's source may go before it from now on; replication itself goes on. */
export function unlinkDatabase(session: Session, id: number): void {
	session.write((store) => {
		const database = store.find("database", id);
		if (!database || database.deleted_at) throw notFound();
		if (!database.replica) throw unprocessable("Database is not a replica");
		store.save("database", { ...database, replica: false });
		return {
			result: undefined,
			handles: [database.handle],
			write: { update: "databases", id, body: { unlink: true } },
		};
	});
}

/** POST /accounts/{id}/backup_retention_policies: takes the place of the policy so far and is enforced at once. */
export function createRetentionPolicy(
	session: Session,
	accountId: number,
	body: Pick<RetentionPolicy, "daily" | "monthly" | "yearly" | "make_copy" | "keep_final">,
): RetentionPolicy {
	return session.write((store) => {
		const account = store.find("account", accountId);
		if (!account) throw notFound();
		if (!(body.daily >= 1)) throw unprocessable("Daily must be greater than or equal to 1");
		const former = store.list("backup_retention_policy", accountId);
		for (const old of former) store.remove(old.id);
		const { pitr_days } = former[0] ?? DEFAULT_RETENTION;
		const policy = store.insert("backup_retention_policy", { owner: accountId, pitr_days, ...body });
		enforceRetention(store, accountId, policy);
		return {
			result: policy,
			handles: [account.handle],
			write: { create: "backup_retention_policies", on: account.handle, body: { ...body } },
		};
	});
}
