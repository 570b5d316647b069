import type { AppLocator } from "./app.ts";
import type { Cli } from "./cli.ts";
import { type CliOptions, writeCommandLine } from "./command-line.ts";

/** Changes how a service is released, from the next release on; what is left out stays as it is. It has no operation: it is made when this returns. */
export function setServiceOptions(
	cli: Cli,
	{ environment, app }: AppLocator,
	service: string,
	options: CliOptions,
): Promise<void> {
	return cli.change(writeCommandLine("services:settings", { app, environment, ...options }, service));
}

/**
 * Gives a service its first autoscaling policy. What is left out gets Aptible's default, so everything is said.
 *
 * @param policy parameters under the names of the command's options
 */
export function createPolicy(
	cli: Cli,
	{ environment, app }: AppLocator,
	service: string,
	policy: CliOptions,
): Promise<void> {
	return cli.change(writeCommandLine("services:autoscaling_policy:set", { app, environment, ...policy }, service));
}
