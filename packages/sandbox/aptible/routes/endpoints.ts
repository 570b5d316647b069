/** Routes of endpoints and certificates. */
import { certificateHal, vhostHal } from "../hal/endpoint.ts";
import { updateVhost } from "../server/vhosts.ts";
import { type Answer, find, ok, page, type Request, type Route } from "./route.ts";

function vhostsOf(request: Request, services: readonly number[]): Answer {
	const { view, session } = request;
	const vhosts = session.read((store) => services.flatMap((id) => store.list("vhost", id)));
	return page(request, "vhosts", vhosts, (id) => vhostHal(view, view.store.get("vhost", id)));
}

export const endpointRoutes: readonly Route[] = [
	["GET", /^\/vhosts\/(\d+)$/, (request) => ok(vhostHal(request.view, find(request, "vhost")))],
	[
		"GET",
		/^\/apps\/(\d+)\/vhosts$/,
		(request) => {
			find(request, "app");
			const { store } = request.view;
			const services = store.list("service", request.id);
			return vhostsOf(
				request,
				services.map(({ id }) => id),
			);
		},
	],
	[
		"GET",
		/^\/services\/(\d+)\/vhosts$/,
		(request) => {
			find(request, "service");
			return vhostsOf(request, [request.id]);
		},
	],
	["PUT", /^\/vhosts\/(\d+)$/, ({ session, view, id, body }) => ok(vhostHal(view, updateVhost(session, id, body)))],
	["GET", /^\/certificates\/(\d+)$/, (request) => ok(certificateHal(request.view, find(request, "certificate")))],
];
