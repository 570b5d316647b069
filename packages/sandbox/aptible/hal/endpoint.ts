/** Endpoints and certificates. */
import type { Certificate, Vhost } from "../model.ts";
import { type Hal, resource, type View } from "./resource.ts";

export function vhostHal(view: View, vhost: Vhost): Hal {
	const { certificate_id, settings, served: _, ...fields } = vhost;
	const path = `/vhosts/${vhost.id}`;
	return resource(
		view,
		"vhost",
		path,
		{
			...fields,
			acme_dns_challenge_host: vhost.acme && vhost.external_host !== null ? `acme.${vhost.external_host}` : null,
		},
		{
			service: `/services/${vhost.owner}`,
			certificate: certificate_id === null ? null : `/certificates/${certificate_id}`,
			current_setting: settings === null ? null : `/settings/${vhost.id}`,
			operations: `${path}/operations`,
		},
	);
}

export function certificateHal(view: View, certificate: Certificate): Hal {
	return resource(
		view,
		"certificate",
		`/certificates/${certificate.id}`,
		{ ...certificate },
		{
			account: `/accounts/${certificate.owner}`,
		},
	);
}
