import type { Cli } from "./cli.ts";
import { type CliOptions, writeCommandLine } from "./command-line.ts";

/** Config changes: a value sets a key, the empty string deletes it (the API merges, facts/terraform-provider.md §2.2). */
export type ConfigChanges = Readonly<Record<string, string>>;

/** Where a command applies: handles of an app and of its environment. */
export interface AppLocator {
	environment: string;
	app: string;
}

export function createApp(cli: Cli, { environment, app }: AppLocator): Promise<void> {
	return cli.change(writeCommandLine("apps:create", { environment }, app));
}

export function renameApp(cli: Cli, { environment, app }: AppLocator, to: string): Promise<void> {
	return cli.change(writeCommandLine("apps:rename", { environment }, app, to));
}

export function deprovisionApp(cli: Cli, { environment, app }: AppLocator): Promise<void> {
	return cli.operate(writeCommandLine("apps:deprovision", { app, environment }));
}

/** What is released. The empty string takes an image or credentials away, for the API merges (Terraform provider, source). */
export interface DeploySource {
	image?: string | undefined;
	/** A commit or branch that has been pushed to the app's git remote. */
	commitish?: string | undefined;
	/** Lets go of what was pushed, so that an image stands by itself. */
	detach?: boolean | undefined;
	registry?: { username: string; password: string } | undefined;
}

/**
 * Releases an image or a commit with config changes in the same operation.
 *
 * @param startingCount containers of each service that this very deploy brings in, declared or not; others keep theirs
 */
export function deploy(
	cli: Cli,
	{ environment, app }: AppLocator,
	source: DeploySource,
	config: ConfigChanges,
	startingCount?: number,
): Promise<void> {
	const options: CliOptions = {
		app,
		environment,
		dockerImage: source.image,
		gitCommitish: source.commitish,
		gitDetach: source.detach === true ? true : undefined,
		privateRegistryUsername: source.registry?.username,
		privateRegistryPassword: source.registry?.password,
		containerCount: startingCount,
	};
	return cli.operate(writeCommandLine("deploy", options, ...assignments(config)));
}

/** Sets and deletes config keys in one operation, which restarts the app. */
export function setConfig(cli: Cli, { environment, app }: AppLocator, config: ConfigChanges): Promise<void> {
	return cli.operate(writeCommandLine("config:set", { app, environment }, ...assignments(config)));
}

/** @param to `containerCount`, `containerSize`, `containerProfile`: what is left out stays */
export function scale(cli: Cli, { environment, app }: AppLocator, service: string, to: CliOptions): Promise<void> {
	return cli.operate(writeCommandLine("apps:scale", { app, environment, ...to }, service));
}

function assignments(config: ConfigChanges): string[] {
	return Object.entries(config).map(([key, value]) => `${key}=${value}`);
}
