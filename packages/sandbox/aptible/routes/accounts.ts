/** Routes of tokens, organizations, stacks and environments, and of what lists an environment has. */
import { ApiError } from "../errors.ts";
import * as hal from "../hal.ts";
import type { Kind, Records } from "../model.ts";
import * as accounts from "../server/accounts.ts";
import { notFound } from "../server/resources.ts";
import { find, ok, page, type Request, type Route } from "./route.ts";

const LISTS: Record<string, { kind: Kind; shape: (view: hal.View, id: number) => hal.Hal }> = {
	apps: { kind: "app", shape: (view, id) => hal.appHal(view, view.store.get("app", id)) },
	databases: { kind: "database", shape: (view, id) => hal.databaseHal(view, view.store.get("database", id)) },
	log_drains: {
		kind: "log_drain",
		shape: (view, id) => hal.drainHal(view, "log_drain", view.store.get("log_drain", id)),
	},
	metric_drains: {
		kind: "metric_drain",
		shape: (view, id) => hal.drainHal(view, "metric_drain", view.store.get("metric_drain", id)),
	},
	backups: { kind: "backup", shape: (view, id) => hal.backupHal(view, view.store.get("backup", id)) },
	backup_retention_policies: {
		kind: "backup_retention_policy",
		shape: (view, id) => hal.retentionHal(view, view.store.get("backup_retention_policy", id)),
	},
	certificates: {
		kind: "certificate",
		shape: (view, id) => hal.certificateHal(view, view.store.get("certificate", id)),
	},
};

function one<T>(found: T[]): T {
	const [first, ...others] = found;
	if (!first) throw notFound();
	if (others.length > 0) throw new ApiError(422, "multiple_resources_found", "Multiple resources found");
	return first;
}

function findIn(request: Request, kind: "app" | "database"): Records[typeof kind] {
	const { session, url } = request;
	const handle = url.searchParams.get("handle");
	const environment = url.searchParams.get("environment");
	return session.read((store) => {
		const account =
			environment === null ? undefined : one(store.list("account").filter((each) => each.handle === environment));
		const candidates: Records[typeof kind][] = store.list(kind, account?.id);
		return one(candidates.filter((each) => each.handle === handle && !("deleted_at" in each && each.deleted_at)));
	});
}

export const accountRoutes: readonly Route[] = [
	[
		"GET",
		/^\/organizations$/,
		({ view, url }) =>
			ok(
				hal.listOf(
					view,
					"organizations",
					view.store.list("organization").map((each) => hal.organizationHal(view, each)),
					url,
				),
			),
	],
	[
		"GET",
		/^\/current_token$/,
		({ view }) => ok({ _type: "token", _links: { user: { href: `${view.root}/users/1` } } }),
	],
	[
		"GET",
		/^\/reauthenticate_organizations$/,
		({ view, url }) => ok(hal.listOf(view, "reauthenticate_organizations", [], url)),
	],
	[
		"GET",
		/^\/stacks$/,
		({ view, url }) =>
			ok(
				hal.listOf(
					view,
					"stacks",
					view.store.list("stack").map((each) => hal.stackHal(view, each)),
					url,
				),
			),
	],
	["GET", /^\/stacks\/(\d+)$/, (request) => ok(hal.stackHal(request.view, find(request, "stack")))],
	[
		"GET",
		/^\/accounts$/,
		(request) =>
			page(
				request,
				"accounts",
				request.session.read((store) => store.list("account")),
				(id) => hal.accountHal(request.view, request.view.store.get("account", id)),
			),
	],
	[
		"POST",
		/^\/accounts$/,
		({ session, view, body }) => ({ status: 201, body: hal.accountHal(view, accounts.createAccount(session, body)) }),
	],
	["GET", /^\/accounts\/(\d+)$/, (request) => ok(hal.accountHal(request.view, find(request, "account")))],
	[
		"PUT",
		/^\/accounts\/(\d+)$/,
		({ session, view, id, body }) => ok(hal.accountHal(view, accounts.updateAccount(session, id, body))),
	],
	[
		"DELETE",
		/^\/accounts\/(\d+)$/,
		({ session, id }) => {
			accounts.deleteAccount(session, id);
			return { status: 204 };
		},
	],
	[
		"GET",
		/^\/find\/(account|app|database)$/,
		(request) => {
			const { session, view, url, part } = request;
			const handle = url.searchParams.get("handle");
			if (part === "app" || part === "database") {
				const found = findIn(request, part);
				return ok(LISTS[`${part}s`]?.shape(view, found.id) ?? {});
			}
			return ok(
				hal.accountHal(
					view,
					one(session.read((store) => store.list("account")).filter((each) => each.handle === handle)),
				),
			);
		},
	],
	[
		"GET",
		/^\/accounts\/(\d+)\/(\w+)$/,
		(request) => {
			const { id, part, session, view } = request;
			const list = LISTS[part];
			if (!list) throw notFound();
			find(request, "account");
			const records: { id: number; handle?: string; deleted_at?: string | null }[] = session.read((store) =>
				store.list(list.kind, id),
			);
			return page(
				request,
				part,
				records.filter((each) => !each.deleted_at),
				(recordId) => list.shape(view, recordId),
			);
		},
	],
];
