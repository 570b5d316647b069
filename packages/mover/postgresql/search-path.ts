/**
 * Functions that count on the search path of whoever calls them. All names in our own statements are qualified, so the path is
 * empty; where a function does not find what it calls, the same is done once more with the path of the source's sessions.
 */
import type { Copying } from "./context.ts";

/** undefined_function, undefined_table, invalid_schema_name, undefined_object, ambiguous_function */
const NOT_FOUND = new Set(["42883", "42P01", "3F000", "42704", "42725"]);

/** Whether an error may be one of the search path. */
export const isNotFound = (error: unknown) => NOT_FOUND.has((error as { code?: string }).code ?? "");

/** Does something with an empty search path, and where that is too little with the source's. */
export async function withSearchPath(
	{ searchPath }: Copying,
	attempt: (searchPath: string) => Promise<void>,
): Promise<void> {
	try {
		await attempt("");
	} catch (error) {
		if (!isNotFound(error)) throw error;
		await attempt(searchPath);
	}
}
