import { z } from "zod";
import type { EndpointKind, EndpointOwner } from "../../wire/endpoint-identity.ts";
import type { Cli } from "./cli.ts";
import { type CliOptions, commandLine } from "./command-line.ts";

/** An endpoint as `endpoints:list` shows it; its settings stand among the rest in lower case, once they have been set. */
export const CliEndpoint = z.looseObject({
	id: z.int(),
	/** Absent until the first provision operation has run. */
	hostname: z.string().nullish(),
	status: z.string(),
	created_at: z.string(),
	/** Left out for gRPC endpoints (recorded run 69). */
	type: z.string().nullish(),
	/** Of https only: `default`, or the port. */
	port: z.union([z.string(), z.int()]).nullish(),
	/** Of tls and tcp: `all`, or the ports with a space between them. */
	ports: z.string().nullish(),
	load_balancing_algorithm_type: z.string().nullish(),
	/** `"false"`, or true. */
	shared: z.union([z.string(), z.boolean()]).nullish(),
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

/** Where a command applies: the app or database, and the handle of its environment. */
export type EndpointPlace = EndpointOwner & { environment: string };

function place(at: EndpointPlace): CliOptions {
	return "app" in at
		? { app: at.app, environment: at.environment }
		: { database: at.database, environment: at.environment };
}

export function listEndpoints(cli: Cli, at: EndpointPlace): Promise<CliEndpoint[]> {
	return cli.read(z.array(CliEndpoint), commandLine("endpoints:list", place(at)));
}

/** Makes the record of an endpoint and provisions it. */
export function createEndpoint(
	cli: Cli,
	at: EndpointPlace,
	kind: EndpointKind,
	service: string,
	options: CliOptions,
): Promise<void> {
	const command = `endpoints:${kind}:create`;
	if ("database" in at) {
		return cli.operate(commandLine(command, { environment: at.environment, ...options }, at.database));
	}
	return cli.operate(commandLine(command, { ...place(at), ...options }, service));
}

/** Changes the record, and provisions it anew, even with nothing to change (recorded run 73). */
export function modifyEndpoint(
	cli: Cli,
	at: EndpointPlace,
	kind: EndpointKind,
	hostname: string,
	options: CliOptions,
): Promise<void> {
	return cli.operate(commandLine(`endpoints:${kind}:modify`, { ...place(at), ...options }, hostname));
}

/** Has the managed certificate of an app's endpoint issued now. */
export function renewEndpoint(cli: Cli, at: EndpointPlace, hostname: string): Promise<void> {
	return cli.operate(commandLine("endpoints:renew", place(at), hostname));
}

export function deprovisionEndpoint(cli: Cli, at: EndpointPlace, hostname: string): Promise<void> {
	return cli.operate(commandLine("endpoints:deprovision", place(at), hostname));
}
