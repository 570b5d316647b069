import { compare, type Difference } from "../../wire/difference.ts";
import {
	type DrainField,
	type DrainKinds,
	fieldNames,
	fieldsOfType,
	isSecret,
	isTemplate,
} from "../../wire/drain-kinds.ts";
import { lookUp } from "../../wire/own.ts";
import { listNamedDatabases, type NamedDatabase } from "../api/database.ts";
import { databaseIdOf } from "../api/drain.ts";
import type { Cli } from "../cli/cli.ts";
import { createDrain } from "../cli/drain.ts";
import type { Context } from "../context.ts";
import { environmentNamed } from "../find.ts";
import type { DeclaredDrain } from "./kind.ts";

/** Where a drain sends, under the stage file's names. Declared, its values are templates; live, they are what Aptible shows. */
export type Destination = Readonly<Record<string, string | undefined>>;

/** Fills a template in; gives undefined where the secrets in it are not at hand. */
export type Fill = (template: string) => string | undefined;

/** What of a spec says which kind it is, and where it is. */
type DrainSpec = { readonly kind: string; readonly environment: string };

/** Fields in which secrets stand, so that no value of them is ever printed. */
const templateFields = fieldNames(isTemplate);

/** Fields whose live values are masked. */
const maskedFields = fieldNames(isSecret);

/** Fills nothing that has a secret in it. */
export const withoutSecrets: Fill = (template) => (template.includes("${") ? undefined : template);

/**
 * How a live destination differs from the declared one. A secret is only said to differ, and not even that where it cannot be
 * known (`findHiddenFields`).
 *
 * @param live undefined where the token may see nothing of it
 */
export function diffDestination(
	declared: Destination,
	live: Destination | undefined,
	fill: Fill = withoutSecrets,
): Difference[] {
	if (live === undefined) return [];
	const unknown = new Set(findHiddenFields(declared, live));
	return Object.entries(declared).flatMap(([field, template]) => {
		const shown = live[field];
		if (!templateFields.has(field)) return compare({ [field]: template }, { [field]: shown });
		const value = template === undefined ? undefined : fill(template);
		if (unknown.has(field) || value === shown || (template !== undefined && value === undefined)) return [];
		return [{ field, declared: template ?? "none", live: "another value" }];
	});
}

/** Declared fields that the token may not see, so that nobody can tell whether they are right. */
export function findHiddenFields(declared: Destination, live: Destination | undefined): string[] {
	return Object.keys(declared).filter(
		(field) =>
			declared[field] !== undefined && (live === undefined || (templateFields.has(field) && live[field] === undefined)),
	);
}

/** The values of a live destination that must not be in any output. */
export function secretsOf(live: Destination | undefined): string[] {
	return [...maskedFields].flatMap((field) => live?.[field] ?? []);
}

/** The API's types of a kind, the one that it is made with first. */
export function typesOf(kinds: DrainKinds, spec: DrainSpec): readonly string[] {
	return lookUp(kinds, spec.kind)?.types ?? [];
}

/** Where a spec sends, with what another kind of its type would have. */
export function destinationOf(kinds: DrainKinds, spec: DrainSpec): Destination {
	return Object.fromEntries(
		fieldsOfType(kinds, typesOf(kinds, spec)[0] ?? "").map(([name]) => [name, textOf(valueIn(spec, name))]),
	);
}

/** Where a live drain sends, from its fields as the API shows them and the handle of the database that it is linked to. */
export function liveDestination(
	kinds: DrainKinds,
	type: string,
	shown: Readonly<Record<string, unknown>>,
	database: string | undefined,
): Destination {
	return Object.fromEntries(
		fieldsOfType(kinds, type).map(([name, field]) => [
			name,
			field.form === "database" ? database : wordOf(field, textOf(shown[field.api])),
		]),
	);
}

/** The databases of which a drain may be linked to one; none for a drain that sends to no database. */
export async function listLinkable(context: Context, spec: DrainSpec): Promise<NamedDatabase[]> {
	if (!("database" in spec)) return [];
	return listNamedDatabases(context.api, (await environmentNamed(context, spec.environment)).id);
}

/** The handle of the database that a live drain writes to. `databases` are those of its environment. */
export function findLinkedDatabase(
	live: Parameters<typeof databaseIdOf>[0],
	databases: readonly { id: number; handle: string }[],
): string | undefined {
	const id = databaseIdOf(live);
	return id === undefined ? undefined : (databases.find((one) => one.id === id)?.handle ?? `number ${id}`);
}

/**
 * How to make a drain: by its command, where none of its options would have a secret in it, else by a body for the API.
 *
 * @param body from the API's fields, as the CLI sends them (recorded runs 83 to 90), without its telemetry
 * @param options that the command has besides
 */
export function creationOf(
	cli: Cli,
	kinds: DrainKinds,
	spec: DrainSpec,
	fill: (template: string) => string,
	body: (fields: Record<string, string>) => Record<string, unknown>,
	options: Readonly<Record<string, boolean>> = {},
): DeclaredDrain<never>["creation"] {
	const { command, fields = {} } = lookUp(kinds, spec.kind) ?? {};
	const given = Object.entries(fields).flatMap(([name, field]) => {
		const value = textOf(valueIn(spec, name));
		return value === undefined ? [] : [[field, value] as const];
	});
	if (command !== undefined && !given.some(([field]) => isTemplate(field))) {
		const chosen = given.flatMap(([{ cli: option }, value]) => (option === undefined ? [] : [[option, value]]));
		const { environment } = spec;
		const all = { environment, ...Object.fromEntries(chosen), ...options };
		return { command: (handle) => createDrain(cli, command, handle, all) };
	}
	const sent = given.flatMap(([field, value]): [string, string][] => {
		if (field.api === undefined) return [];
		if (field.form === "choice") return [[field.api, field.choices[value] ?? value]];
		return [[field.api, isTemplate(field) ? fill(value) : value]];
	});
	return { body: body(Object.fromEntries(sent)) };
}

/** A choice in the stage file's word; where the API has a value that no word stands for, that value. */
function wordOf(field: DrainField, shown: string | undefined): string | undefined {
	if (field.form !== "choice") return shown;
	const words = Object.entries(field.choices);
	if (shown === undefined) return words[0]?.[0];
	return words.find(([, value]) => value === shown)?.[0] ?? shown;
}

function valueIn(spec: DrainSpec, name: string): unknown {
	return (spec as unknown as Readonly<Record<string, unknown>>)[name];
}

function textOf(value: unknown): string | undefined {
	return value === undefined || value === null || value === "" ? undefined : String(value);
}
