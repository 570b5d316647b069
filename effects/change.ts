/** What a preview says of one object: `app portal: one deploy of 2026-11-21; ...`. Nothing in here knows a secret. */
import type { Adoption, Difference } from "../wire/difference.ts";
import type { EndpointKind } from "../wire/endpoint-identity.ts";
import { lookUp } from "../wire/own.ts";

/** What of the stage an app's effects hang on beside its spec. */
export interface Surroundings {
	/** Kinds of the endpoints in front of each service. */
	endpoints: Readonly<Record<string, readonly EndpointKind[]>>;
	/** Places that have another name now, with the former one: `databases.primary` was `databases.main`. */
	formerPlaces: Readonly<Record<string, string>>;
}

/** What is about to happen to one object that stays or comes. */
export interface Change<Spec> {
	/** As the last update recorded it, with its drift for those who describe it; undefined for an object that is new in the stage. */
	before: Spec | undefined;
	after: Spec;
	/** References (`secrets.sessionKey`) that stand for another value than at the last update. */
	values: readonly string[];
	/** References whose value only an earlier step of the update shows. */
	unknown: readonly string[];
	/** In what it is not as the last update left it. */
	drift: readonly Difference[];
	/** Of an object that is new in the stage: what there is of it on Aptible already. */
	adoption?: Adoption | undefined;
	surroundings?: Surroundings | undefined;
}

/** A recorded spec with what has drifted of it as it is on Aptible: where an update begins. */
export function asLive<Spec>(spec: Spec, drift: readonly Difference[]): Spec {
	const live = structuredClone(spec);
	for (const { field, live: shown } of drift) {
		const path = field.split(".");
		const name = path.pop() ?? "";
		let holder: unknown = live;
		for (const key of path) holder = isRecord(holder) ? lookUp(holder, key) : undefined;
		if (!isRecord(holder) || !Object.hasOwn(holder, name)) continue;
		const recorded = holder[name];
		if (typeof recorded === "string") holder[name] = shown;
		if (typeof recorded === "number") holder[name] = Number(shown);
		if (typeof recorded === "boolean") holder[name] = shown === "true";
	}
	return live;
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null;
}

/** What becomes of a protected object that the stage does not declare any more. */
export const refusedRemoval = "is protected: it stays as it is, and THE UPDATE FAILS";

/** `1024 => 2048`, or the one value where both are the same. */
export function step(before: unknown, after: unknown): string {
	return before === after ? String(after) : `${before} => ${after}`;
}

/** Names of changed secrets and other values: `secret sessionKey`. */
export function nameValues(references: readonly string[]): string {
	return references.map((reference) => reference.replace(/^secrets\./, "secret ")).join(", ");
}

/** `web`, `web and worker`, `web, worker and nightly`. */
export function list(names: readonly string[]): string {
	const last = names.at(-1) ?? "";
	return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} and ${last}`;
}

/** What comes and what goes of a list: `+ deploy, - read`. */
export function compareLists(before: readonly string[], after: readonly string[]): string[] {
	return [
		...after.filter((one) => !before.includes(one)).map((one) => `+ ${one}`),
		...before.filter((one) => !after.includes(one)).map((one) => `- ${one}`),
	];
}

/** A rename, and when the new name is seen (facts/aptible.md §1). */
export function describeRename(
	before: { handle: string },
	after: { handle: string },
	restarts: boolean,
	how: string,
): string[] {
	if (before.handle === after.handle) return [];
	const when = restarts ? "" : `, without a restart; drains and metrics show the new name only after ${how}`;
	return [`renamed from ${before.handle}${when}`];
}
