/** Whether config that holds a secret differs because somebody changed it on Aptible, or because the stage has another secret now. */
import { listOperations, type Operation } from "../aptible/api/operation.ts";
import { tellOperation } from "../aptible/carried.ts";
import { unlessGone } from "../aptible/client/errors.ts";
import type { Context } from "../aptible/context.ts";
import { AppFacts, AppSpec } from "../wire/app.ts";
import type { Difference } from "../wire/difference.ts";
import { lookUp } from "../wire/own.ts";
import { references } from "../wire/template.ts";
import { differencesOf } from "./compare.ts";
import type { RecordedCommand } from "./recorded.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Values } from "./snapshot-values.ts";

/** Newest operation since the last update, of apps whose config differs, by the names of their Commands; `none` was there. */
export type Touched = ReadonlyMap<string, Operation | "none">;

/**
 * Reads the operations of apps whose config differs: the state has secrets encrypted, so that what was left of one cannot be compared. An app whose last update recorded no operation is not among them.
 */
export async function readTouched(
	context: Context,
	recorded: readonly RecordedCommand[],
	snapshot: Snapshot,
	values: Values,
): Promise<Touched> {
	const reads = recorded.map(async ({ kind, name, spec, facts }): Promise<[string, Operation | "none"][]> => {
		if (kind !== "app") return [];
		const { id, operation: last } = AppFacts.safeParse(facts).data ?? {};
		const differences = differencesOf(snapshot, kind, spec, facts, values) ?? [];
		if (id === undefined || last === undefined || !differences.some(({ field }) => field.startsWith("config.")))
			return [];
		const operations = await listOperations(context.api, "apps", id, last).catch(unlessGone);
		if (operations === undefined) return [];
		const [newest] = operations;
		return [[name, newest === undefined || newest.id <= last ? "none" : newest]];
	});
	return new Map((await Promise.all(reads)).flat());
}

/** The differences of an app without those of a secret that the stage alone has changed, and with who changed its config. */
export function withoutChangedSecrets(
	differences: readonly Difference[],
	spec: unknown,
	touched: Operation | "none" | undefined,
): readonly Difference[] {
	if (touched === undefined) return differences;
	if (touched === "none") return differences.filter(({ field }) => !isSecret(spec, field));
	const when = touched.created_at == null ? "" : ` at ${touched.created_at}`;
	return differences.map((one) =>
		one.field.startsWith("config.") ? { ...one, live: `${one.live}, since ${tellOperation(touched)}${when}` } : one,
	);
}

/** Whether a field is config whose text has secrets of the stage in it, and nothing that Aptible gives. */
function isSecret(spec: unknown, field: string): boolean {
	const config = AppSpec.safeParse(spec).data?.config ?? {};
	const names = references(lookUp(config, field.replace(/^config\./, "")) ?? "");
	return field.startsWith("config.") && names.length > 0 && names.every((name) => name.startsWith("secrets."));
}
