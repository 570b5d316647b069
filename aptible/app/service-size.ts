import { compare, type Difference } from "../../wire/difference.ts";
import type { ServiceSize, ServiceSpec } from "../../wire/service.ts";
import type { ApiService } from "../api/service.ts";
import { CliService } from "../cli/app.ts";

/** How a live service differs in what the stage file decides of number, size and profile; the rest is the autoscaler's. */
export function sizeDifferences(wanted: ServiceSpec, live: CliService): Difference[] {
	const { containers, containerMb, containerProfile } = wanted;
	const decided =
		wanted.autoscale === undefined
			? { containers, containerMb, containerProfile }
			: wanted.autoscale.kind === "horizontal"
				? { containerMb, containerProfile }
				: { containers };
	return compare(decided, sizeOf(live));
}

/** A service of the API under the names that the CLI has for its fields. */
export function sizedService(service: ApiService): CliService {
	return CliService.parse({
		id: service.id,
		service: service.process_type,
		container_count: service.container_count,
		container_size: service.container_memory_limit_mb,
		container_profile: service.instance_class,
	});
}

/** Number, size and profile of a live service under the names of a spec. */
export function sizeOf(live: CliService): Record<keyof ServiceSize, unknown> {
	return {
		containers: live.container_count,
		containerMb: live.container_size,
		containerProfile: live.container_profile,
	};
}
