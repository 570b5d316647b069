/**
 * What takes more than one value of a stage file to see. Rules read a draft, which lacks whatever is wrong by itself, so
 * that one mistake never hides another.
 */
import { checkApps } from "./app-rules.ts";
import { checkDns } from "./azure/dns-rules.ts";
import { checkStorage } from "./azure/storage-rules.ts";
import { checkDatabases } from "./database-rules.ts";
import type { Draft } from "./draft.ts";
import { checkDrains } from "./drain-rules.ts";
import { checkEndpointOrder } from "./endpoint-order.ts";
import { checkEndpoints } from "./endpoint-rules.ts";
import { checkGroups } from "./group-rules.ts";
import { type Mistake, wrongValue } from "./mistakes.ts";
import { checkMove } from "./move-rules.ts";
import { checkStageNames } from "./names.ts";
import { checkPhi } from "./phi.ts";
import { checkContainers } from "./sizes.ts";

function checkEnvironment(environment: Draft["environment"]): Mistake[] {
	const { handle, renamedFrom } = environment ?? {};
	const mistakes: Mistake[] = [];
	if (renamedFrom !== undefined && renamedFrom === handle) {
		mistakes.push(wrongValue(["environment", "renamedFrom"], "is its handle now; remove the line"));
	}
	return mistakes;
}

/** Renames among the databases or the apps of the stage. */
function checkRenames(kind: "databases" | "apps", named: Draft["databases"] | Draft["apps"]): Mistake[] {
	const taken = new Map<string, string>();
	return Object.entries(named ?? {}).flatMap(([handle, one]): Mistake[] => {
		const former = one?.renamedFrom;
		if (former === undefined) return [];
		const place = [kind, handle, "renamedFrom"];
		if (former === handle) return [wrongValue(place, "is its handle now; remove the line")];
		if (Object.keys(named ?? {}).includes(former)) {
			return [wrongValue(place, `is declared too (${kind}.${former}); one handle cannot be both renamed and kept`)];
		}
		const first = taken.get(former);
		taken.set(former, first ?? handle);
		if (first === undefined) return [];
		return [wrongValue(place, `is the former handle of ${kind}.${first} already; only one of them was it`)];
	});
}

/** Judges everything in a stage that takes more than one value to see, references aside. */
export function checkRules(draft: Draft): Mistake[] {
	const mistakes = [
		...checkEnvironment(draft.environment),
		...checkStageNames(draft),
		...checkContainers("databases", draft),
		...checkDatabases(draft),
		...checkRenames("databases", draft.databases),
		...checkApps(draft),
		...checkGroups(draft),
		...checkEndpointOrder(draft),
		...checkContainers("apps", draft),
		...checkRenames("apps", draft.apps),
		...checkEndpoints(draft),
		...checkDrains(draft),
		...checkStorage(draft),
		...checkDns(draft),
		...checkMove(draft),
	];
	const places = new Set(mistakes.map(({ place }) => JSON.stringify(place)));
	// Of a value that is wrong with or without health information, one message is enough.
	return [...mistakes, ...checkPhi(draft).filter(({ place }) => !places.has(JSON.stringify(place)))];
}
