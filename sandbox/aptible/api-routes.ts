import { withoutNewest } from "./cli-context.ts";
import { ApiError } from "./errors.ts";
import * as hal from "./hal.ts";
import type { Kind, OperationBody, Records, ResourceKind } from "./model.ts";
import * as accounts from "./server/accounts.ts";
import { replicasOf } from "./server/databases.ts";
import * as drains from "./server/drains.ts";
import { cancelOperation, operationsOf, requestOperation } from "./server/operations.ts";
import { notFound, resourceOf, unprocessable } from "./server/resources.ts";
import * as services from "./server/services.ts";
import type { Session } from "./server/session.ts";
import { updateVhost } from "./server/vhosts.ts";

/** A request on its way through a route. */
export interface Request {
	session: Session;
	view: hal.View;
	url: URL;
	body: Record<string, unknown>;
	/** The part of the path that the route leaves open. */
	id: number;
	part: string;
}

/** An answer: a resource, a text, or nothing. */
export interface Answer {
	status: number;
	body?: hal.Hal | string;
}

type Route = [method: string, path: RegExp, handle: (request: Request) => Answer];

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

const OPERATED: Record<string, ResourceKind> = {
	apps: "app",
	services: "service",
	databases: "database",
	vhosts: "vhost",
	log_drains: "log_drain",
	metric_drains: "metric_drain",
	backups: "backup",
};

const ok = (body: hal.Hal): Answer => ({ status: 200, body });

function find<K extends Kind>({ session, id }: Request, kind: K): Records[K] {
	const record = session.read((store) => store.find(kind, id));
	if (!record || ("deleted_at" in record && record.deleted_at)) throw notFound();
	return record;
}

