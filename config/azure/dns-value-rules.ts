/** Values of records, judged (facts/azure.md §5). */
import type { Draft } from "../draft.ts";
import { type Mistake, type Place, wrongValue } from "../mistakes.ts";
import { suggest } from "../near-miss.ts";
import { isValueType, valueTypes } from "./dns-values.ts";

type ZoneDraft = NonNullable<NonNullable<NonNullable<Draft["dns"]>["zones"]>[string]>;
type RecordDraft = NonNullable<NonNullable<ZoneDraft["records"]>[string]>;

/** Records that a set has at most, and texts (Azure docs: DNS limits). */
const mostRecords = 20;
const mostTexts = 400;
/** Bytes of all texts of a set together (Azure docs: DNS zones and records). */
const longestTexts = 4096;

/** Judges the values of a record. */
export function checkValues(at: Place, { type, values }: RecordDraft): Mistake[] {
	if (values === undefined || type === undefined) return [];
	const place = [...at, "values"];
	if (values.length === 0) return [{ place, says: "is empty; give at least one", about: "nothing" }];
	const most = type === "TXT" ? mostTexts : mostRecords;
	if (values.length > most) {
		return [{ place, says: `has ${values.length} values; allowed: at most ${most} in Azure DNS`, about: "nothing" }];
	}
	if (type === "TXT") return [...checkLength(place, values), ...checkEach(place, values, readText)];
	if (!isValueType(type)) return [];
	const { form, read } = valueTypes[type];
	return checkEach(place, values, (value) => read(value) ?? `is not ${form}`);
}

/** Judges each value, and whether one is there twice. */
function checkEach(
	at: Place,
	values: readonly (string | undefined)[],
	read: (value: string) => object | string,
): Mistake[] {
	const seen = new Set<string>();
	return values.flatMap((value, index): Mistake[] => {
		if (value === undefined) return [];
		const place = [...at, index];
		const fields = read(value);
		if (typeof fields === "string") return [wrongValue(place, fields)];
		const text = JSON.stringify(fields);
		if (seen.has(text)) return [wrongValue(place, "stands twice; remove one")];
		seen.add(text);
		return [];
	});
}

function readText(text: string): object | string {
	if (text === "") return "is empty; give a text, or remove the line";
	if (!/^".*"$/s.test(text)) return { text };
	return `would be served with its quotes; write the text alone${suggest(text.slice(1, -1).replace(/"\s+"/g, ""))}`;
}

function checkLength(place: Place, values: readonly (string | undefined)[]): Mistake[] {
	const bytes = values.reduce((sum, value) => sum + Buffer.byteLength(value ?? ""), 0);
	if (bytes <= longestTexts) return [];
	const says = `has ${bytes} bytes in all its texts; allowed: at most ${longestTexts} in Azure DNS`;
	return [{ place, says, about: "nothing" }];
}
