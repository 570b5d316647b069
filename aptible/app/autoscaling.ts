import { compare, type Difference } from "../../wire/difference.ts";
import type { AutoscaleSpec } from "../../wire/service.ts";
import { type ApiPolicy, deletePolicy, readPolicy, updatePolicy } from "../api/service.ts";
import type { AppLocator } from "../cli/app.ts";
import { createPolicy } from "../cli/service.ts";
import { ApiError, AptibleError, mayHaveArrived } from "../client/errors.ts";
import { readUntil } from "../client/lag.ts";
import type { Context } from "../context.ts";

const common = {
	lookbackSeconds: "metric_lookback_seconds",
	percentile: "percentile",
	scaleUpCooldownSeconds: "post_scale_up_cooldown_seconds",
	scaleDownCooldownSeconds: "post_scale_down_cooldown_seconds",
	releaseCooldownSeconds: "post_release_cooldown_seconds",
} as const;
/** The API's name of each parameter that a kind of autoscaling has. */
export const autoscaleParameters = {
	horizontal: {
		min: "min_containers",
		max: "max_containers",
		minCpu: "min_cpu_threshold",
		maxCpu: "max_cpu_threshold",
		scaleUpStep: "scale_up_step",
		scaleDownStep: "scale_down_step",
		restartFree: "use_horizontal_scale",
		...common,
	},
	vertical: {
		minMb: "minimum_memory",
		maxMb: "maximum_memory",
		scaleUpMemory: "mem_scale_up_threshold",
		scaleDownMemory: "mem_scale_down_threshold",
		memoryProfileRatio: "mem_cpu_ratio_r_threshold",
		computeProfileRatio: "mem_cpu_ratio_c_threshold",
		...common,
	},
} as const;

const plans = {
	horizontal: "Horizontal autoscaling needs Aptible's Production or Enterprise plan",
	vertical: "Vertical autoscaling needs Aptible's Enterprise plan",
};

/**
 * How the autoscaling of a live service differs. The stage file owns it whole: a policy that is switched off in the dashboard is
 * not what a stage with `autoscale` says, and one that is there where the stage has none is a difference as well.
 */
export function diffAutoscaling(wanted: AutoscaleSpec | undefined, live: ApiPolicy | undefined): Difference[] {
	if (wanted === undefined) {
		return live === undefined ? [] : [{ field: "autoscale", declared: "none", live: live.autoscaling }];
	}
	if (live === undefined) return [{ field: "autoscale", declared: wanted.kind, live: "none" }];
	if (live.autoscaling !== wanted.kind) {
		return [{ field: "autoscale.kind", declared: wanted.kind, live: live.autoscaling }];
	}
	const fields = Object.entries(autoscaleParameters[wanted.kind]);
	const declared: Readonly<Record<string, unknown>> = { ...wanted };
	const differences = compare(
		{ enabled: true, ...Object.fromEntries(fields.map(([field]) => [field, declared[field]])) },
		{ enabled: live.scaling_enabled, ...Object.fromEntries(fields.map(([field, name]) => [field, live[name]])) },
	);
	return differences.map((difference) => ({ ...difference, field: `autoscale.${difference.field}` }));
}

/** Gives a service its autoscaling, changes what it has, or takes it away. */
export async function syncAutoscaling(
	context: Context,
	locator: AppLocator,
	service: { id: number; service: string; policy: ApiPolicy | undefined },
	wanted: AutoscaleSpec | undefined,
): Promise<void> {
	const differences = diffAutoscaling(wanted, service.policy);
	if (differences.length === 0) return;
	const label = `app "${locator.app}", service "${service.service}"`;
	context.progress(
		`${label}: ${wanted === undefined ? "ending autoscaling" : `setting ${wanted.kind} autoscaling`}...`,
	);
	const failure = await send(context, locator, service, wanted).then(
		() => undefined,
		(error: Error) => error,
	);
	// A policy has no operation, and a connection may break off after it was taken: what counts is what can be read.
	const left = await readUntil(
		context,
		async () => diffAutoscaling(wanted, await readPolicy(context.api, service.id)),
		(differences) => differences.length === 0 || (failure !== undefined && !mayHaveArrived(failure)),
	);
	if (left.length === 0) return;
	const shown = left.map(({ field, declared, live }) => `${field} is ${live} instead of ${declared}`).join(", ");
	throw new AptibleError(
		[
			`${label}: autoscaling could not be ${wanted === undefined ? "ended" : "set"}: ${failure?.message ?? shown}`,
			wanted === undefined
				? "End it in the dashboard (app, service, scale) and run `pulumi up` again."
				: `${plans[wanted.kind]}. Remove \`autoscale\` from the stage file, or have the plan changed and run \`pulumi up\` again.`,
		].join("\n"),
	);
}

async function send(
	context: Context,
	locator: AppLocator,
	service: { id: number; service: string; policy: ApiPolicy | undefined },
	wanted: AutoscaleSpec | undefined,
): Promise<void> {
	if (wanted === undefined) {
		await deletePolicy(context.api, service.id).catch((error: unknown) => {
			if (!(error instanceof ApiError && error.status === 404)) throw error;
		});
		return;
	}
	const values: Readonly<Record<string, unknown>> = { ...wanted };
	const policy = Object.entries(autoscaleParameters[wanted.kind]).map(
		([field, name]) => [name, values[field] ?? null] as const,
	);
	if (service.policy !== undefined) {
		// Not the CLI: it cannot say that the policy is on, and a change that leaves it out switches the policy off (Terraform
		// provider, pull request 134).
		const body = { autoscaling: wanted.kind, scaling_enabled: true, ...Object.fromEntries(policy) };
		return updatePolicy(context.api, service.id, body);
	}
	const options = policy.flatMap(([name, value]) => (value === null ? [] : [[optionOf(name), value] as const]));
	await createPolicy(context.cli, locator, service.service, {
		autoscalingType: wanted.kind,
		...Object.fromEntries(options),
	});
}

/** The CLI's name of a parameter, in camel case: the API's own, but for one. */
function optionOf(name: string): string {
	if (name === "use_horizontal_scale") return "restartFreeScale";
	return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