function page(
	{ view, url, session }: Request,
	name: string,
	ids: { id: number; handle?: string }[],
	shape: (id: number) => hal.Hal,
): Answer {
	return ok(
		hal.listOf(
			view,
			name,
			withoutNewest(session, ids).map(({ id }) => shape(id)),
			url,
		),
	);
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

/** Whether what the caller may send as `database_id` and the like is a whole record's number. */
function operationBody(body: Record<string, unknown>): OperationBody {
	if (typeof body.type !== "string") throw unprocessable("Type can't be blank");
	const account = body.destination_account ?? body.destination_account_id;
	const { destination_account: _account, destination_account_id: _id, ...rest } = body;
	const destination =
		account === undefined ? {} : { destination_account_id: Number(String(account).split("/").at(-1)) };
	return { ...rest, ...destination, type: body.type };
}

/** Every route of the Deploy API and of the auth service that the sandbox serves. */
export const ROUTES: Route[] = [
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
	[
		"POST",
		/^\/accounts\/(\d+)\/(log_drains|metric_drains)$/,
		({ session, view, id, part, body }) => {
			const kind = part === "log_drains" ? "log_drain" : "metric_drain";
			const drain =
				kind === "log_drain" ? drains.createLogDrain(session, id, body) : drains.createMetricDrain(session, id, body);
			return { status: 201, body: hal.drainHal(view, kind, drain) };
		},
	],
	[
		"GET",
		/^\/log_drains\/(\d+)$/,
		(request) => ok(hal.drainHal(request.view, "log_drain", find(request, "log_drain"))),
	],
	[
		"GET",
		/^\/metric_drains\/(\d+)$/,
		(request) => ok(hal.drainHal(request.view, "metric_drain", find(request, "metric_drain"))),
	],
	[
		"PUT",
		/^\/log_drains\/(\d+)$/,
		(request) => {
			drains.updateLogDrain(request.session, request.id, request.body);
			return ok(hal.drainHal(request.view, "log_drain", find(request, "log_drain")));
		},
	],
	[
		"PUT",
		/^\/metric_drains\/(\d+)$/,
		(request) => {
			drains.updateMetricDrain(request.session, request.id, request.body);
			return ok(hal.drainHal(request.view, "metric_drain", find(request, "metric_drain")));
		},
	],
	["GET", /^\/apps\/(\d+)$/, (request) => ok(hal.appHal(request.view, find(request, "app")))],
	[
		"GET",
		/^\/apps\/(\d+)\/services$/,
		(request) => {
			find(request, "app");
			const items = request.view.store.list("service", request.id).map((each) => hal.serviceHal(request.view, each));
			return ok(hal.listOf(request.view, "services", items, request.url));
		},
	],
	[
		"GET",
		/^\/settings\/(\d+)$/,
		(request) => {
			const app = request.session.read((store) => store.find("app", request.id));
			return ok(hal.settingHal(request.view, app ?? find(request, "vhost")));
		},
	],
	["GET", /^\/configurations\/(\d+)$/, (request) => ok(hal.configurationHal(request.view, find(request, "app")))],
	["GET", /^\/services\/(\d+)$/, (request) => ok(hal.serviceHal(request.view, find(request, "service")))],
	[
		"PUT",
		/^\/services\/(\d+)$/,
		({ session, view, id, body }) => ok(hal.serviceHal(view, services.updateService(session, id, body))),
	],
	[
		"GET",
		/^\/services\/(\d+)\/service_sizing_policies$/,
		(request) => {
			find(request, "service");
			const policy = services.policyOf(request.session, request.id);
			const items = policy ? [hal.policyHal(request.view, policy)] : [];
			return ok(hal.listOf(request.view, "service_sizing_policies", items, request.url));
		},
	],
	[
		"PUT",
		/^\/services\/(\d+)\/service_sizing_policies$/,
		({ session, view, id, body }) => {
			if (!services.policyOf(session, id)) throw notFound();
			return ok(hal.policyHal(view, services.putPolicy(session, id, services.policyRequest(body))));
		},
	],
	[
		"DELETE",
		/^\/services\/(\d+)\/service_sizing_policy$/,
		({ session, id }) => {
			services.deletePolicy(session, id);
			return { status: 204 };
		},
	],
	["GET", /^\/databases\/(\d+)$/, (request) => ok(hal.databaseHal(request.view, find(request, "database")))],
	[
		"PATCH",
		/^\/databases\/(\d+)$/,
		(request) => {
			accounts.updateHandle(request.session, "database", request.id, request.body);
			return ok(hal.databaseHal(request.view, find(request, "database")));
		},
	],
	[
		"GET",
		/^\/databases\/(\d+)\/dependents$/,
		(request) => {
			const { id, view, url } = request;
			find(request, "database");
			const items = replicasOf(view.store, id).map((each) => hal.databaseHal(view, each));
			return ok(hal.listOf(view, "databases", items, url));
		},
	],
	[
		"POST",
		/^\/databases\/(\d+)\/unlink$/,
		(request) => {
			accounts.unlinkDatabase(request.session, request.id);
			return ok(hal.databaseHal(request.view, find(request, "database")));
		},
	],
	[
		"GET",
		/^\/database_images\/(\d+)$/,
		(request) => ok(hal.databaseImageHal(request.view, find(request, "database_image"))),
	],
	["GET", /^\/backups\/(\d+)$/, (request) => ok(hal.backupHal(request.view, find(request, "backup")))],
	["GET", /^\/vhosts\/(\d+)$/, (request) => ok(hal.vhostHal(request.view, find(request, "vhost")))],
	["PUT", /^\/vhosts\/(\d+)$/, ({ session, view, id, body }) => ok(hal.vhostHal(view, updateVhost(session, id, body)))],
	["GET", /^\/certificates\/(\d+)$/, (request) => ok(hal.certificateHal(request.view, find(request, "certificate")))],
	[
		"GET",
		/^\/(\w+)\/(\d+)\/operations$/,
		(request) => {
			const kind = OPERATED[request.part];
			if (!kind) throw notFound();
			const operations = request.session.read((store) => {
				resourceOf(store, kind, request.id);
				return operationsOf(store, kind, request.id);
			});
			const items = operations.map((each) => hal.operationHal(request.view, each));
			return ok(hal.listOf(request.view, "operations", items, request.url));
		},
	],
	[
		"POST",
		/^\/(\w+)\/(\d+)\/operations$/,
		({ session, view, id, part, body }) => {
			const kind = OPERATED[part];
			if (!kind) throw notFound();
			const operation = requestOperation(session, kind, id, operationBody(body));
			return {
				status: 201,
				body: hal.operationHal(
					view,
					session.read((store) => store.get("operation", operation.id)),
				),
			};
		},
	],
	["GET", /^\/operations\/(\d+)$/, (request) => ok(hal.operationHal(request.view, find(request, "operation")))],
	[
		"PUT",
		/^\/operations\/(\d+)$/,
		({ session, view, id, body }) => {
			if (body.cancelled !== true) throw unprocessable("Only cancelled can be set");
			return ok(hal.operationHal(view, cancelOperation(session, id)));
		},
	],
	[
		"GET",
		/^\/operations\/(\d+)\/logs$/,
		(request) => {
			if (find(request, "operation").outcome === null) throw notFound();
			return { status: 200, body: `${request.view.root}/operation_logs/${request.id}` };
		},
	],
	["GET", /^\/operation_logs\/(\d+)$/, (request) => ({ status: 200, body: find(request, "operation").log })],
];
