import type { Cli } from "./cli.ts";
import { writeCommandLine } from "./command-line.ts";

/** Log of a finished operation, as text. */
export function readOperationLogs(cli: Cli, id: number): Promise<string> {
	return cli.readText(writeCommandLine("operation:logs", {}, String(id)));
}
