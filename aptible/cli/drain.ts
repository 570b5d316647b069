/**
 * Commands for drains. Those that take a secret as an option are missing on purpose: the CLI sends its options to the vendor
 * (facts/aptible.md §0.8), so such drains are made over the API.
 */
import type { Cli } from "./cli.ts";
import { type CliOptions, commandLine } from "./command-line.ts";

/** Which output a log drain takes, under the CLI's option names. */
export interface DrainSources {
	drainApps: boolean;
	drainDatabases: boolean;
	drainEphemeralSessions: boolean;
	drainProxies: boolean;
}

/** A log drain over syslog (TCP with TLS) without a token; Papertrail's is the same under its own command. */
export function createSyslogDrain(
	cli: Cli,
	environment: string,
	handle: string,
	options: { kind: "papertrail" | "syslog"; host: string; port: number; sources: DrainSources },
): Promise<void> {
	const { kind, host, port, sources } = options;
	return create(cli, `log_drain:create:${kind}`, handle, { environment, host, port, ...sources });
}

/** A log drain into an Elasticsearch database of the same environment. */
export function createElasticsearchDrain(
	cli: Cli,
	environment: string,
	handle: string,
	options: { database: string; pipeline: string | undefined; sources: DrainSources },
): Promise<void> {
	const { database: db, pipeline, sources } = options;
	return create(cli, "log_drain:create:elasticsearch", handle, { environment, db, pipeline, ...sources });
}

/** A metric drain into an InfluxDB database of the same environment. */
export function createInfluxdbDrain(cli: Cli, environment: string, handle: string, database: string): Promise<void> {
	return create(cli, "metric_drain:create:influxdb", handle, { environment, db: database });
}

export function deprovisionDrain(
	cli: Cli,
	noun: "log_drain" | "metric_drain",
	environment: string,
	handle: string,
): Promise<void> {
	return cli.operate(commandLine(`${noun}:deprovision`, { environment }, handle));
}

function create(cli: Cli, command: string, handle: string, options: CliOptions): Promise<void> {
	return cli.operate(commandLine(command, options, handle));
}
