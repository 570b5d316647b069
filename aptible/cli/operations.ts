import type { Cli } from "./cli.ts";

/** Log of a finished operation, as text. */
export function readOperationLogs(cli: Cli, id: number): Promise<string> {
	return cli.readText(["operation:logs", String(id)]);
}
