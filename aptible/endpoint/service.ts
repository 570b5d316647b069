import type { EndpointSpec } from "../../wire/endpoint.ts";
import { refuseIdleService } from "../../wire/endpoint-identity.ts";
import { listAppsOf } from "../api/app.ts";
import { listServices } from "../api/service.ts";
import { AptibleError } from "../client/errors.ts";
import type { Context } from "../context.ts";

/**
 * Refuses an endpoint that is still to be provisioned for the first time on a service that has no containers: Aptible's operation would
 * fail and leave a record that serves nothing. One that is there stays, whatever becomes of the service.
 *
 * @throws AptibleError with what to do instead
 */
export async function refuseOnIdleService(
	{ api }: Context,
	{ on, name, service }: EndpointSpec,
	environmentId: () => Promise<number>,
): Promise<void> {
	if (!("app" in on) || service === undefined) return;
	const app = (await listAppsOf(api, await environmentId())).find(({ handle }) => handle === on.app);
	if (app === undefined) return;
	const live = (await listServices(api, app.id)).find(({ process_type: type }) => type === service);
	if (live?.container_count === 0) throw new AptibleError(refuseIdleService(name, on, service));
}
