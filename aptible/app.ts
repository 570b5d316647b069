import { setTimeout as sleep } from "node:timers/promises";
import { appExists, readAppSettings } from "./api/app-settings.ts";
import { type CliApp, createApp, deprovisionApp, listApps, readConfig, renameApp } from "./cli/apps.ts";
import { configChanges, configDifferences } from "./config.ts";
import type { Context, OperationObject } from "./context.ts";
import type { Difference } from "./difference.ts";
import { AptibleError } from "./errors.ts";
import { environmentOf, findByIdentity } from "./find.ts";
import {
	type LiveRelease,
	registryDifferences,
	release,
	releaseDifferences,
	releaseOf,
	tagWarnings,
} from "./release.ts";
import { syncScaling } from "./scaling.ts";
import { syncOptions } from "./service-options.ts";
import { type LiveService, readServices, refuseMissingServices, serviceDifferences } from "./services.ts";
import type { AppFacts, AppSpec } from "./specs/app.ts";
import { type ResolvedValues, resolveTemplates } from "./values.ts";

/** An app as it is: what the CLI shows of it, and what only the API does. Config and settings are secrets. */
export interface LiveApp extends LiveRelease {
	config: ReadonlyMap<string, string>;
	services: readonly LiveService[];
}

/**
 * Brings an app to what the spec says, with the fewest operations: how services are released before there is a release; image
 * or commit and config in one deploy, config alone in one configure; then one scale for each service whose size differs.
 */
export async function apply(context: Context, spec: AppSpec, previous: AppFacts | undefined): Promise<AppFacts> {
	let app = await ensureApp(context, spec, previous);
	const object = objectOf(app);
	const place = { environment: spec.environment, app: spec.handle };
	await context.settled(object);
	app = await reread(context, spec, app);
	const [values, live] = await Promise.all([resolveTemplates(context, spec), readLiveApp(context, spec, app)]);
	const config = configChanges(values.config, live.config, previous?.configKeys ?? []);
	if (!needsDeploy(spec, live, values, previous)) refuseMissingServices(spec, app);
	const changed = await syncOptions(context, spec, place, app.id, live.services);
	const released = await release(context, { spec, place, object }, live, { values, changes: config.changes, previous });
	let { services, settings } = live;
	if (released) {
		[app, settings] = await Promise.all([reread(context, spec, app), readAppSettings(context.api, app.id)]);
		refuseMissingServices(spec, app);
		services = await withNewServices(context, spec, app, live.services);
		const fresh = services.filter(({ id }) => !live.services.some((service) => service.id === id));
		await syncOptions(context, spec, place, app.id, fresh);
	} else if (changed.length > 0) {
		context.progress(`app "${spec.handle}": how ${changed.join(", ")} is released counts from the next release on.`);
	}
	for (const service of services) {
		const wanted = spec.services[service.service];
		if (wanted === undefined) continue;
		const isNew = !live.services.some(({ id }) => id === service.id);
		await syncScaling(context, place, service, wanted, isNew, async () => {
			const now = await reread(context, spec, app);
			return now.services.find(({ id }) => id === service.id) ?? service;
		});
	}
	const now = releaseOf(spec, { app, settings }, previous?.release);
	return {
		id: app.id,
		environmentId: app.environment.id,
		handle: app.handle,
		gitRemote: app.git_remote ?? "",
		configKeys: Object.keys(spec.config).sort(),
		ownsRegistry: spec.registry !== undefined,
		release: now,
		services: app.services.map(({ service }) => service).sort(),
		warnings: [...warningsOf(spec, live, app, config.foreign), ...tagWarnings(spec.image, now, previous?.release)],
	};
}

/** How a live app differs from its spec, as `apply` would see it. `previous` is what the last run gave. */
export function appDifferences(
	spec: AppSpec,
	live: LiveApp,
	values: ResolvedValues,
	previous: AppFacts | undefined,
): Difference[] {
	const { changes } = configChanges(values.config, live.config, previous?.configKeys ?? []);
	const handle = { field: "handle", declared: spec.handle, live: live.app.handle };
	return [
		...(handle.declared === handle.live ? [] : [handle]),
		...releaseDifferences(spec, live, previous?.release),
		...registryDifferences(values.registry, live.settings.registry, previous?.ownsRegistry === true),
		...configDifferences(changes, live.config),
		...Object.entries(spec.services).flatMap(([name, wanted]) => {
			const service = live.services.find((one) => one.service === name);
			if (service === undefined) return [{ field: `services.${name}`, declared: "declared", live: "none" }];
			return serviceDifferences(wanted, service).map((one) => ({ ...one, field: `services.${name}.${one.field}` }));
		}),
	];
}

/** Reads an app with everything that a stage file says of one, endpoints aside. */
async function readLiveApp(context: Context, spec: AppSpec, app: CliApp): Promise<LiveApp> {
	if (app.status !== "provisioned") {
		return { app, config: new Map(), settings: await readAppSettings(context.api, app.id), services: [] };
	}
	const [config, settings, services] = await Promise.all([
		readConfig(context.cli, { environment: spec.environment, app: app.handle }),
		readAppSettings(context.api, app.id),
		readServices(context, spec, app),
	]);
	return { app, config, settings, services };
}

