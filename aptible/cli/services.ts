import type { AppPlace } from "./apps.ts";
import { type Cli, type CliOptions, cliOptions } from "./cli.ts";

/** How a service is released; what is left out stays as it is. It counts from the next release on. */
export interface ServiceOptions extends CliOptions {
	forceZeroDowntime?: boolean | undefined;
	simpleHealthCheck?: boolean | undefined;
	restartFreeScaling?: boolean | undefined;
	/** Seconds. */
	stopTimeout?: number | undefined;
}

/** Changes how a service is released. It has no operation: it is made when this returns. */
export function setServiceOptions(
	cli: Cli,
	{ environment, app }: AppPlace,
	service: string,
	options: ServiceOptions,
): Promise<void> {
	return cli.change(["services:settings", service, ...cliOptions({ app, environment, ...options })]);
}

/**
 * Gives a service its first autoscaling policy. What is left out gets Aptible's default, so everything is said.
 *
 * @param policy parameters under the names of the command's options
 */
export function createPolicy(
	cli: Cli,
	{ environment, app }: AppPlace,
	service: string,
	policy: CliOptions,
): Promise<void> {
	return cli.change(["services:autoscaling_policy:set", service, ...cliOptions({ app, environment, ...policy })]);
}
