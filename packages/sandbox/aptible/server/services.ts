import { ApiError } from "../errors.ts";
import type { Service, SizingPolicy } from "../model.ts";
import { applyPolicy } from "./app-operations.ts";
import { notFound, resourceOf, unprocessable } from "./resources.ts";
import type { Session } from "./session.ts";

const FLAGS = ["force_zero_downtime", "naive_health_check", "restart_free_scaling", "stop_timeout"] as const;

/** PUT /services/{id}: flags that count from the next release on. */
export function updateService(session: Session, id: number, body: Record<string, unknown>): Service {
	return session.write((store) => {
		const service = store.find("service", id);
		if (!service) throw notFound();
		const known = Object.fromEntries(FLAGS.flatMap((flag) => (body[flag] === undefined ? [] : [[flag, body[flag]]])));
		const updated = { ...service, ...known };
		store.save("service", updated);
		return {
			result: updated,
			handles: resourceOf(store, "service", id).handles,
			write: { update: "services", id, body },
		};
	});
}

const POLICY_DEFAULTS = {
	scaling_enabled: true,
	metric_lookback_seconds: 1800,
	percentile: 99,
	post_scale_up_cooldown_seconds: 60,
	post_scale_down_cooldown_seconds: 300,
	post_release_cooldown_seconds: 60,
	mem_cpu_ratio_r_threshold: 4,
	mem_cpu_ratio_c_threshold: 2,
	mem_scale_up_threshold: 0.9,
	mem_scale_down_threshold: 0.75,
	minimum_memory: 2048,
	maximum_memory: null,
	min_cpu_threshold: null,
	max_cpu_threshold: null,
	min_containers: null,
	max_containers: null,
	scale_up_step: 1,
	scale_down_step: 1,
	use_horizontal_scale: false,
};

/** What a request for an autoscaling policy carries: whatever it leaves out goes back to its default. */
export type PolicyRequest = { autoscaling: SizingPolicy["autoscaling"] } & Record<string, unknown>;

/** The autoscaling policy of a service. */
export function policyOf(session: Session, serviceId: number): SizingPolicy | undefined {
	return session.read((store) => store.list("service_sizing_policy", serviceId)[0]);
}

/** Reads the body of a request for a policy. */
export function policyRequest(body: Record<string, unknown>): PolicyRequest {
	const { autoscaling, ...rest } = body;
	if (autoscaling !== "horizontal" && autoscaling !== "vertical") {
		throw unprocessable("Autoscaling is not included in the list");
	}
	return { ...rest, autoscaling };
}

/**
 * POST to a service, or PUT to the policy that it has. A change that does not say that the policy is on switches it off
 * (Terraform provider, pull request 134).
 */
export function putPolicy(session: Session, serviceId: number, body: PolicyRequest): SizingPolicy {
	const { handles } = session.read((store) => resourceOf(store, "service", serviceId));
	const refusal = session.strike("request-refused", handles);
	if (refusal) {
		throw new ApiError(
			refusal.status ?? 422,
			"unprocessable_entity",
			refusal.reason ?? "Your plan does not allow autoscaling",
		);
	}
	return session.write((store) => {
		const service = store.find("service", serviceId);
		if (!service) throw notFound();
		const known = Object.fromEntries(
			Object.keys({ ...POLICY_DEFAULTS, autoscaling: "" }).flatMap((key) =>
				body[key] === undefined ? [] : [[key, body[key]]],
			),
		);
		const old = store.list("service_sizing_policy", serviceId)[0];
		const defaults = { ...POLICY_DEFAULTS, scaling_enabled: old === undefined };
		const fields = { ...defaults, autoscaling: body.autoscaling, ...known };
		const policy = old ? { ...old, ...fields } : store.insert("service_sizing_policy", { owner: serviceId, ...fields });
		store.save("service_sizing_policy", policy);
		applyPolicy(store, service);
		return {
			result: policy,
			handles: resourceOf(store, "service", serviceId).handles,
			write: old
				? { update: "service_sizing_policies", id: old.id, body }
				: { create: "service_sizing_policies", on: service.process_type, body },
		};
	});
}

/** DELETE /services/{id}/service_sizing_policy. */
export function deletePolicy(session: Session, serviceId: number): void {
	session.write((store) => {
		const policy = store.list("service_sizing_policy", serviceId)[0];
		if (!policy) throw notFound();
		store.remove(policy.id);
		return {
			result: undefined,
			handles: resourceOf(store, "service", serviceId).handles,
			write: { delete: "service_sizing_policies", id: policy.id },
		};
	});
}
