import { isMap, type PropertyMap, type PropertyValue, Unknown, unwrapSecret } from "./property-value.ts";

/** Which lines of a command's output are shown while it runs. */
export type Logging = "stdout" | "stderr" | "stdoutAndStderr" | "none";

/** What is wrong with one property. */
export interface Failure {
	property: string;
	reason: string;
}

type Type = "string" | "bool" | "[]string" | "map[string]string" | "[]interface {}" | "local.Logging";

const PROCESS_TYPES = {
	stdin: "string",
	logging: "local.Logging",
	interpreter: "[]string",
	dir: "string",
	environment: "map[string]string",
	assetPaths: "[]string",
	archivePaths: "[]string",
	addPreviousOutputInEnv: "bool",
} as const satisfies Record<string, Type>;

const COMMAND_TYPES = {
	triggers: "[]interface {}",
	create: "string",
	update: "string",
	delete: "string",
	...PROCESS_TYPES,
} as const satisfies Record<string, Type>;

/** A shape to check properties against, with the name that the provider's messages give it. */
export interface Shape {
	name: string;
	types: Record<string, Type>;
	required: string[];
}

/** The inputs of a `command:local:Command`. */
export const COMMAND_INPUTS: Shape = { name: "local.CommandInputs", types: COMMAND_TYPES, required: [] };

/** The state of a `command:local:Command`: its inputs and what it printed. */
export const COMMAND_OUTPUTS: Shape = {
	name: "local.CommandOutputs",
	types: { ...COMMAND_TYPES, stdout: "string", stderr: "string" },
	required: ["stdout", "stderr"],
};

/** The arguments of a `command:local:run`. */
export const RUN_INPUTS: Shape = {
	name: "local.RunInputs",
	types: { ...PROCESS_TYPES, command: "string" },
	required: ["command"],
};

/**
 * Checks properties as strictly as the released provider does: unknown names, missing ones and wrong types fail, and
 * nothing else does (any `logging` passes). What is not known yet passes as any type.
 */
export function checkShape(properties: PropertyMap, shape: Shape): Failure[] {
	const failures: Failure[] = [];
	for (const [property, type] of Object.entries(shape.types)) {
		const value = unwrapSecret(properties[property] ?? null);
		if (value !== null) {
			failures.push(...checkType(value, type, property, shape));
		} else if (shape.required.includes(property)) {
			failures.push({ property, reason: `Missing required field '${property}' on '${shape.name}'` });
		}
	}
	for (const property of Object.keys(properties)) {
		if (!(property in shape.types)) {
			failures.push({ property, reason: `Unrecognized field '${property}' on '${shape.name}'` });
		}
	}
	return failures;
}

/** The text of failures where there is no property to show them at, as in a state that does not decode. */
export function describeFailures(failures: Failure[]): string {
	const lines = failures.map(({ property, reason }) => `\n\t${property}: ${reason}`);
	return `${failures.length} failures decoding:${lines.join("")}`;
}

function checkType(given: PropertyValue, type: Type, property: string, shape: Shape): Failure[] {
	const value = unwrapSecret(given);
	if (value instanceof Unknown) {
		return [];
	}
	switch (type) {
		case "[]string":
			return Array.isArray(value)
				? value.flatMap((item, index) => checkType(item, "string", `${property}[${index}]`, shape))
				: [wrongType(value, type, property, shape)];
		case "map[string]string":
			return isMap(value)
				? Object.entries(value).flatMap(([key, item]) => checkType(item, "string", `${property}[${key}] value`, shape))
				: [wrongType(value, type, property, shape)];
		case "[]interface {}":
			return Array.isArray(value) ? [] : [wrongType(value, type, property, shape)];
		case "bool":
			return typeof value === "boolean" ? [] : [wrongType(value, type, property, shape)];
		default:
			return typeof value === "string" ? [] : [wrongType(value, type, property, shape)];
	}
}

function wrongType(value: PropertyValue, type: Type, property: string, shape: Shape): Failure {
	if (isMap(value)) {
		const problem = `Cannot decode Object{} to type ${type}; it isn't a struct, and no custom decoder exists`;
		const shortName = shape.name.replace("local.", "");
		return { property, reason: `An error occurred decoding '${shortName}.${property}': ${problem}` };
	}
	const reason = `Field '${property}' on '${shape.name}' must be a '${type}'; got '${typeName(value)}' instead`;
	return { property, reason };
}

function typeName(value: PropertyValue): string {
	if (Array.isArray(value)) {
		return "[]interface {}";
	}
	return { number: "float64", boolean: "bool", string: "string" }[typeof value as string] ?? "nil";
}
