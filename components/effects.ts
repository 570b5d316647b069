/** Effects in previews: one line on each resource that changes, comes or goes (effects/). Updates say what they do as they do it. */
import * as pulumi from "@pulumi/pulumi";
import { readRecordedObjects } from "../drift/drift.ts";
import type { Surroundings } from "../effects/change.ts";
import type { Known } from "../effects/effects.ts";
import type { Difference } from "../wire/difference.ts";
import { environmentKey } from "../wire/template.ts";

/** What the effects of a Command's change hang on, beside its specs. */
export interface EffectsArgs {
	/** The component that the line is said of: people know it by the name that the stage file has. */
	component: pulumi.Resource | undefined;
	/** References whose values are in its environment. */
	references: readonly string[];
	drift: readonly Difference[];
	surroundings: Surroundings | undefined;
}

// One program is one process, and knows what it has declared.
const declared = new Set<string>();

/** Hooks by which a preview says what the change of a Command does; none in an update. */
export function hookEffects(
	kind: string,
	names: readonly string[],
	args: EffectsArgs,
): { beforeCreate: pulumi.ResourceHook[]; beforeUpdate: pulumi.ResourceHook[] } {
	for (const name of names) declared.add(`${kind} ${name}`);
	if (!pulumi.runtime.isDryRun()) return { beforeCreate: [], beforeUpdate: [] };
	const hook = new pulumi.ResourceHook(`${kind}-${names[0]}-effects`, (inputs) => tellChange(kind, inputs, args), {
		onDryRun: true,
	});
	return { beforeCreate: [hook], beforeUpdate: [hook] };
}

async function tellChange(
	kind: string,
	{ oldInputs, newInputs }: pulumi.ResourceHookArgs,
	{ component, references, drift, surroundings }: EffectsArgs,
): Promise<void> {
	const { describeChange } = await import("../effects/effects.ts");
	const [before, after] = await Promise.all([oldInputs, newInputs].map(environmentOf));
	const changed = references.filter((reference) => {
		const key = environmentKey(reference);
		return before?.[key] !== after?.[key];
	});
	const isKnown = (reference: string) => typeof after?.[environmentKey(reference)] === "string";
	const text = describeChange(kind, {
		before: specOf(oldInputs),
		after: specOf(newInputs),
		values: changed.filter(isKnown),
		unknown: changed.filter((reference) => !isKnown(reference)),
		drift,
		surroundings,
	});
	if (text !== undefined) await pulumi.log.info(text, component);
}

/**
 * Says in a preview what goes of what the stack has recorded and the stage does not declare any more. It comes after the last resource is
 * declared.
 */
export async function tellRemovals(known: Pick<Known, "keepsFinal">): Promise<void> {
	if (!pulumi.runtime.isDryRun()) return;
	const removed = (await readRecordedObjects()).filter(({ kind, name }) => !declared.has(`${kind} ${name}`));
	if (removed.length === 0) return;
	const { describeRemoval } = await import("../effects/effects.ts");
	for (const { kind, spec, facts, parent } of removed) {
		const url = typeof facts.url === "string" ? facts.url : undefined;
		const text = describeRemoval(kind, spec, { ...known, url });
		if (text !== undefined) await pulumi.log.info(text, new pulumi.DependencyResource(parent));
	}
}

function specOf(inputs: { stdin?: unknown } | undefined): unknown {
	return inputs === undefined ? undefined : JSON.parse(String(inputs.stdin));
}

/** The variables of a Command, with what is unknown yet as something that is no text. Its secrets stay in this process. */
async function environmentOf(inputs: { environment?: unknown } | undefined): Promise<Record<string, unknown>> {
	// Not in the SDK's types; `apply` says nothing of what is partly unknown. The SDK's version is pinned.
	const inner = pulumi.output(inputs?.environment) as unknown as { promise(withUnknowns: true): Promise<unknown> };
	return ((await inner.promise(true)) ?? {}) as Record<string, unknown>;
}
