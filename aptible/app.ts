import { readAppSettings } from "./api/app-settings.ts";
import {
	type CliApp,
	createApp,
	deploy,
	deprovisionApp,
	listApps,
	readConfig,
	renameApp,
	setConfig,
} from "./cli/apps.ts";
import { configChanges } from "./config.ts";
import type { Context, OperationObject } from "./context.ts";
import { AptibleError } from "./errors.ts";
import { environmentOf, findByIdentity } from "./find.ts";
import { commonestSize, scaleServices } from "./services.ts";
import type { AppFacts, AppSpec } from "./specs/app.ts";
import { resolveTemplates } from "./values.ts";

/**
 * Brings an app to what the spec says, with the fewest operations: image and config in one deploy, config alone in one
 * configure, then one scale for each service whose size differs.
 */
export async function apply(context: Context, spec: AppSpec, previous: AppFacts | undefined): Promise<AppFacts> {
	let live = await ensureApp(context, spec, previous);
	const object = objectOf(live);
	const place = { environment: spec.environment, app: spec.handle };
	await context.settled(object);
	live = await reread(context, spec, live);
	const released = live.status === "provisioned";
	const values = await resolveTemplates(context, spec);
	const owned = previous?.configKeys ?? [];
	const config = configChanges(values.config, released ? await readConfig(context.cli, place) : new Map(), owned);
	const changed = Object.keys(config.changes).length;
	if (await mustDeploy(context, spec, live, values.registry)) {
		const unreleased = Object.keys(spec.services).filter(
			(name) => !live.services.some(({ service }) => service === name),
		);
		const size = commonestSize(unreleased.flatMap((name) => spec.services[name] ?? []));
		await context.operate(object, `deploying ${spec.image}`, () =>
			deploy(context.cli, place, { image: spec.image, registry: values.registry }, config.changes, size),
		);
	} else if (changed > 0) {
		await context.operate(object, `setting ${changed} config ${changed === 1 ? "key" : "keys"}`, () =>
			setConfig(context.cli, place, config.changes),
		);
	}
	live = await reread(context, spec, live);
	const services = await scaleServices(context, spec, live.services);
	return {
		id: live.id,
		environmentId: live.environment.id,
		handle: live.handle,
		gitRemote: live.git_remote ?? "",
		configKeys: Object.keys(spec.config).sort(),
		services: live.services.map(({ service }) => service).sort(),
		warnings: [
			...config.foreign.map(
				(key) =>
					`config key ${key} is set on Aptible and not in the stage file; it was not set from here and is left alone`,
			),
			...services.undeclared.map(
				(name) => `service "${name}" is in the image and not in the stage file; its size is left alone`,
			),
		],
	};
}

/** Deprovisions the app, and with it what endpoints it still has. */
export async function remove(context: Context, spec: AppSpec, previous: AppFacts | undefined): Promise<void> {
	const environment = await environmentOf(context, spec.environment, previous);
	const find = async () => findByIdentity(await listApps(context.cli, environment), spec, previous);
	const live = await find();
	if (live === undefined) return;
	await context.deprovision(
		objectOf(live),
		() => deprovisionApp(context.cli, { environment, app: live.handle }),
		async () => (await find()) !== undefined,
	);
}

async function ensureApp(context: Context, spec: AppSpec, previous: AppFacts | undefined): Promise<CliApp> {
	const { cli } = context;
	const found = findByIdentity(await listApps(cli, spec.environment), spec, previous);
	if (found?.handle === spec.handle) return found;
	let failure: unknown;
	if (found === undefined) {
		context.progress(`app "${spec.handle}": creating...`);
		failure = await createApp(cli, { environment: spec.environment, app: spec.handle }).then(
			() => undefined,
			(error: unknown) => error,
		);
	} else {
		context.progress(`app "${found.handle}": renaming to "${spec.handle}"...`);
		await renameApp(cli, { environment: spec.environment, app: found.handle }, spec.handle);
	}
	const live = (await listApps(cli, spec.environment)).find(({ handle }) => handle === spec.handle);
	if (live !== undefined) return live;
	throw (
		failure ??
		new AptibleError(`app "${spec.handle}" is not in the list after it was created. Run \`pulumi up\` again.`)
	);
}

/**
 * Whether the image has to be released. The CLI cannot show what image runs, so that and the registry's credentials are read
 * from the API; what the token may not read counts as changed, for then only a deploy makes sure of it.
 */
async function mustDeploy(
	context: Context,
	spec: AppSpec,
	live: CliApp,
	registry: { username: string; password: string } | undefined,
): Promise<boolean> {
	if (live.status !== "provisioned" || live.last_deploy_operation?.status === "failed") return true;
	const settings = await readAppSettings(context.api, live.id);
	return (
		settings.image !== spec.image ||
		(registry !== undefined &&
			(settings.registryUsername !== registry.username || settings.registryPassword !== registry.password))
	);
}

async function reread(context: Context, spec: AppSpec, live: CliApp): Promise<CliApp> {
	const again = (await listApps(context.cli, spec.environment)).find(({ id }) => id === live.id);
	if (again === undefined) throw new AptibleError(`app "${live.handle}" has gone while it was being worked on.`);
	return again;
}

function objectOf(live: CliApp): OperationObject {
	return { target: "apps", id: live.id, label: `app "${live.handle}"` };
}
