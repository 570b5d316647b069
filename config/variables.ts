/** Variables of apps: their own, and those of the groups under `shared` that several apps take with `configFrom`. */
import { z } from "zod";
import { lookUp } from "../wire/own.ts";
import { fieldMarks, message, named, text, textMessage } from "./fields.ts";

const emptyConfig = 'is empty, and Aptible deletes a variable set to ""; give it a value or remove the line';
const configValue = z
	.string({
		error: (issue) => (issue.input === null ? emptyConfig : textMessage("the value of a variable", "text")(issue)),
	})
	.min(1, { error: emptyConfig })
	.register(fieldMarks, { isTemplate: true });

/** Variables by their names; the values are templates. */
export const variables = () => named("config variables", configValue);

/** Groups of variables by their names. */
export const groups = () => named("groups of variables", variables());

/** The groups that an app takes. */
export const groupNames = () =>
	z.array(text("the name of a group", "one of the names under shared"), {
		error: message("a list", "names of groups under shared, such as [mail]"),
	});

type Variables<Text> = Readonly<Record<string, Text>>;

/**
 * The variables of an app: those of its groups, and its own, which win. Those of an app with groups are in the order of their names, so
 * that one that moves from or to a group changes nothing.
 */
export function mergeVariables<Text>(
	{
		config = {},
		configFrom,
	}: { config?: Variables<Text> | undefined; configFrom?: readonly (string | undefined)[] | undefined },
	shared: Readonly<Record<string, Variables<Text> | undefined>> = {},
): Record<string, Text> {
	if (configFrom === undefined) return { ...config };
	const taken = configFrom.flatMap((name) => Object.entries(lookUp(shared, name ?? "") ?? {}));
	const entries = Object.entries(Object.fromEntries([...taken, ...Object.entries(config)]));
	return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
