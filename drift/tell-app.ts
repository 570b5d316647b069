/** What there is to say of an app in a preview, beside its differences. */

import { planConfigChanges } from "../aptible/app/config.ts";
import { diffRegistry } from "../aptible/app/release.ts";
import { tellWaitingCredentials, warnOfForeign } from "../aptible/app/warnings.ts";
import { AppFacts, AppSpec } from "../wire/app.ts";
import { tellReleases } from "./ci-releases.ts";
import { findApp, type Recorded } from "./compare.ts";
import type { Snapshot } from "./snapshot.ts";
import { resolveKnown, type Values } from "./snapshot-values.ts";

/** What is said of an object. */
export interface Told {
	warnings: readonly string[];
	notes: readonly string[];
}

/** What a look has seen, as far as an app needs it. */
interface Seen {
	snapshot: Snapshot;
	values: Values;
	/** Apps of CI that this run deploys. */
	releases: ReadonlySet<string>;
}

/** Warnings of the releases of an app and of config that is not from here, and notes of registry credentials that wait for one. */
export function tellApp(
	{ snapshot, values, releases }: Seen,
	spec: unknown,
	recorded: Recorded | undefined,
	stack: string,
): Told {
	const [after, before] = [AppSpec.parse(spec), AppSpec.safeParse(recorded?.spec).data];
	const previous = AppFacts.safeParse(recorded?.facts).data;
	const isReleased = releases.has(after.handle);
	return {
		warnings: [
			...tellReleases(snapshot, { before, after, previous }, { isReleased, stack }),
			...tellForeign(snapshot, after, previous),
		],
		notes: tellCredentials(snapshot, after, previous, values),
	};
}

/** Of an app that changes, the preview does not know yet what its run will say. */
function tellForeign(snapshot: Snapshot, spec: AppSpec, previous: AppFacts | undefined): string[] {
	const config = findApp(snapshot, spec, previous)?.config ?? "hidden";
	if (config === "hidden") return [];
	return warnOfForeign(spec, planConfigChanges(spec.config, config, previous?.configKeys ?? []).foreign);
}

/** Nothing where the last run has said it, and of an app that CI releases, with credentials of its own. */
function tellCredentials(snapshot: Snapshot, spec: AppSpec, previous: AppFacts | undefined, values: Values): string[] {
	const live = findApp(snapshot, spec, previous)?.settings.registry;
	const { registry } = resolveKnown(snapshot, spec, values).resolved;
	const isReason = spec.registry?.deployOnChange === true || live === undefined || live === "hidden";
	if (spec.releasedBy === "ci" || registry === undefined || isReason) return [];
	const text = tellWaitingCredentials(spec);
	const isSaid = previous?.warnings.includes(text) ?? false;
	return isSaid || diffRegistry(registry, live, true).length === 0 ? [] : [text];
}
