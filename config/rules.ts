/**
 * What takes more than one value of a stage file to see. Rules read a draft, which lacks whatever is wrong by itself, so
 * that one mistake never hides another.
 */
import { checkApps } from "./app-rules.ts";
import { checkDns } from "./azure/dns-rules.ts";
import { checkStorage } from "./azure/storage-rules.ts";
import { containerSizesMb, isSharedStack } from "./catalogue.ts";
import { checkDatabases } from "./database-rules.ts";
import { checkDrains } from "./drain-rules.ts";
import { checkEndpoints } from "./endpoint-rules.ts";
import { type Draft, type Mistake, type Place, wrongValue } from "./mistakes.ts";
import { checkStageNames } from "./names.ts";
import { nearestNumber } from "./near-miss.ts";

type DatabaseDraft = NonNullable<NonNullable<Draft["databases"]>[string]>;
type ContainerDraft = Pick<DatabaseDraft, "containerMb" | "containerProfile">;

function checkEnvironment(environment: Draft["environment"]): Mistake[] {
	const { handle, stack, phi, renamedFrom, backups } = environment ?? {};
	const mistakes: Mistake[] = [];
	if (phi === true && stack !== undefined && isSharedStack(stack)) {
		const says = `is not allowed on "${stack}": Aptible's shared stacks may hold no health information; name a dedicated stack, or set phi: false`;
		mistakes.push(wrongValue(["environment", "phi"], says));
	}
	if (phi === true && backups?.keepFinal === false) {
		const says =
			"is not allowed with phi: true; set keepFinal: true, which keeps the last backup of a database that is deleted";
		mistakes.push(wrongValue(["environment", "backups", "keepFinal"], says));
	}
	if (renamedFrom !== undefined && renamedFrom === handle) {
		mistakes.push(wrongValue(["environment", "renamedFrom"], "is its handle now; take the line out"));
	}
	return mistakes;
}

/** Sizes by profile; `c` and `r` are on dedicated stacks only (Aptible docs: container profiles; facts/aptible.md §2.1). */
function checkContainer(at: Place, container: ContainerDraft, stack: string | undefined): Mistake[] {
	const { containerMb, containerProfile } = container;
	const mistakes: Mistake[] = [];
	if (containerProfile !== undefined && containerProfile !== "m" && stack !== undefined && isSharedStack(stack)) {
		const says = `is not available on the shared stack "${stack}"; allowed: "m" (compute and memory profiles need a dedicated stack)`;
		mistakes.push(wrongValue([...at, "containerProfile"], says));
	}
	if ("containerProfile" in container && containerProfile === undefined) return mistakes;
	const sizes = containerSizesMb[containerProfile ?? "m"];
	// The default of 1024 MB is too small for c and r, so that it has to be said there.
	const size = containerMb ?? ("containerMb" in container ? undefined : 1024);
	if (size === undefined || sizes.includes(size)) return mistakes;
	const allowed = `allowed for profile ${containerProfile ?? "m"}: ${sizes.join(", ")}`;
	const near = `; did you mean ${nearestNumber(size, sizes)}?`;
	return [
		...mistakes,
		containerMb === undefined
			? {
					place: [...at, "containerMb"],
					says: `is missing, and its default of 1024 is not a container size of this profile; ${allowed}${near}`,
					about: "nothing",
				}
			: wrongValue([...at, "containerMb"], `is not a container size; ${allowed}${near}`),
	];
}

/** Renames among the databases or the apps of the stage. */
function checkRenames(kind: "databases" | "apps", named: Draft["databases"] | Draft["apps"]): Mistake[] {
	const taken = new Map<string, string>();
	return Object.entries(named ?? {}).flatMap(([handle, one]): Mistake[] => {
		const former = one?.renamedFrom;
		if (former === undefined) return [];
		const place = [kind, handle, "renamedFrom"];
		if (former === handle) return [wrongValue(place, "is its handle now; take the line out")];
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
	const stack = draft.environment?.stack;
	return [
		...checkEnvironment(draft.environment),
		...checkStageNames(draft),
		...Object.entries(draft.databases ?? {}).flatMap(([handle, database]) => {
			return database === undefined ? [] : checkContainer(["databases", handle], database, stack);
		}),
		...checkDatabases(draft),
		...checkRenames("databases", draft.databases),
		...checkApps(draft),
		...Object.entries(draft.apps ?? {}).flatMap(([handle, app]) =>
			Object.entries(app?.services ?? {}).flatMap(([name, service]) =>
				service === undefined ? [] : checkContainer(["apps", handle, "services", name], service, stack),
			),
		),
		...checkRenames("apps", draft.apps),
		...checkEndpoints(draft),
		...checkDrains(draft),
		...checkStorage(draft),
		...checkDns(draft),
	];
}
