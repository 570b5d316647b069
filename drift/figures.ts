/** Figures of a live object that Aptible does not show: whether they have drifted is unknown, which is no difference. */

import { sizeOf } from "../aptible/app/service-size.ts";
import { unknownFigures } from "../aptible/database/database.ts";
import type { AppSpec } from "../wire/app.ts";
import { lookUp } from "../wire/own.ts";
import type { SnapshotApp, SnapshotDatabase } from "./snapshot.ts";

/** Those of a database, as fields of its spec. */
export function hiddenOfDatabase({ listed }: SnapshotDatabase): string[] {
	return unknownFigures(listed);
}

/** Those of the services that an app's spec has, likewise: `services.web.containers`. */
export function hiddenOfApp({ services }: AppSpec, { services: live }: Pick<SnapshotApp, "services">): string[] {
	return live.flatMap((service) => {
		const wanted = lookUp(services, service.service);
		if (wanted === undefined) return [];
		const declared = Object.entries(sizeOf(service)).filter(([field]) => Object.hasOwn(wanted, field));
		return declared.flatMap(([field, shown]) => (shown === undefined ? `services.${service.service}.${field}` : []));
	});
}
