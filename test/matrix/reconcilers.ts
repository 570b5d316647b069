/** The reconcilers without a process, as `aptible/main.ts` runs them. */
import type { Context } from "../../aptible/context.ts";
import { type Kind, kinds } from "../../aptible/reconcile.ts";

export type { Kind } from "../../aptible/reconcile.ts";
export type Spec = Readonly<Record<string, unknown>>;
export type Facts = Readonly<Record<string, unknown>>;
export type Verb = "apply" | "remove";

/** Runs one; gives its facts, which a removal has none of. */
export async function runReconciler(
	kind: Kind,
	verb: Verb,
	context: Context,
	spec: Spec,
	previous?: Facts,
): Promise<Facts | undefined> {
	// As it crosses the process line: what is undefined is not there.
	const crossed: unknown = JSON.parse(JSON.stringify(spec));
	return (await kinds[kind](verb, context, crossed, previous)) as Facts | undefined;
}
