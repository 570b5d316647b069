/** Routes of apps, their settings and configurations, and of services. */
import { appHal, configurationHal } from "../hal/app.ts";
import { listOf } from "../hal/resource.ts";
import { policyHal, serviceHal } from "../hal/service.ts";
import { settingHal } from "../hal/setting.ts";
import { notFound } from "../server/resources.ts";
import * as services from "../server/services.ts";
import { find, ok, page, type Route } from "./route.ts";

export const appRoutes: readonly Route[] = [
	["GET", /^\/apps\/(\d+)$/, (request) => ok(appHal(request.view, find(request, "app")))],
	[
		"GET",
		/^\/apps\/(\d+)\/services$/,
		(request) => {
			find(request, "app");
			const { store } = request.view;
			const shape = (id: number) => serviceHal(request.view, store.get("service", id));
			return page(request, "services", store.list("service", request.id), shape);
		},
	],
	[
		"GET",
		/^\/settings\/(\d+)$/,
		(request) => {
			const app = request.session.read((store) => store.find("app", request.id));
			return ok(settingHal(request.view, app ?? find(request, "vhost")));
		},
	],
	["GET", /^\/configurations\/(\d+)$/, (request) => ok(configurationHal(request.view, find(request, "app")))],
	["GET", /^\/services\/(\d+)$/, (request) => ok(serviceHal(request.view, find(request, "service")))],
	[
		"PUT",
		/^\/services\/(\d+)$/,
		({ session, view, id, body }) => ok(serviceHal(view, services.updateService(session, id, body))),
	],
	[
		"GET",
		/^\/services\/(\d+)\/service_sizing_policies$/,
		(request) => {
			find(request, "service");
			const policy = services.policyOf(request.session, request.id);
			const items = policy ? [policyHal(request.view, policy)] : [];
			return ok(listOf(request.view, "service_sizing_policies", items, request.url));
		},
	],
	[
		"PUT",
		/^\/services\/(\d+)\/service_sizing_policies$/,
		({ session, view, id, body }) => {
			if (!services.policyOf(session, id)) throw notFound();
			return ok(policyHal(view, services.putPolicy(session, id, services.policyRequest(body))));
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
];
