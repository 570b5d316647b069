import type { EndpointKind, EndpointOwner } from "../../wire/endpoint-identity.ts";
import type { Cli } from "./cli.ts";
import { type CliOptions, writeCommandLine } from "./command-line.ts";

/** Where a command applies: the app or database, and the handle of its environment. */
export type EndpointLocator = EndpointOwner & { environment: string };

function toOptions(at: EndpointLocator): CliOptions {
	return "app" in at
		? { app: at.app, environment: at.environment }
		: { database: at.database, environment: at.environment };
}

/** Makes the record of an endpoint and provisions it. */
export function createEndpoint(
	cli: Cli,
	at: EndpointLocator,
	kind: EndpointKind,
	service: string,
	options: CliOptions,
): Promise<void> {
	const command = `endpoints:${kind}:create`;
	if ("database" in at) {
		return cli.operate(writeCommandLine(command, { environment: at.environment, ...options }, at.database));
	}
	return cli.operate(writeCommandLine(command, { ...toOptions(at), ...options }, service));
}

/** Changes the record, and provisions it again, even with nothing to change (recorded run 73). */
export function modifyEndpoint(
	cli: Cli,
	at: EndpointLocator,
	kind: EndpointKind,
	hostname: string,
	options: CliOptions,
): Promise<void> {
	return cli.operate(writeCommandLine(`endpoints:${kind}:modify`, { ...toOptions(at), ...options }, hostname));
}

/** Has the managed certificate of an app's endpoint issued now. */
export function renewEndpoint(cli: Cli, at: EndpointLocator, hostname: string): Promise<void> {
	return cli.operate(writeCommandLine("endpoints:renew", toOptions(at), hostname));
}

export function deprovisionEndpoint(cli: Cli, at: EndpointLocator, hostname: string): Promise<void> {
	return cli.operate(writeCommandLine("endpoints:deprovision", toOptions(at), hostname));
}
