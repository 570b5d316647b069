/** Routes of operations and their logs. */

import type { Fault } from "../faults.ts";
import { operationHal } from "../hal/operation.ts";
import { listOf } from "../hal/resource.ts";
import type { Operation, OperationBody, ResourceKind } from "../model.ts";
import { cancelOperation, operationsOf, requestOperation } from "../server/operations.ts";
import { notFound, resourceOf, unprocessable } from "../server/resources.ts";
import { find, ok, type Route } from "./route.ts";

const OPERATED: Record<string, ResourceKind> = {
	apps: "app",
	services: "service",
	databases: "database",
	vhosts: "vhost",
	log_drains: "log_drain",
	metric_drains: "metric_drain",
	backups: "backup",
};

/** Whether what the caller may send as `database_id` and the like is a whole record's number. */
function operationBody(body: Record<string, unknown>): OperationBody {
	if (typeof body.type !== "string") throw unprocessable("Type can't be blank");
	const account = body.destination_account ?? body.destination_account_id;
	const { destination_account: _account, destination_account_id: _id, ...rest } = body;
	const destination =
		account === undefined ? {} : { destination_account_id: Number(String(account).split("/").at(-1)) };
	return { ...rest, ...destination, type: body.type };
}

/** No order of the list is documented; by itself the newest comes first. */
function inOrder(operations: Operation[], fault: Fault | undefined): Operation[] {
	if (fault === undefined) return operations;
	const rank = ({ id }: Operation) => (fault.order === "shuffled" ? (id * 7919) % 101 : id);
	return [...operations].sort((a, b) => rank(a) - rank(b));
}

export const operationRoutes: readonly Route[] = [
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
			const { session, view, url } = request;
			const lag = session.strike("operations-lag", [], ({ newest = 0 }) => operations.some(({ id }) => id > newest));
			const shown = lag === undefined ? operations : operations.filter(({ id }) => id <= (lag.newest ?? 0));
			const items = inOrder(shown, session.strike("operations-order")).map((each) => operationHal(view, each));
			return ok(listOf(view, "operations", items, url));
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
				body: operationHal(
					view,
					session.read((store) => store.get("operation", operation.id)),
				),
			};
		},
	],
	["GET", /^\/operations\/(\d+)$/, (request) => ok(operationHal(request.view, find(request, "operation")))],
	[
		"PUT",
		/^\/operations\/(\d+)$/,
		({ session, view, id, body }) => {
			if (body.cancelled !== true) throw unprocessable("Only cancelled can be set");
			return ok(operationHal(view, cancelOperation(session, id)));
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
