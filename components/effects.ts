/** Effects in previews: one line on each resource that changes, comes or goes (effects/). Updates say what they do as they do it. */
import * as pulumi from "@pulumi/pulumi";
import { readRecordedObjects, readRecordedResources } from "../drift/drift.ts";
import type { Surroundings } from "../effects/change.ts";
import type { Known } from "../effects/effects.ts";
import type { Adoption, Difference } from "../wire/difference.ts";
import { environmentKey } from "../wire/template.ts";

/** What the effects of a Command's change hang on, beside its specs. */
export interface EffectsArgs {
	/** The component that the line is said of: people know it by the name that the stage file has. */
	component: pulumi.Resource | undefined;
	/** References whose values are in its environment. */
	references: readonly string[];
	drift: readonly Difference[];
	adoption: Adoption | undefined;
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
	{ component, references, drift, adoption, surroundings }: EffectsArgs,
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
		adoption,
		surroundings,
	});
	if (text !== undefined) await pulumi.log.info(text, component);
}

/** Hooks by which a preview says what becomes of each of Azure's resources that are declared after this; none in an update. */
export function hookAzureEffects(): void {
	if (!pulumi.runtime.isDryRun()) return;
	const components = new Map<string, pulumi.Resource | undefined>();
	/** Names of the account or container that a component declares, by the component: what else it declares is of that one. */
	const holders = new Map<pulumi.Resource | undefined, string>();
	const hook = new pulumi.ResourceHook(
		"azure-effects",
		(args) => {
			const component = components.get(`${args.type} ${args.name}`);
			return tellAzureChange(args, component, holders.get(component));
		},
		{ onDryRun: true },
	);
	pulumi.runtime.registerStackTransformation(({ type, name, props, opts }) => {
		if (!type.startsWith("azure-native:")) return undefined;
		components.set(`${type} ${name}`, opts.parent);
		if (type === "azure-native:storage:StorageAccount") holders.set(opts.parent, props.accountName);
		if (type === "azure-native:storage:BlobContainer") holders.set(opts.parent, props.containerName);
		declared.add(`${type} ${name}`);
		const { beforeCreate = [], beforeUpdate = [] } = opts.hooks ?? {};
		const hooks = { ...opts.hooks, beforeCreate: [...beforeCreate, hook], beforeUpdate: [...beforeUpdate, hook] };
		return { props, opts: { ...opts, hooks } };
	});
}

async function tellAzureChange(
	{ type, name, oldInputs, newInputs }: pulumi.ResourceHookArgs,
	component: pulumi.Resource | undefined,
	holder: string | undefined,
): Promise<void> {
	const recorded = oldInputs === undefined ? await readRecordedResources() : [];
	// Whether it is new, or takes the place of another one, only the state says.
	if (recorded === undefined) return;
	const { describeAzureChange } = await import("../effects/azure.ts");
	const replaced = recorded.find((one) => one.type === type && one.name === name);
	const [before, after] = await Promise.all(
		[oldInputs ?? replaced?.inputs, newInputs].map((inputs) => inputsOf(inputs, holder)),
	);
	const text = describeAzureChange(type, {
		before: oldInputs === undefined && replaced === undefined ? undefined : before,
		after: after ?? {},
		replaced: replaced && (replaced.isRetained === true ? "kept" : "deleted"),
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
	if (removed.length > 0) {
		const { describeRemoval } = await import("../effects/effects.ts");
		for (const { kind, spec, facts, parent, isProtected = false } of removed) {
			const url = typeof facts.url === "string" ? facts.url : undefined;
			const text = describeRemoval(kind, spec, { ...known, url, isProtected });
			if (text !== undefined) await pulumi.log.info(text, new pulumi.DependencyResource(parent));
		}
	}
	await tellAzureRemovals();
}

async function tellAzureRemovals(): Promise<void> {
	const recorded = (await readRecordedResources()) ?? [];
	const removed = recorded.filter(({ type, name }) => !declared.has(`${type} ${name}`));
	if (removed.length === 0) return;
	const { describeAzureRemoval } = await import("../effects/azure.ts");
	for (const { type, inputs = {}, parent, isProtected, isRetained } of removed) {
		const keep = isProtected === true ? "protected" : isRetained === true ? "retained" : undefined;
		const component = parent === undefined ? undefined : new pulumi.DependencyResource(parent);
		await pulumi.log.info(describeAzureRemoval(type, inputs, keep), component);
	}
}

function specOf(inputs: { stdin?: unknown } | undefined): unknown {
	return inputs === undefined ? undefined : JSON.parse(String(inputs.stdin));
}

/** The variables of a Command, with what is unknown yet as something that is no text. Its secrets stay in this process. */
async function environmentOf(inputs: { environment?: unknown } | undefined): Promise<Record<string, unknown>> {
	return ((await resolve(inputs?.environment)) ?? {}) as Record<string, unknown>;
}

/**
 * Inputs of a resource in Azure, with words in place of what is unknown yet.
 *
 * @param holder what it is of, in place of an id that is unknown yet
 */
async function inputsOf(inputs: unknown, holder: string | undefined): Promise<Record<string, unknown> | undefined> {
	const known = (value: unknown, name?: string): unknown => {
		if (pulumi.isUnknown(value))
			return (name === "scope" ? holder : undefined) ?? "what Aptible or Azure answers in this update";
		if (Array.isArray(value)) return value.map((inner) => known(inner));
		if (typeof value !== "object" || value === null) return value;
		return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, known(inner, name)]));
	};
	return known(await resolve(inputs)) as Record<string, unknown> | undefined;
}

async function resolve(value: unknown): Promise<unknown> {
	// Not in the SDK's types; `apply` says nothing of what is partly unknown. The SDK's version is pinned.
	const inner = pulumi.output(value) as unknown as { promise(withUnknowns: true): Promise<unknown> };
	return inner.promise(true);
}
