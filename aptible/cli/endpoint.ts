import type { EndpointKind, EndpointOwner } from "../../wire/endpoint-identity.ts";
import type { Cli } from "./cli.ts";
import { type CliOptions, commandLine } from "./command-line.ts";

/** Where a command applies: the app or database, and the handle of its environment. */
export type EndpointPlace = EndpointOwner & { environment: string };

function place(at: EndpointPlace): CliOptions {
	return "app" in at
		? { app: at.app, environment: at.environment }
		: { database: at.database, environment: at.environment };
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
