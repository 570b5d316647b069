import { compare, type Difference } from "../../wire/difference.ts";
import type { ServiceSize, ServiceSpec } from "../../wire/service.ts";
import type { Service } from "../api/service.ts";

/** How a live service differs in what the stage file decides of number, size and profile; the rest is the autoscaler's. */
export function diffSize(wanted: ServiceSpec, live: Service): Difference[] {
	const { containers, containerMb, containerProfile } = wanted;
	const decided =
		wanted.autoscale === undefined
			? { containers, containerMb, containerProfile }
			: wanted.autoscale.kind === "horizontal"
				? { containerMb, containerProfile }
				: { containers };
	return compare(decided, sizeOf(live));
}

/** Number, size and profile of a live service under the names of a spec. */
export function sizeOf({ containerCount, containerMb, containerProfile }: Service): Record<keyof ServiceSize, unknown> {
	return { containers: containerCount, containerMb, containerProfile };
}
