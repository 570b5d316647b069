/** Which texts of a stage are templates, and which of them stand for a secret, as the schema marks them (`config/fields.ts`). */
import { z } from "zod";
import type { Draft } from "./draft.ts";
import { type FieldMarks, fieldMarks } from "./fields.ts";
import type { Place } from "./mistakes.ts";
import { StageFile } from "./stage.ts";

/** Every template of a stage, in the order of the schema. */
export function listTemplates(draft: Draft): { place: Place; template: string }[] {
	const walk = (schema: unknown, value: unknown, place: Place): { place: Place; template: string }[] => {
		if (typeof value === "string") return marksOf(schema).isTemplate === true ? [{ place, template: value }] : [];
		if (typeof value !== "object" || value === null) return [];
		return Object.entries(value).flatMap(([key, inner]) =>
			fieldsAt(schema, key, value).flatMap((field) => walk(field, inner, [...place, key])),
		);
	};
	return walk(StageFile, draft, []);
}

/** Whether a place of a stage is meant for a secret, so that no message may show what stands there. */
export function isSecretPlace(place: Place): boolean {
	const fields = place.reduce<readonly unknown[]>(
		(schemas, key) => schemas.flatMap((schema) => fieldsAt(schema, String(key))),
		[StageFile],
	);
	return place[0] === "secrets" || fields.some((field) => marksOf(field).isSecret === true);
}

/** Whether a value is one reference to a secret and nothing else. */
export function isSecretReference(value: unknown): boolean {
	return typeof value === "string" && /^\$\{\s*secrets\.\w+\s*\}$/.test(value);
}

/** The schemas that a key of a block has: one, but for a block of a kind that is not known. */
function fieldsAt(schema: unknown, key: string, block?: object): unknown[] {
	const inner = unwrap(schema);
	if (inner instanceof z.ZodRecord) return [inner.valueType];
	if (inner instanceof z.ZodObject) return Object.hasOwn(inner.shape, key) ? [inner.shape[key]] : [];
	if (!(inner instanceof z.ZodDiscriminatedUnion)) return [];
	const { kind } = (block ?? {}) as { kind?: unknown };
	const options = inner.options.filter((option) => option instanceof z.ZodObject);
	const own = options.filter(({ shape }) => shape.kind instanceof z.ZodType && shape.kind.safeParse(kind).success);
	return (own.length === 0 ? options : own).flatMap((option) => fieldsAt(option, key)).slice(0, block && 1);
}

function marksOf(schema: unknown): FieldMarks {
	const inner = unwrap(schema);
	return inner instanceof z.ZodType ? (fieldMarks.get(inner) ?? {}) : {};
}

function unwrap(schema: unknown): unknown {
	return schema instanceof z.ZodDefault || schema instanceof z.ZodOptional ? unwrap(schema.unwrap()) : schema;
}
