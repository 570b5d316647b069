/** Routes of tokens, organizations, stacks and environments, and of what lists an environment has. */
import { ApiError } from "../errors.ts";
import { accountHal, organizationHal, permissionHal, retentionHal, roleHal, stackHal } from "../hal/account.ts";
import { appHal } from "../hal/app.ts";
import { backupHal, databaseHal } from "../hal/database.ts";
import { drainHal } from "../hal/drain.ts";
import { certificateHal, vhostHal } from "../hal/endpoint.ts";
import { type Hal, listOf, type View } from "../hal/resource.ts";
import { policyHal, serviceHal } from "../hal/service.ts";
import type { Kind, Records } from "../model.ts";
import { rolesOf } from "../roles.ts";
import * as accounts from "../server/accounts.ts";
import { notFound } from "../server/resources.ts";
import type { Store } from "../store.ts";
import { find, ok, page, type Request, type Route } from "./route.ts";

interface List {
	kind: Kind;
	shape: (view: View, id: number) => Hal;
	/** Its records. @default those that the environment owns */
	of?: (store: Store, account: number) => Listed[];
}

interface Listed {
	id: number;
	handle?: string;
	deleted_at?: string | null;
}

const LISTS: Record<string, List> = {
	apps: { kind: "app", shape: (view, id) => appHal(view, view.store.get("app", id)) },
	databases: { kind: "database", shape: (view, id) => databaseHal(view, view.store.get("database", id)) },
	log_drains: {
		kind: "log_drain",
		shape: (view, id) => drainHal(view, "log_drain", view.store.get("log_drain", id)),
	},
	metric_drains: {
		kind: "metric_drain",
		shape: (view, id) => drainHal(view, "metric_drain", view.store.get("metric_drain", id)),
	},
	backups: { kind: "backup", shape: (view, id) => backupHal(view, view.store.get("backup", id)) },
	backup_retention_policies: {
		kind: "backup_retention_policy",
		shape: (view, id) => retentionHal(view, view.store.get("backup_retention_policy", id)),
	},
	permissions: {
		kind: "permission",
		shape: (view, id) => permissionHal(view, view.store.get("permission", id)),
	},
	certificates: {
		kind: "certificate",
		shape: (view, id) => certificateHal(view, view.store.get("certificate", id)),
	},
	services: {
		kind: "service",
		shape: (view, id) => serviceHal(view, view.store.get("service", id)),
		of: (store, account) => servicesIn(store, account),
	},
	vhosts: {
		kind: "vhost",
		shape: (view, id) => vhostHal(view, view.store.get("vhost", id)),
		of: (store, account) => servicesIn(store, account).flatMap(({ id }) => store.list("vhost", id)),
	},
	service_sizing_policies: {
		kind: "service_sizing_policy",
		shape: (view, id) => policyHal(view, view.store.get("service_sizing_policy", id)),
		of: (store, account) => servicesIn(store, account).flatMap(({ id }) => store.list("service_sizing_policy", id)),
	},
};

/** What belongs to an environment by way of an app or a database. */
function servicesIn(store: Store, account: number): Records["service"][] {
	const owners = [
		...store.list("app", account),
		...store.list("database", account).filter((each) => each.deleted_at === null),
	];
	return owners.flatMap(({ id }) => store.list("service", id));
}

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
				listOf(
					view,
					"organizations",
					view.store.list("organization").map((each) => organizationHal(view, each)),
					url,
				),
			),
	],
	[
		"GET",
		/^\/organizations\/([0-9a-f-]+)\/roles$/,
		({ view, url }) => {
			const uuid = url.pathname.split("/")[2] ?? "";
			if (!view.store.list("organization").some((each) => each.uuid === uuid)) throw notFound();
			return ok(
				listOf(
					view,
					"roles",
					rolesOf(view.store, uuid).map((role) => roleHal(view, role)),
					url,
				),
			);
		},
	],
	[
		"POST",
		/^\/accounts\/(\d+)\/permissions$/,
		({ session, view, id, body }) => ({
			status: 201,
			body: permissionHal(view, accounts.createPermission(session, id, body)),
		}),
	],
	[
		"DELETE",
		/^\/permissions\/(\d+)$/,
		({ session, id }) => {
			accounts.deletePermission(session, id);
			return { status: 204 };
		},
	],
	[
		"GET",
		/^\/current_token$/,
		({ view }) => ok({ _type: "token", _links: { user: { href: `${view.root}/users/1` } } }),
	],
	[
		"GET",
		/^\/reauthenticate_organizations$/,
		({ view, url }) => ok(listOf(view, "reauthenticate_organizations", [], url)),
	],
	[
		"GET",
		/^\/stacks$/,
		({ view, url }) =>
			ok(
				listOf(
					view,
					"stacks",
					view.store.list("stack").map((each) => stackHal(view, each)),
					url,
				),
			),
	],
	["GET", /^\/stacks\/(\d+)$/, (request) => ok(stackHal(request.view, find(request, "stack")))],
	[
		"GET",
		/^\/accounts$/,
		(request) =>
			page(
				request,
				"accounts",
				request.session.read((store) => store.list("account")),
				(id) => accountHal(request.view, request.view.store.get("account", id)),
			),
	],
	[
		"POST",
		/^\/accounts$/,
		({ session, view, body }) => ({ status: 201, body: accountHal(view, accounts.createAccount(session, body)) }),
	],
	["GET", /^\/accounts\/(\d+)$/, (request) => ok(accountHal(request.view, find(request, "account")))],
	[
		"PUT",
		/^\/accounts\/(\d+)$/,
		({ session, view, id, body }) => ok(accountHal(view, accounts.updateAccount(session, id, body))),
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
				accountHal(view, one(session.read((store) => store.list("account")).filter((each) => each.handle === handle))),
			);
		},
	],
	[
		"GET",
		/^\/accounts\/(\d+)\/(\w+)$/,
		(request) => {
			const { id, part, session, url, view } = request;
			const list = LISTS[part];
			if (!list) throw notFound();
			find(request, "account");
			const records: Listed[] = session.read((store) => list.of?.(store, id) ?? store.list(list.kind, id));
			// Of backups all but those of live databases, as the CLI asks for them (aptible-api-ruby, account.rb).
			const isOrphaned = (each: Listed) =>
				view.store.get("database", view.store.get("backup", each.id).database_id).deleted_at !== null;
			const wanted =
				url.searchParams.get("orphaned") === "true" && part === "backups" ? records.filter(isOrphaned) : records;
			return page(
				request,
				part,
				wanted.filter((each) => !each.deleted_at),
				(recordId) => list.shape(view, recordId),
			);
		},
	],
];
