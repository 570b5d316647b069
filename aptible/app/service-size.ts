import { compare, type Difference } from "../../wire/difference.ts";
import type { ServiceSize, ServiceSpec } from "../../wire/service.ts";
import type { Service } from "../api/service.ts";
import { AptibleError } from "../client/errors.ts";

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

/**
 * Refuses to compare a service with what is declared where Aptible does not show how much of it runs: it would be scaled on each run.
 *
 * @param label the service, as messages call it
 */
export function refuseUnknownSize(label: string, { containerCount: containers, containerMb }: Service): void {
	const unknown = Object.entries({ containers, containerMb }).flatMap(([name, value]) =>
		value === undefined ? name : [],
	);
	if (unknown.length === 0) return;
	throw new AptibleError(
		`${label}: Aptible does not show its ${unknown.join(", ")}, so whether it is as declared is unknown, and nothing of it is changed. ` +
			"Run `pulumi up` again. If it fails again, ask Aptible's support (https://app.aptible.com/support).",
	);
}

/** Number, size and profile of a live service under the names of a spec. */
export function sizeOf({ containerCount, containerMb, containerProfile }: Service): Record<keyof ServiceSize, unknown> {
	return { containers: containerCount, containerMb, containerProfile };
}
