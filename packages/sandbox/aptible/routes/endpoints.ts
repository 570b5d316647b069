/** Routes of endpoints and certificates. */
import * as hal from "../hal.ts";
import { updateVhost } from "../server/vhosts.ts";
import { find, ok, type Route } from "./route.ts";

export const endpointRoutes: readonly Route[] = [
	["GET", /^\/vhosts\/(\d+)$/, (request) => ok(hal.vhostHal(request.view, find(request, "vhost")))],
	["PUT", /^\/vhosts\/(\d+)$/, ({ session, view, id, body }) => ok(hal.vhostHal(view, updateVhost(session, id, body)))],
	["GET", /^\/certificates\/(\d+)$/, (request) => ok(hal.certificateHal(request.view, find(request, "certificate")))],
];
