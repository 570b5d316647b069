import { z } from "zod";
import { CliApp, CliBackupRetention, CliConfig, CliDatabase, CliEndpoint, CliEnvironment } from "./cli-output.ts";
import { CliError } from "./errors.ts";
import type { Redactor } from "./redact.ts";
import { retryReads } from "./retry.ts";
import { runCli } from "./run-cli.ts";
import type { ServiceSpec } from "./specs/app.ts";
import type { BackupRetention } from "./specs/environment.ts";
import { ensureSshKey } from "./ssh-key.ts";

const readTimeoutMs = 60_000;
/** `before_deploy` alone may take 30 minutes (facts/aptible.md §2.2). */
const operationTimeoutMs = 75 * 60_000;

type OptionValue = string | number | boolean | readonly string[] | undefined;

/** `{ containerCount: 2, forceSsl: false }` as `--container-count 2 --no-force-ssl`. Only `undefined` is left out. */
export function cliOptions(options: Readonly<Record<string, OptionValue>>): string[] {
	return Object.entries(options).flatMap(([name, value]) => {
		const dashed = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
		if (value === undefined) return [];
		if (value === true) return [`--${dashed}`];
		if (value === false) return [`--no-${dashed}`];
		return [`--${dashed}`, ...(Array.isArray(value) ? value : [String(value)])];
	});
}

/** Sizes that `db:create` and `db:restart` take. */
export interface DatabaseSizes {
	containerSize?: number;
	containerProfile?: string;
	diskSize?: number;
	iops?: number;
}

/** Options of `endpoints:https:create` and `:modify` that this program sends. */
export type EndpointOptions = Readonly<Record<string, OptionValue>>;

/** Config changes: a value sets a key, the empty string deletes it (the API merges, facts/aptible.md §0). */
export type ConfigChanges = Readonly<Record<string, string>>;

/**
 * The `aptible` CLI by noun and verb. Reads answer typed values and are retried on connection trouble; what changes
 * something is sent once and answers nothing: its stdout is an operation's log, so the caller reads the object again.
 */
export class AptibleCli {
	readonly #redactor: Redactor;
	readonly #onLogLine: (line: string) => void;

	constructor(redactor: Redactor, onLogLine: (line: string) => void) {
		this.#redactor = redactor;
		this.#onLogLine = onLogLine;
	}

	environments(): Promise<CliEnvironment[]> {
		return this.#read(z.array(CliEnvironment), ["environment:list"]);
	}

	apps(environment: string): Promise<CliApp[]> {
		return this.#read(z.array(CliApp), ["apps", ...cliOptions({ environment })]);
	}

	/** Config of an app. The values are secrets as far as anybody knows: they go no further than a comparison. */
	async config(environment: string, app: string): Promise<Map<string, string>> {
		const pairs = await this.#read(z.array(CliConfig), ["config", ...cliOptions({ app, environment })]);
		return new Map(pairs.map(({ key, value }) => [key, value]));
	}

	databases(environment: string): Promise<CliDatabase[]> {
		return this.#read(z.array(CliDatabase), ["db:list", ...cliOptions({ environment })]);
	}

	endpoints(environment: string, app: string): Promise<CliEndpoint[]> {
		return this.#read(z.array(CliEndpoint), ["endpoints:list", ...cliOptions({ app, environment })]);
	}

	backupRetention(environment: string): Promise<CliBackupRetention> {
		return this.#read(CliBackupRetention, ["backup_retention_policy", environment]);
	}

	/** Log of a finished operation, as text. */
	operationLogs(id: number): Promise<string> {
		return this.#run(["operation:logs", String(id)], readTimeoutMs);
	}

	renameEnvironment(from: string, to: string): Promise<void> {
		return this.#change(["environment:rename", from, to]);
	}

	/** `--force`: without it the CLI asks, and with no terminal to ask on it gives up (recorded run 79). */
	setBackupRetention(environment: string, policy: BackupRetention): Promise<void> {
		return this.#change(["backup_retention_policy:set", environment, ...cliOptions({ ...policy, force: true })]);
	}

	createApp(environment: string, app: string): Promise<void> {
		return this.#change(["apps:create", app, ...cliOptions({ environment })]);
	}

	renameApp(environment: string, from: string, to: string): Promise<void> {
		return this.#change(["apps:rename", from, to, ...cliOptions({ environment })]);
	}

