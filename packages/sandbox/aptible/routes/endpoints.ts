/** Routes of endpoints and certificates. */
import { certificateHal, vhostHal } from "../hal/endpoint.ts";
import { updateVhost } from "../server/vhosts.ts";
import { find, ok, type Route } from "./route.ts";

export const endpointRoutes: readonly Route[] = [
	["GET", /^\/vhosts\/(\d+)$/, (request) => ok(vhostHal(request.view, find(request, "vhost")))],
	["PUT", /^\/vhosts\/(\d+)$/, ({ session, view, id, body }) => ok(vhostHal(view, updateVhost(session, id, body)))],
	["GET", /^\/certificates\/(\d+)$/, (request) => ok(certificateHal(request.view, find(request, "certificate")))],
];
