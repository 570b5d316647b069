/** Services and their autoscaling. */
import type { Service, SizingPolicy } from "../model.ts";
import { type Hal, resource, type View } from "./resource.ts";

export function serviceHal(view: View, service: Service): Hal {
	const { of, owner, ...fields } = service;
	const path = `/services/${service.id}`;
	const handle = `${view.store.find(of, owner)?.handle ?? ""}-${service.process_type}`;
	const policy = view.store.list("service_sizing_policy", service.id)[0];
	const account = view.store.get(of, owner).owner;
	return resource(
		view,
		"service",
		path,
		{ ...fields, handle, command: null, docker_repo: null, docker_ref: null },
		{
			[of]: `/${of}s/${owner}`,
			account: `/accounts/${account}`,
			operations: `${path}/operations`,
			service_sizing_policies: `${path}/service_sizing_policies`,
			// The dashboard joins a service to its policy by the end of this link (app-ui, src/deploy/service).
			service_sizing_policy: policy ? `/service_sizing_policies/${policy.id}` : null,
		},
	);
}

/** It names its environment and not its service (app-ui, src/deploy/service-sizing-policy). */
export function policyHal(view: View, policy: SizingPolicy): Hal {
	const { of, owner } = view.store.get("service", policy.owner);
	const links = { account: `/accounts/${view.store.get(of, owner).owner}` };
	return resource(view, "service_sizing_policy", `/service_sizing_policies/${policy.id}`, { ...policy }, links);
}
