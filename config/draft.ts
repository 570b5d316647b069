/** A stage file as far as it is free of mistakes, which is what the rules judge. */
import type { z } from "zod";
import { missing } from "./fields.ts";
import { type Mistake, type Place, valueAt } from "./mistakes.ts";
import type { StageFile } from "./stage.ts";

type DeepPartial<T> = T extends readonly (infer Item)[]
	? readonly (Item | undefined)[]
	: T extends object
		? { [Key in keyof T]?: DeepPartial<T[Key]> | undefined }
		: T;

/**
 * A stage file less what is wrong in it, so that the rules can judge the rest. A key that is there but `undefined` cannot
 * be judged; a key that is not there was not written. Defaults are not applied: none of them breaks a rule.
 */
export type Draft = DeepPartial<z.input<typeof StageFile>>;

function isBlock(value: unknown): value is Record<string | number, unknown> {
	return typeof value === "object" && value !== null;
}

function samePlace(a: Place, b: Place): boolean {
	return a.length === b.length && a.every((key, index) => key === b[index]);
}

/**
 * Turns zod's issues into mistakes, and the raw stage into a draft. A key that is only misspelt makes one mistake, not a
 * second one for the key that it stands for; one of the `texts`, which are mistakes already, makes none here. Blocks with
 * encrypted values are left out of both, as a message about one could show a secret.
 */
export function judgeSchema(
	raw: unknown,
	issues: readonly z.core.$ZodIssue[],
	encrypted: ReadonlySet<string>,
	texts: readonly Mistake[],
): { mistakes: Mistake[]; draft: Draft } {
	const draft: unknown = structuredClone(raw);
	const mistakes: Mistake[] = [...texts];
	const meant: Place[] = [];
	const spoil = (place: Place) => {
		const parent = valueAt(draft, place.slice(0, -1));
		const key = place.at(-1);
		if (!isBlock(parent) || key === undefined) return;
		if (key === "__proto__") Reflect.deleteProperty(parent, key);
		else parent[key] = undefined;
	};
	const isSaid = (place: Place) => texts.some((text) => samePlace(text.place, place));
	for (const issue of issues) {
		const place = issue.path.filter((key) => typeof key !== "symbol");
		if (typeof place[0] === "string" && encrypted.has(place[0])) continue;
		if (isSaid(place)) continue;
		if (issue.code !== "unrecognized_keys") {
			const about = valueAt(raw, place) == null ? "nothing" : "value";
			mistakes.push({ place, says: issue.message, about });
			if (!issue.message.startsWith(missing)) spoil(place);
			continue;
		}
		const says = issue.message.split("\n");
		for (const [index, key] of issue.keys.entries()) {
			if (isSaid([...place, key])) continue;
			mistakes.push({ place: [...place, key], says: says[index] ?? issue.message, about: "nothing" });
			const near = /did you mean "(\w+)"/.exec(says[index] ?? "")?.[1];
			if (near !== undefined && valueAt(raw, [...place, near]) === undefined) meant.push([...place, near]);
		}
	}
	for (const place of [...texts.map(({ place }) => place), ...meant, ...[...encrypted].map((key) => [key])])
		spoil(place);
	const named = (mistake: Mistake) =>
		mistake.says.startsWith(missing) && meant.some((place) => samePlace(place, mistake.place));
	return { mistakes: mistakes.filter((mistake) => !named(mistake)), draft: isBlock(draft) ? (draft as Draft) : {} };
}
