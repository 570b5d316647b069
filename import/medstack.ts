import type { Imported } from "./compose.ts";
import type { StageOptions } from "./stage.ts";
export function importMedstack(
	_file: string,
	_from: string,
	_options: Omit<StageOptions, "handle"> & { handle: string | undefined },
): Imported {
	throw new Error("x");
}
