import type { AppFacts, AppSpec } from "../../wire/app.ts";
import { readApp, settingsOf } from "../api/app.ts";
import { objectExists } from "../api/existence.ts";
import { refuseForeign } from "../claims/foreign.ts";
import { describeApp } from "../claims/live.ts";
import { type CliApp, createApp, deprovisionApp, listApps, readConfig, renameApp } from "../cli/app.ts";
import { ApiError, AptibleError } from "../client/errors.ts";
import { lookUntilFound } from "../client/lag.ts";
import type { Context, OperationObject } from "../context.ts";
import { environmentOf, findByIdentity, findRecorded } from "../find.ts";
import { configChanges } from "./config.ts";
import type { LiveApp } from "./differences.ts";
import { deployReasons, knownSettings, release, releaseOf } from "./release.ts";
import { stopServices, syncServices } from "./scaling.ts";
import { syncOptions } from "./service-options.ts";
import { unstartedServices } from "./service-start.ts";
import { type LiveService, readServices, refuseMissingServices } from "./services.ts";
import { resolveTemplates } from "./values.ts";
import { verifyApp } from "./verification.ts";
import { appWarnings } from "./warnings.ts";

/**
 * Brings an app to what the spec says, with the fewest operations: how services are released before there is a release, and
 * those to 0 that are to go there; image or commit and config in one deploy, config alone in one configure; then one scale for each service whose size differs. Then it is
 * read again.
 */
export async function apply(context: Context, spec: AppSpec, recorded: AppFacts | undefined): Promise<AppFacts> {
	let app = await ensureApp(context, spec, recorded);
	// Of another app, in whose place this one comes, nothing holds.
	const previous = recorded?.id === app.id ? recorded : undefined;
	const object = objectOf(app);
	const place = { environment: spec.environment, app: spec.handle };
	await context.settled(object);
	const [values, found] = await Promise.all([
		resolveTemplates(context, spec),
		readLiveApp(context, spec, app, previous),
	]);
	let before = found;
	const { changes, foreign } = configChanges(values.config, before.config, previous?.configKeys ?? []);
	const isDeployed = deployReasons(spec, before, { values, previous }).length > 0;
	if (!isDeployed) refuseMissingServices(spec, before.services);
	const changed = await syncOptions(context, spec, place, app.id, before.services);
	const isReleased = isDeployed || Object.keys(changes).length > 0;
	const stopped = isReleased ? await stopServices(context, place, spec, before.services) : [];
	if (stopped.length > 0) {
		const others = before.services.filter((service) => !stopped.includes(service));
		before = { ...before, ...(await reread(context, spec, app, previous, others)) };
	}
	const released = await release(context, { spec, place, object }, before, { values, changes, previous });
	let services: readonly LiveService[] = before.services;
	if (released !== undefined) {
		({ app, services } = await reread(context, spec, app, previous, before.services));
		refuseMissingServices(spec, services);
		const fresh = services.filter(({ id }) => !before.services.some((service) => service.id === id));
		await syncOptions(context, spec, place, app.id, fresh);
	} else if (changed.length > 0) {
		context.progress(`app "${spec.handle}": how ${changed.join(", ")} is released counts from the next release on.`);
	}
	const known = new Set(before.services.map(({ id }) => id));
	const started = await unstartedServices(context, spec, app.id, services, { known, previous });
	const isScaled = await syncServices(context, place, spec, { services, started });
	const isChanged = isScaled || released !== undefined || changed.length > 0;
	const { live, warnings } = isChanged
		? await verifyApp(context, spec, app, services, { before, values, released, started, previous })
		: { live: before, warnings: [] };
	const now = releaseOf(spec, live, previous?.release);
	const isRegistryLeft = previous?.ownsRegistry === true && live.settings.registry !== undefined;
	return {
		id: app.id,
		environmentId: app.environment.id,
		handle: live.app.handle,
		gitRemote: app.git_remote ?? "",
		configKeys: Object.keys(spec.config).sort(),
		ownsRegistry: spec.registry !== undefined || (isRegistryLeft && released !== "deploy"),
		release: now,
		services: live.services.map(({ service }) => service).sort(),
		warnings: [...appWarnings(spec, live, { values, foreign, previous, now }), ...warnings],
	};
}

/** Reads an app with everything that a stage file says of one, endpoints aside. */
async function readLiveApp(
	context: Context,
	spec: AppSpec,
	listed: CliApp,
	previous: AppFacts | undefined,
): Promise<LiveApp> {
	const config = (app: CliApp) =>
		app.status === "provisioned"
			? readConfig(context.cli, { environment: spec.environment, app: app.handle })
			: undefined;
	const [now, early] = await Promise.all([reread(context, spec, listed, previous), config(listed)]);
	const live = early ?? (await config(now.app)) ?? new Map<string, string>();
	// What stands in the stage file as it is, everybody may read.
	for (const [key, value] of live) if (spec.config[key] !== value) context.redactor.addFound(key, value);
	return { ...now, config: live };
}

/** The app by its id, which may have been worked on since it was listed. */
async function reread(
	context: Context,
	spec: AppSpec,
	app: CliApp,
	previous: AppFacts | undefined,
	known: readonly LiveService[] = [],
): Promise<Omit<LiveApp, "config">> {
	const shown = await readApp(context.api, app.id).catch((error: unknown) => {
		if (!(error instanceof ApiError && error.status === 404)) throw error;
		throw new AptibleError(`app "${app.handle}" has gone while it was being worked on. Run \`pulumi up\` again.`);
	});
	const [settings, services] = await Promise.all([
		settingsOf(context.api, shown),
		readServices(context, spec, app.id, shown, known),
	]);
	const { handle, status, _embedded } = shown;
	const now = { ...app, handle, status, last_deploy_operation: _embedded?.last_deploy_operation, services };
	return { app: now, settings: knownSettings({ app: now, settings }, previous), services };
}

/** Deprovisions the app, and with it what endpoints it still has. */
export async function remove(context: Context, spec: AppSpec, previous: AppFacts | undefined): Promise<void> {
	const environment = await environmentOf(context, spec.environment, previous);
	const find = async () => findRecorded(await listApps(context.cli, environment), spec, previous);
	let live = await find();
	if (live === undefined) {
		// A list may lag behind; an app that is taken for gone would run on, and cost.
		if (previous === undefined || !(await objectExists(context.api, "apps", previous.id))) return;
		live = await lookUntilFound(context, find);
	}
	if (live === undefined) {
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
	if (previous !== undefined && found?.id !== previous.id && (await objectExists(api, "apps", previous.id))) {
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
	if (found !== undefined && previous === undefined) {
		await refuseForeign(context, objectOf(found), { place: `apps.${spec.handle}`, text: describeApp(found) });
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

/** Looks for an app that should be there, as a list may lag behind. */
function look(context: Context, spec: AppSpec, isIt: (app: CliApp) => boolean): Promise<CliApp | undefined> {
	return lookUntilFound(context, async () => (await listApps(context.cli, spec.environment)).find(isIt));
}

function objectOf(live: CliApp): OperationObject {
	return { target: "apps", id: live.id, label: `app "${live.handle}"` };
}
