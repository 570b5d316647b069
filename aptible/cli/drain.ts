/**
 * Commands for drains. Those that take a secret as an option are missing on purpose: the CLI sends its options to the vendor
 * (facts/aptible.md §0.8), so such drains are made over the API.
 */
import type { Cli } from "./cli.ts";
import { type CliOptions, writeCommandLine } from "./command-line.ts";

/** Makes a drain by the command of its kind (`wire/drain-kinds.ts`), and provisions it. */
export function createDrain(cli: Cli, command: string, handle: string, options: CliOptions): Promise<void> {
	return cli.operate(writeCommandLine(command, options, handle));
}

export function deprovisionDrain(
	cli: Cli,
	noun: "log_drain" | "metric_drain",
	environment: string,
	handle: string,
): Promise<void> {
	return cli.operate(writeCommandLine(`${noun}:deprovision`, { environment }, handle));
}
