import { z } from "zod";
import type { AppPlace } from "./apps.ts";
import { type Cli, type CliOptions, cliOptions } from "./cli.ts";

/** An endpoint as `endpoints:list` shows it. */
export const CliEndpoint = z.looseObject({
	id: z.int(),
	/** Absent until the first provision operation has run. */
	hostname: z.string().nullish(),
	status: z.string(),
	/** Left out for gRPC endpoints. */
	type: z.string().nullish(),
	port: z.union([z.string(), z.int()]).nullish(),
	internal: z.boolean(),
	/** `all traffic`, or the addresses with a space between them. */
	ip_whitelist: z.string(),
	default_domain_enabled: z.boolean(),
	default_domain: z.string().nullish(),
	managed_tls_enabled: z.boolean(),
	managed_tls_domain: z.string().nullish(),
	managed_tls_dns_challenge_hostname: z.string().nullish(),
	managed_tls_status: z.string().nullish(),
	service: z.looseObject({ service: z.string() }),
});
export type CliEndpoint = z.infer<typeof CliEndpoint>;

export function listEndpoints(cli: Cli, { environment, app }: AppPlace): Promise<CliEndpoint[]> {
	return cli.read(z.array(CliEndpoint), ["endpoints:list", ...cliOptions({ app, environment })]);
}

export function createHttpsEndpoint(
	cli: Cli,
	{ environment, app }: AppPlace,
	service: string,
	options: CliOptions,
): Promise<void> {
	return cli.operate(["endpoints:https:create", service, ...cliOptions({ app, environment, ...options })]);
}

/** Even with nothing to change it provisions the endpoint anew (recorded run 73). */
export function modifyHttpsEndpoint(
	cli: Cli,
	{ environment, app }: AppPlace,
	hostname: string,
	options: CliOptions,
): Promise<void> {
	return cli.operate(["endpoints:https:modify", hostname, ...cliOptions({ app, environment, ...options })]);
}

export function deprovisionEndpoint(cli: Cli, { environment, app }: AppPlace, hostname: string): Promise<void> {
	return cli.operate(["endpoints:deprovision", hostname, ...cliOptions({ app, environment })]);
}
