import type { Fault } from "../faults.ts";
import type { Operation, ResourceKind } from "../model.ts";
import type { Store } from "../store.ts";

/** Who else works in the account, and what on: an operation of another type than ours, or with other content. */
const SOMEBODY = { user_name: "Ana Ops", user_email: "ana@acme.example" };
const FOREIGN: Partial<Record<ResourceKind, string>> = {
	app: "configure",
	service: "scale",
	database: "backup",
	vhost: "renew",
};

/** Whether anybody else works on this kind of record. */
export function hasOthers(kind: ResourceKind): boolean {
	return FOREIGN[kind] !== undefined;
}

/** Somebody else's operation on the same record, right after ours. */
export function addForeign(store: Store, ours: Operation, { outcome = "succeeded" }: Fault): void {
	const { id: _id, created_at: _created, updated_at: _updated, ...draft } = ours;
	const type = FOREIGN[ours.resource_kind] ?? ours.type;
	const service = ours.resource_kind === "service" ? store.get("service", ours.resource_id) : undefined;
	const size = service && {
		container_count: service.container_count,
		container_size: service.container_memory_limit_mb,
		instance_profile: service.instance_class.slice(0, 1),
	};
	store.insert("operation", {
		...draft,
		...SOMEBODY,
		type,
		body: type === "configure" ? { type, env: { THEIRS: "1" } } : { type, ...size },
		start_ms: ours.end_ms,
		end_ms: ours.end_ms + (ours.end_ms - ours.start_ms),
		planted_failure: outcome === "failed" ? ["No capacity left"] : null,
		creates_id: null,
		git_ref: null,
		without_effect: true,
	});
}
