import { execFileSync } from "node:child_process";
import type { Cli } from "../cli-context.ts";
import { UserError } from "../errors.ts";
import type { Account, App, Credential, Database, Service } from "../model.ts";

/** The app that `--app` (or a git remote) means. */
export function findApp(cli: Cli, handle = cli.text("app")): App {
	const meant = handle === undefined ? fromGitRemote(cli) : { app: handle, environment: cli.text("environment") };
	if (!meant) throw new UserError("Could not find app in current working directory, please specify with --app");
	const explained =
		handle === undefined
			? `(options derived from git remote ${remoteOf(cli)})`
			: "(options provided via CLI arguments)";
	let account: Account | undefined;
	if (meant.environment !== undefined) {
		account = cli.environmentNamed(meant.environment);
		if (!account) throw new UserError(`Could not find environment ${meant.environment} ${explained}`);
	}
	const [app, ...others] = cli
		.read((store) => store.list("app", account?.id))
		.filter((candidate) => candidate.handle === meant.app);
	if (others.length > 0)
		throw new UserError(`Multiple apps named ${meant.app} exist, please specify with --environment`);
	if (app) return app;
	const where = account ? `environment ${account.handle}` : "any environment";
	throw new UserError(`Could not find app ${meant.app} in ${where} ${explained}`);
}

function remoteOf(cli: Cli): string {
	return cli.text("remote") ?? cli.env.APTIBLE_REMOTE ?? "aptible";
}

function fromGitRemote(cli: Cli): { app: string; environment: string } | undefined {
	let url: string;
	try {
		url = execFileSync("git", ["remote", "get-url", remoteOf(cli)], {
			encoding: "utf8",
			stdio: ["ignore", "pipe", "ignore"],
		}).trim();
	} catch {
		return undefined;
	}
	const [, environment, app] = /:(?:([0-9a-z\-_.]+?)\/)?([0-9a-z\-_.]+)\.git$/.exec(url) ?? [];
	return environment !== undefined && app !== undefined ? { app, environment } : undefined;
}

/** Services of an app. */
export function servicesOf(cli: Cli, app: App): Service[] {
	return cli.visible(cli.read((store) => store.list("service", app.id)));
}

/** One service of the app that `--app` means. */
export function findService(cli: Cli, processType: string): Service {
	const app = findApp(cli);
	const services = servicesOf(cli, app);
	const service = services.find((candidate) => candidate.process_type === processType);
	if (service) return service;
	const valid = services.map((candidate) => candidate.process_type).join(", ") || "NONE (deploy the app first)";
	throw new UserError(`Service with type ${processType} does not exist for app ${app.handle}. Valid types: ${valid}.`);
}

/** The databases of an environment, or all. */
export function databasesOf(cli: Cli, account?: Account): Database[] {
	return cli.read((store) => store.list("database", account?.id)).filter((database) => !database.deleted_at);
}

/** The database with a handle. */
export function findDatabase(cli: Cli, handle: string | undefined): Database {
	if (handle === undefined) throw new UserError("Database handle not specified");
	const environment = cli.text("environment");
	const account = environment === undefined ? undefined : cli.environmentNamed(environment);
	if (environment !== undefined && !account) throw new UserError(`Could not find environment ${environment}`);
	const [database, ...others] = databasesOf(cli, account).filter((candidate) => candidate.handle === handle);
	if (others.length > 0) throw new UserError("Multiple databases exist, please specify with --environment");
	if (!database) throw new UserError(`Could not find database ${handle}`);
	return database;
}

/** A database with the credential that `--type` names, or its default one. */
export function credentialOf(cli: Cli, handle: string): { database: Database; credential: Credential } {
	const database = findDatabase(cli, handle);
	const { status, handle: name, credentials } = database;
	if (status !== "provisioned") throw new UserError(`Database ${name} is not provisioned`);
	const type = cli.text("type");
	const credential = credentials.find((candidate) =>
		type === undefined ? candidate.default : candidate.type === type,
	);
	if (credential) return { database, credential };
	const what =
		type === undefined ? "No default credential for database" : `No credential with type ${type} for database`;
	throw new UserError(`${what}, valid credential types: ${credentials.map((each) => each.type).join(", ")}`);
}

/** Leaves out what was not given. */
export function given<T extends Record<string, unknown>>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
	const present = Object.entries(fields).filter(([, value]) => value !== undefined);
	return Object.fromEntries(present) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** The three options by which older versions took a size, refused with the CLI's own words. */
export function refuseSizeOption(cli: Cli): void {
	if (cli.options.size === undefined) return;
	throw new UserError(
		'You have used the "--size" option to specify a disk size.' +
			'This abiguous option has been removed.Please use the "--disk-size" option, instead.',
	);
}