/** Deprovisions the app, and with it what endpoints it still has. */
export async function remove(context: Context, spec: AppSpec, previous: AppFacts | undefined): Promise<void> {
	const environment = await environmentOf(context, spec.environment, previous);
	const find = async () => findByIdentity(await listApps(context.cli, environment), spec, previous);
	const live = await find();
	if (live === undefined) {
		// A list may lag behind; an app that is taken for gone would run on, and cost.
		if (previous === undefined || !(await appExists(context.api, previous.id))) return;
		throw new AptibleError(`app "${spec.handle}" is not listed, but still there. Run the command again.`);
	}
	await context.deprovision(
		objectOf(live),
		() => deprovisionApp(context.cli, { environment, app: live.handle }),
		async () => (await find()) !== undefined,
	);
}

async function ensureApp(context: Context, spec: AppSpec, previous: AppFacts | undefined): Promise<CliApp> {
	const { api, cli } = context;
	let found = findByIdentity(await listApps(cli, spec.environment), spec, previous);
	if (found === undefined && previous !== undefined && (await appExists(api, previous.id))) {
		// The list lags behind: another app must not be made in the place of this one.
		found = await look(context, spec, ({ id }) => id === previous.id);
		if (found === undefined) {
			throw new AptibleError(`app "${spec.handle}" is not listed, but still there. Run \`pulumi up\` again.`);
		}
	}
	if (found === undefined && previous === undefined && spec.renamedFrom !== undefined) {
		// It was there under its former handle, so that one list without it says little.
		found = await look(context, spec, ({ handle }) => handle === spec.handle || handle === spec.renamedFrom);
	}
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
	const live = await look(context, spec, ({ handle }) => handle === spec.handle);
	if (live !== undefined) return live;
	throw (
		failure ??
		new AptibleError(`app "${spec.handle}" is not in the list after it was created. Run \`pulumi up\` again.`)
	);
}

function needsDeploy(spec: AppSpec, live: LiveApp, values: ResolvedValues, previous: AppFacts | undefined): boolean {
	const registry = registryDifferences(values.registry, live.settings.registry, previous?.ownsRegistry === true);
	return releaseDifferences(spec, live, previous?.release).length + registry.length > 0;
}

/** The services after a release; those that were there before have the autoscaling that they had. */
async function withNewServices(
	context: Context,
	spec: AppSpec,
	app: CliApp,
	before: readonly LiveService[],
): Promise<LiveService[]> {
	const known = new Map(before.map((service) => [service.id, service]));
	const fresh = app.services.filter(({ id }) => !known.has(id));
	const read = await readServices(context, spec, { ...app, services: fresh });
	return app.services.flatMap((service) => {
		const rest = known.get(service.id) ?? read.find(({ id }) => id === service.id);
		return rest === undefined ? [] : [{ ...rest, ...service }];
	});
}

function warningsOf(spec: AppSpec, live: LiveApp, app: CliApp, foreign: readonly string[]): string[] {
	const undeclared = app.services.map(({ service }) => service).filter((name) => !(name in spec.services));
	return [
		...foreign.map((key) =>
			/^APTIBLE_(DOCKER_IMAGE|PRIVATE_REGISTRY_)/.test(key)
				? `config key ${key} is left from before 2026-05-04, when it became a setting of the app; take it out with ` +
					`\`aptible config:unset --app ${spec.handle} --environment ${spec.environment} ${key}\``
				: `config key ${key} is set on Aptible and not in the stage file; it was not set from here and is left alone`,
		),
		...undeclared
			.sort()
			.map((name) => `service "${name}" is in the release and not in the stage file; its size is left alone`),
		...(spec.registry !== undefined && live.settings.registry === "hidden"
			? [
					"this token may not see the registry's credentials, so every run that touches this app deploys it again; give its " +
						"role the permission `sensitive`",
				]
			: []),
	];
}

async function reread(context: Context, spec: AppSpec, live: CliApp): Promise<CliApp> {
	const again = await look(context, spec, ({ id }) => id === live.id);
	if (again !== undefined) return again;
	throw new AptibleError(`app "${live.handle}" has gone while it was being worked on. Run \`pulumi up\` again.`);
}

/** Looks for an app that should be there: a list may lag behind, so it is not there when it is missing from three. */
async function look(context: Context, spec: AppSpec, isIt: (app: CliApp) => boolean): Promise<CliApp | undefined> {
	for (const pauseMs of [500, 1000, 0]) {
		const found = (await listApps(context.cli, spec.environment)).find(isIt);
		if (found !== undefined) return found;
		await sleep(pauseMs);
	}
	return undefined;
}

function objectOf(live: CliApp): OperationObject {
	return { target: "apps", id: live.id, label: `app "${live.handle}"` };
}
