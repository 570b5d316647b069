/** Routes of log drains and metric drains. */
import { drainHal } from "../hal/drain.ts";
import * as drains from "../server/drains.ts";
import { find, ok, type Route } from "./route.ts";

export const drainRoutes: readonly Route[] = [
	[
		"POST",
		/^\/accounts\/(\d+)\/(log_drains|metric_drains)$/,
		({ session, view, id, part, body }) => {
			const kind = part === "log_drains" ? "log_drain" : "metric_drain";
			const drain =
				kind === "log_drain" ? drains.createLogDrain(session, id, body) : drains.createMetricDrain(session, id, body);
			return { status: 201, body: drainHal(view, kind, drain) };
		},
	],
	["GET", /^\/log_drains\/(\d+)$/, (request) => ok(drainHal(request.view, "log_drain", find(request, "log_drain")))],
	[
		"GET",
		/^\/metric_drains\/(\d+)$/,
		(request) => ok(drainHal(request.view, "metric_drain", find(request, "metric_drain"))),
	],
	[
		"PUT",
		/^\/log_drains\/(\d+)$/,
		(request) => {
			drains.updateLogDrain(request.session, request.id, request.body);
			return ok(drainHal(request.view, "log_drain", find(request, "log_drain")));
		},
	],
	[
		"PUT",
		/^\/metric_drains\/(\d+)$/,
		(request) => {
			drains.updateMetricDrain(request.session, request.id, request.body);
			return ok(drainHal(request.view, "metric_drain", find(request, "metric_drain")));
		},
	],
];
