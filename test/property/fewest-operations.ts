/**
 * The fewest operations that lead from one stage to another, by what Aptible can do in one (facts/aptible.md): counted from the
 * two stages alone, with nothing of the code under test.
 */
import type { Kind, Spec } from "../matrix/reconcilers.ts";
import { type Declared, type Stage, undeclaredIn } from "./random-stage.ts";

/** How many operations a change from one stage to another takes. */
export function fewestOperations(before: Stage, after: Stage): number {
	const names = new Set([...before.keys(), ...after.keys()]);
	return [...names].reduce((sum, name) => sum + operationsOf(before.get(name), after.get(name)), 0);
}

function operationsOf(before: Declared | undefined, after: Declared | undefined): number {
	const kind = before?.kind ?? after?.kind;
	// None has operations; and what an environment leaves is the policy that it has set.
	if (kind === undefined || isFree(kind)) return 0;
	if (after === undefined) return 1;
	if (before === undefined) return kind === "app" ? 1 + scalesAfterDeploy(undefined, after.spec) : 1;
	return changes[kind](before.spec, after.spec);
}

type Free = "environment" | "permissions" | "claims" | "leftovers";

function isFree(kind: Kind): kind is Free {
	return ["environment", "permissions", "claims", "leftovers"].includes(kind);
}

const changes: Readonly<Record<Exclude<Kind, Free>, (before: Spec, after: Spec) => number>> = {
	/** One restart takes all of it, and IOPS alone a modification. */
	"database-restart": (before, after) => changes.database(before, after),
	database: (before, after) => (differ(before, after, ["containerMb", "containerProfile", "diskGb", "iops"]) ? 1 : 0),
	app: (before, after) => {
		if (differ(before, after, ["image"])) return 1 + scalesAfterDeploy(before, after);
		return (differ(before, after, ["config"]) ? 1 : 0) + scalesAfterDeploy(before, after);
	},
	endpoint: (before, after) => (differ(before, after, ["ipFilter", "ports", "settings"]) ? 1 : 0),
	/** Where it sends cannot change: one comes up, then the other goes. What it sends takes no operation. */
	"log-drain": (before, after) => (differ(before, after, ["kind", "url", "host", "port"]) ? 2 : 0),
	"metric-drain": (before, after) => (differ(before, after, ["apiKey", "site"]) ? 2 : 0),
};

/**
 * What a deploy says of containers goes to every new service, so that it can say nothing where each is as Aptible starts it, and else
 * no more than that none is to run: then each is scaled, those that the stage does not declare too.
 */
function scalesAfterDeploy(before: Spec | undefined, after: Spec): number {
	const [old, now] = [before?.services ?? {}, after.services].map((services) => Object.entries(services as object));
	const known = new Map(old?.map(([name, service]) => [name, sizeOf(service)]));
	const fresh = (now ?? []).filter(([name]) => !known.has(name)).map(([, service]) => sizeOf(service));
	const resized = (now ?? []).filter(([name, service]) => known.has(name) && known.get(name) !== sizeOf(service));
	if (fresh.every((size) => size === "1 x 1024 m")) return resized.length;
	const undeclared = before?.image === after.image ? [] : undeclaredIn(String(after.image));
	return fresh.filter((size) => size !== "0 x 1024 m").length + undeclared.length + resized.length;
}

function sizeOf({ containers, containerMb, containerProfile }: Spec): string {
	return `${containers} x ${containerMb} ${containerProfile}`;
}

function differ(before: Spec, after: Spec, fields: readonly string[]): boolean {
	return fields.some((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
}
