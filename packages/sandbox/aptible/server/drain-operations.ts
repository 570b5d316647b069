import type { Operation } from "../model.ts";
import type { Store } from "../store.ts";

/** Carries out an operation on a drain of either kind. */
export function settleDrain(store: Store, { resource_kind: kind, resource_id: id, type }: Operation): void {
	if (kind !== "log_drain" && kind !== "metric_drain") return;
	if (type === "deprovision") store.remove(id);
	else store.save(kind, { ...store.get(kind, id), status: "provisioned" });
}
