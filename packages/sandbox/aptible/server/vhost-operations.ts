import type { Operation } from "../model.ts";
import type { Store } from "../store.ts";
import { merged } from "./app-operations.ts";
import { OperationFailure } from "./failure.ts";

/** Carries out an operation on an endpoint. */
export function settleVhost(store: Store, operation: Operation): void {
	const vhost = store.get("vhost", operation.resource_id);
	switch (operation.type) {
		case "deprovision":
			store.remove(vhost.id);
			return;
		case "renew":
			if (!vhost.acme) throw new OperationFailure("Managed TLS is not enabled on this endpoint.");
			store.save("vhost", { ...vhost, acme_status: "ready" });
			return;
		case "provision": {
			const service = store.get("service", vhost.owner);
			if (vhost.external_host === null && service.container_count === 0) {
				throw new OperationFailure(`Service ${service.process_type} has no running containers.`);
			}
			const { ip_whitelist, container_port, container_ports, certificate_id, shared } = vhost;
			const { load_balancing_algorithm_type } = vhost;
			store.save("vhost", {
				...vhost,
				served: {
					ip_whitelist,
					container_port,
					container_ports,
					certificate_id,
					shared,
					load_balancing_algorithm_type,
				},
				status: "provisioned",
				external_host: vhost.external_host ?? vhost.virtual_domain ?? `elb-acme-${vhost.id}.aptible.in`,
				acme_status: vhost.acme ? (vhost.acme_status ?? "pending") : null,
				settings: operation.body.settings ? merged(vhost.settings, operation.body.settings) : vhost.settings,
			});
		}
	}
}
