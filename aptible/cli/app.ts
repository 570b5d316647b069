import { z } from "zod";
import type { Cli } from "./cli.ts";
import { type CliOptions, commandLine } from "./command-line.ts";
import { profile } from "./profile.ts";

/** A service as `apps` shows it. */
export const CliService = z.looseObject({
	id: z.int(),
	service: z.string(),
	container_count: z.int(),
	container_size: z.int(),
	container_profile: profile,
});
export type CliService = z.infer<typeof CliService>;

/** An app as `apps` shows it. */
export const CliApp = z.looseObject({
	id: z.int(),
	handle: z.string(),
	/** `pending` until the first deploy has succeeded. */
	status: z.string(),
	git_remote: z.string().nullish(),
	last_deploy_operation: z
		.looseObject({
			id: z.int(),
			status: z.string(),
			/** What was built from git; none for an image, and all zeros where the image was told to leave git. */
			git_ref: z.string().nullish(),
		})
		.nullish(),
	services: z.array(CliService),
	environment: z.looseObject({ id: z.int() }),
});
export type CliApp = z.infer<typeof CliApp>;

const CliConfig = z.looseObject({ key: z.string(), value: z.string() });

/** Config changes: a value sets a key, the empty string deletes it (the API merges, facts/terraform-provider.md §2.2). */
export type ConfigChanges = Readonly<Record<string, string>>;

/** Where a command applies: handles of an app and of its environment. */
export interface AppPlace {
	environment: string;
	app: string;
}

export function listApps(cli: Cli, environment: string): Promise<CliApp[]> {
	return cli.read(z.array(CliApp), commandLine("apps", { environment }));
}

/** Config of an app. The values are secrets as far as anybody knows: they go no further than a comparison. */
export async function readConfig(cli: Cli, { environment, app }: AppPlace): Promise<Map<string, string>> {
	const pairs = await cli.read(z.array(CliConfig), commandLine("config", { app, environment }));
	return new Map(pairs.map(({ key, value }) => [key, value]));
}

export function createApp(cli: Cli, { environment, app }: AppPlace): Promise<void> {
	return cli.change(commandLine("apps:create", { environment }, app));
}

export function renameApp(cli: Cli, { environment, app }: AppPlace, to: string): Promise<void> {
	return cli.change(commandLine("apps:rename", { environment }, app, to));
}

export function deprovisionApp(cli: Cli, { environment, app }: AppPlace): Promise<void> {
	return cli.operate(commandLine("apps:deprovision", { app, environment }));
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
	{ environment, app }: AppPlace,
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
	return cli.operate(commandLine("deploy", options, ...assignments(config)));
}

/** Sets and deletes config keys in one operation, which restarts the app. */
export function setConfig(cli: Cli, { environment, app }: AppPlace, config: ConfigChanges): Promise<void> {
	return cli.operate(commandLine("config:set", { app, environment }, ...assignments(config)));
}

/** @param to `containerCount`, `containerSize`, `containerProfile`: what is left out stays */
export function scale(cli: Cli, { environment, app }: AppPlace, service: string, to: CliOptions): Promise<void> {
	return cli.operate(commandLine("apps:scale", { app, environment, ...to }, service));
}

function assignments(config: ConfigChanges): string[] {
	return Object.entries(config).map(([key, value]) => `${key}=${value}`);
}
