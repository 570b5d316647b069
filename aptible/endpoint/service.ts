import type { EndpointSpec } from "../../wire/endpoint.ts";
import { refuseIdleService } from "../../wire/endpoint-identity.ts";
import { listServices } from "../api/service.ts";
import { AptibleError } from "../client/errors.ts";
import type { Context } from "../context.ts";
import { findOwnerLocator } from "./observe.ts";
import { findOwner } from "./owner.ts";

/**
 * Refuses an endpoint that is still to be provisioned for the first time on a service that has no containers: Aptible's operation would
 * fail and leave a record that serves nothing. One that is there stays, whatever becomes of the service.
 *
 * @throws AptibleError with what to do instead
 */
export async function refuseOnIdleService(context: Context, spec: EndpointSpec): Promise<void> {
	const { on, name, service } = spec;
	if (!("app" in on) || service === undefined) return;
	const app = await findOwner(context, await findOwnerLocator(context, spec));
	if (app === undefined) return;
	const live = (await listServices(context.api, app.id)).find((one) => one.service === service);
	if (live?.containerCount === 0) throw new AptibleError(refuseIdleService(name, on, service));
}
