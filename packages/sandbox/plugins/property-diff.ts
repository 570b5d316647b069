import provider from "@pulumi/pulumi/proto/provider_pb.js";
import { deepEqual, isMap, type PropertyMap, type PropertyValue } from "./property-value.ts";

/** What happened to one property, by its path. */
export type ChangeKind = "add" | "update" | "delete";

/** Changes by property path, such as `environment.HOST` or `interpreter[1]`. */
export type Changes = Map<string, ChangeKind>;

type PathStep = string | number;

const KINDS = {
	add: [provider.PropertyDiff.Kind.ADD, provider.PropertyDiff.Kind.ADD_REPLACE],
	update: [provider.PropertyDiff.Kind.UPDATE, provider.PropertyDiff.Kind.UPDATE_REPLACE],
	delete: [provider.PropertyDiff.Kind.DELETE, provider.PropertyDiff.Kind.DELETE_REPLACE],
} as const;

/** Compares two property maps to the depth at which they differ. A secret is one value, whatever it holds. */
export function diffProperties(olds: PropertyMap, news: PropertyMap): Changes {
	const changes: Changes = new Map();
	diffMaps([], olds, news, changes);
	return changes;
}

/** The answer to a Diff call: every change an update, but for the paths for which `replaces` is true. */
export function diffResponse(changes: Changes, replaces: (path: string) => boolean) {
	const response = new provider.DiffResponse()
		.setHasdetaileddiff(true)
		.setChanges(
			changes.size > 0 ? provider.DiffResponse.DiffChanges.DIFF_SOME : provider.DiffResponse.DiffChanges.DIFF_NONE,
		);
	for (const [path, kind] of changes) {
		const replace = replaces(path);
		response.getDetaileddiffMap().set(path, new provider.PropertyDiff().setKind(KINDS[kind][replace ? 1 : 0]));
		const property = path.split(/[.[]/, 1)[0] ?? path;
		if (!response.getDiffsList().includes(property)) {
			response.addDiffs(property);
		}
		if (replace && !response.getReplacesList().includes(property)) {
			response.addReplaces(property);
		}
	}
	return response;
}

function diffMaps(path: PathStep[], olds: PropertyMap, news: PropertyMap, changes: Changes): void {
	for (const key of new Set([...Object.keys(olds), ...Object.keys(news)])) {
		diffValues([...path, key], olds[key] ?? null, news[key] ?? null, changes);
	}
}

function diffValues(path: PathStep[], old: PropertyValue, next: PropertyValue, changes: Changes): void {
	if (isMap(old) && isMap(next)) {
		diffMaps(path, old, next, changes);
	} else if (Array.isArray(old) && Array.isArray(next)) {
		for (let index = 0; index < Math.max(old.length, next.length); index++) {
			diffItems([...path, index], old[index], next[index], changes);
		}
	} else if (!deepEqual(old, next)) {
		changes.set(formatPath(path), old === null ? "add" : next === null ? "delete" : "update");
	}
}

/** In a list, null is an item like any other: only a missing one is an addition or a deletion. */
function diffItems(
	path: PathStep[],
	old: PropertyValue | undefined,
	next: PropertyValue | undefined,
	changes: Changes,
): void {
	if (old === undefined || next === undefined) {
		changes.set(formatPath(path), old === undefined ? "add" : "delete");
	} else {
		diffValues(path, old, next, changes);
	}
}

function formatPath(path: PathStep[]): string {
	return path.map((step, index) => formatStep(step, index === 0)).join("");
}

function formatStep(step: PathStep, first: boolean): string {
	if (typeof step === "number") {
		return `[${step}]`;
	}
	if (!/^[A-Za-z0-9_]*$/.test(step)) {
		return `["${step.replaceAll('"', '\\"')}"]`;
	}
	return first ? step : `.${step}`;
}
