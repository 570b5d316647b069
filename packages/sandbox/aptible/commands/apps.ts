import type { Cli, Command } from "../cli-context.ts";
import { ApiError, UserError } from "../errors.ts";
import { appNode, gitRemote } from "../format.ts";
import type { App, OperationBody } from "../model.ts";
import { list, object } from "../render.ts";
import { createApp, updateHandle } from "../server/accounts.ts";
import { readVariables } from "./config.ts";
import { findApp, findService, given } from "./finders.ts";

const NULL_COMMIT = "0".repeat(40);

/** Config variables that became options. */
const DEPRECATED_VARIABLES = {
	docker_image: "APTIBLE_DOCKER_IMAGE",
	private_registry_username: "APTIBLE_PRIVATE_REGISTRY_USERNAME",
	private_registry_password: "APTIBLE_PRIVATE_REGISTRY_PASSWORD",
};

export const commands: Record<string, Command> = {
	apps(cli) {
		cli.telemetry();
		const accounts = cli.scopedEnvironments();
		const apps = accounts.flatMap((account) => cli.read((store) => store.list("app", account.id)));
		const nodes = cli
			.visible(apps)
			.map((app) =>
				cli.read((store) => appNode(store, app, store.list("service", app.id), store.get("account", app.owner))),
			);
		cli.print(list(nodes, "handle", ["environment", "handle"]));
	},

	"apps:create"(cli, handle = "") {
		cli.telemetry({ handle });
		const account = cli.environment();
		const app = withoutPrefix(() => cli.post("create", () => createApp(cli.session, account.id, { handle })));
		cli.info(`App ${handle} created!`);
		cli.print(object({ git_remote: cli.read((store) => gitRemote(store, app)) }));
	},

	async "apps:scale"(cli, type = "") {
		cli.telemetry({ type });
		const service = findService(cli, type);
		const sizes = given({
			container_count: cli.number("container_count"),
			container_size: cli.number("container_size"),
			instance_profile: cli.text("container_profile"),
		});
		if (Object.keys(sizes).length === 0) {
			throw new UserError("Provide at least --container-count, --container-size, or --container-profile");
		}
		await cli.run("service", service.id, { type: "scale", ...sizes });
	},

	async "apps:deprovision"(cli) {
		cli.telemetry();
		const app = findApp(cli);
		cli.info(`Deprovisioning ${app.handle}...`);
		await cli.run("app", app.id, { type: "deprovision" });
	},

	"apps:rename"(cli, oldHandle = "", newHandle = "") {
		cli.telemetry({ old_handle: oldHandle, new_handle: newHandle });
		const account = cli.environment();
		const app = findApp(cli, oldHandle);
		updateHandle(cli.session, "app", app.id, { handle: newHandle });
		cli.info(
			`In order for the new app name (${newHandle}) to appear in log drain and metric drain destinations, you must restart the app.`,
		);
		cli.info(
			`You can restart your app with this command: "aptible restart --app ${newHandle} --environment ${account.handle}"`,
		);
		cli.info(
			"Warning - Git remote addresses must be updated to match the new handle, if using Dockerfile deploy. " +
				`(git@beta.aptible.com:${account.handle}/${newHandle}.git)`,
		);
	},

	async deploy(cli, ...args) {
		cli.telemetry();
		const app = findApp(cli);
		await cli.run("app", app.id, deployBody(cli, app, args), "Deploying app...");
	},

	async restart(cli) {
		cli.telemetry();
		const app = findApp(cli);
		const oom = cli.flag("simulate_oom");
		if (oom && !cli.flag("force") && cli.read((store) => store.get("account", app.owner)).type === "production") {
			throw new UserError(
				`This operation is designed for test purposes only, but ${app.handle} is deployed in a production ` +
					"environment. Are you sure you want to do this? If so, use the --force flag.",
			);
		}
		await cli.run("app", app.id, { type: oom ? "captain_comeback_restart" : "restart" }, "Restarting app...");
	},

	async rebuild(cli) {
		cli.telemetry();
		await cli.run("app", findApp(cli).id, { type: "rebuild" }, "Rebuilding app...");
	},
};

function deployBody(cli: Cli, app: App, args: readonly string[]): OperationBody {
	const commitish = cli.text("git_commitish");
	if (cli.flag("git_detach") && commitish !== undefined) {
		throw new UserError("The options --git-commitish and --git-detach are incompatible");
	}
	const env = readVariables(args);
	for (const [option, variable] of Object.entries(DEPRECATED_VARIABLES)) {
		const flag = `--${option.replaceAll("_", "-")}`;
		const value = cli.text(option);
		if (env[variable] === undefined) continue;
		cli.info(`WARNING: The environment variable ${variable} will be deprecated. Use the option ${flag}, instead.`);
		if (value !== undefined && env[variable] !== value) {
			throw new UserError(`The options ${flag} and ${variable} cannot be set to different values`);
		}
	}
	const settings = given({ APTIBLE_DOCKER_IMAGE: cli.text("docker_image") });
	const sensitive = given({
		APTIBLE_PRIVATE_REGISTRY_USERNAME: cli.text("private_registry_username"),
		APTIBLE_PRIVATE_REGISTRY_PASSWORD: cli.text("private_registry_password"),
	});
	const gitRef = cli.flag("git_detach") ? NULL_COMMIT : commitish;
	if (gitRef === undefined && settings.APTIBLE_DOCKER_IMAGE === undefined && app.status !== "provisioned") {
		throw new UserError("You need to deploy either from git or a Docker image");
	}
	return {
		type: "deploy",
		...given({
			env: filled(env),
			settings: filled(settings),
			sensitive_settings: filled(sensitive),
			git_ref: gitRef,
			container_count: cli.number("container_count"),
			container_size: cli.number("container_size"),
			instance_profile: cli.text("container_profile"),
		}),
	};
}

function filled(map: Record<string, string>): Record<string, string> | undefined {
	return Object.keys(map).length > 0 ? map : undefined;
}

/** Where the CLI asks gently (`create_app`), it shows the message as it is. */
function withoutPrefix<T>(create: () => T): T {
	try {
		return create();
	} catch (error) {
		throw error instanceof ApiError && error.status === 422 ? new UserError(error.message) : error;
	}
}