	deprovisionApp(environment: string, app: string): Promise<void> {
		return this.#operate(["apps:deprovision", ...cliOptions({ app, environment })]);
	}

	/** `newServices` sizes only services that this very deploy brings in. */
	deploy(
		environment: string,
		app: string,
		release: { image: string; registry?: { username: string; password: string } | undefined },
		config: ConfigChanges,
		newServices?: ServiceSpec,
	): Promise<void> {
		const options = cliOptions({
			app,
			environment,
			dockerImage: release.image,
			privateRegistryUsername: release.registry?.username,
			privateRegistryPassword: release.registry?.password,
			containerCount: newServices?.containers,
			containerSize: newServices?.containerMb,
			containerProfile: newServices?.containerProfile,
		});
		return this.#operate(["deploy", ...options, ...assignments(config)]);
	}

	setConfig(environment: string, app: string, config: ConfigChanges): Promise<void> {
		return this.#operate(["config:set", ...cliOptions({ app, environment }), ...assignments(config)]);
	}

	scale(
		environment: string,
		app: string,
		service: string,
		to: { containerCount?: number; containerSize?: number; containerProfile?: string },
	): Promise<void> {
		return this.#operate(["apps:scale", service, ...cliOptions({ app, environment, ...to })]);
	}

	createDatabase(
		environment: string,
		handle: string,
		image: { type: string; version: string },
		sizes: DatabaseSizes,
	): Promise<void> {
		return this.#operate(["db:create", handle, ...cliOptions({ environment, ...image, ...sizes })]);
	}

	renameDatabase(environment: string, from: string, to: string): Promise<void> {
		return this.#change(["db:rename", from, to, ...cliOptions({ environment })]);
	}

	/** Restarts the database, with new sizes. */
	restartDatabase(environment: string, handle: string, sizes: DatabaseSizes): Promise<void> {
		return this.#operate(["db:restart", handle, ...cliOptions({ environment, ...sizes })]);
	}

	/** Changes IOPS without a restart. */
	modifyDatabase(environment: string, handle: string, iops: number): Promise<void> {
		return this.#operate(["db:modify", handle, ...cliOptions({ environment, iops })]);
	}

	deprovisionDatabase(environment: string, handle: string): Promise<void> {
		return this.#operate(["db:deprovision", handle, ...cliOptions({ environment })]);
	}

	createHttpsEndpoint(environment: string, app: string, service: string, options: EndpointOptions): Promise<void> {
		return this.#operate(["endpoints:https:create", service, ...cliOptions({ app, environment, ...options })]);
	}

	modifyHttpsEndpoint(environment: string, app: string, hostname: string, options: EndpointOptions): Promise<void> {
		return this.#operate(["endpoints:https:modify", hostname, ...cliOptions({ app, environment, ...options })]);
	}

	deprovisionEndpoint(environment: string, app: string, hostname: string): Promise<void> {
		return this.#operate(["endpoints:deprovision", hostname, ...cliOptions({ app, environment })]);
	}

	async #read<T extends z.ZodType>(schema: T, argv: readonly string[]): Promise<z.infer<T>> {
		const command = argv[0] ?? "";
		const stdout = await retryReads(() => this.#run(argv, readTimeoutMs));
		let answer: unknown;
		try {
			answer = JSON.parse(stdout);
		} catch {
			throw new CliError(command, "its answer is not JSON. Is this aptible CLI 0.26.6 or newer?", "", false);
		}
		const parsed = schema.safeParse(answer);
		if (parsed.success) return parsed.data;
		// zod's issues name paths and types, never the values.
		throw new CliError(
			command,
			`its answer has another form than expected:\n${z.prettifyError(parsed.error)}`,
			"",
			false,
		);
	}

	/** A change that Aptible makes at once, without an operation. */
	async #change(argv: readonly string[]): Promise<void> {
		await this.#run(argv, readTimeoutMs);
	}

	/** A change that becomes an operation, whose log the CLI follows over SSH. */
	async #operate(argv: readonly string[]): Promise<void> {
		await ensureSshKey();
		await this.#run(argv, operationTimeoutMs);
	}

	#run(argv: readonly string[], timeoutMs: number): Promise<string> {
		return runCli(argv, { timeoutMs, redactor: this.#redactor, onLogLine: this.#onLogLine });
	}
}

function assignments(config: ConfigChanges): string[] {
	return Object.entries(config).map(([key, value]) => `${key}=${value}`);
}
