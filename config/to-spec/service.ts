import type { ServiceSpec } from "../../wire/service.ts";
import type { Service } from "../service.ts";

/** A service as its reconciler takes it: what autoscaling decides begins at its least. */
export function toServiceSpec(service: Service): ServiceSpec {
	const { autoscale } = service;
	if (autoscale?.kind === "horizontal") return { ...service, containers: autoscale.min };
	if (autoscale?.kind === "vertical") return { ...service, containerMb: autoscale.minMb, containerProfile: "m" };
	return service;
}
