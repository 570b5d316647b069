import type { AppFacts, AppSpec } from "../../wire/app.ts";
import { type App, type ListedApp, listApps, readApp, readAppSettings, readConfig } from "../api/app.ts";
import { objectExists } from "../api/existence.ts";
import { refuseForeign } from "../claims/foreign.ts";
import { describeApp } from "../claims/live.ts";
import { createApp, deprovisionApp, renameApp } from "../cli/app.ts";
import { AptibleError, unlessGone } from "../client/errors.ts";
import { findUntilThere, readUntil } from "../client/lag.ts";
import type { Context, OperationObject } from "../context.ts";

import { environmentNamed, findByIdentity, liveEnvironmentOf, refuseHidden, refuseOtherEnvironment } from "../find.ts";
import { specOfRelease, wantedRelease } from "./ci.ts";
import { planConfigChanges, requireConfig } from "./config.ts";
import type { LiveApp } from "./differences.ts";
import { findDeployReasons, markHiddenSettings, ownsRegistry, release, releaseOf, tellWaiting } from "./release.ts";
import { stopServices, syncServices } from "./scaling.ts";
import { syncOptions } from "./service-options.ts";
import { findUnstartedServices } from "./service-start.ts";
import { type LiveService, readServices, refuseMissingServices } from "./services.ts";
import { resolveTemplates } from "./values.ts";
import { readAgain, readSeen, type Seen, verifyApp } from "./verification.ts";
import { tellServices, warnOfApp } from "./warnings.ts";

/**
 * Brings an app to what the spec says, with the fewest operations: how services are released before there is a release, and
 * those to 0 that are to go there; image or commit and config in one deploy, config alone in one configure; then one scale for each service whose size differs. Then it is
 * read again.
 */
export async function apply(context: Context, declared: AppSpec, recorded: AppFacts | undefined): Promise<AppFacts> {
	const app = await ensureApp(context, declared, recorded);
	// Of another app, in whose place this one comes, nothing holds but the `--release` that was done: the state has it still.
	const previous = recorded?.id === app.id ? recorded : undefined;
	const wanted = wantedRelease(declared, recorded);
	const spec = wanted === undefined ? declared : specOfRelease(declared);
	const object = objectOf(app);
	const locator = { environment: spec.environment, app: spec.handle };
	if (previous === undefined) await context.waitUntilIdle(object);
	const [values, found] = await Promise.all([
		resolveTemplates(context, spec, app.id),
		readLiveApp(context, spec, app, previous),
	]);
	let before = found;
	const { changes, foreign } = planConfigChanges(values.config, before.config, previous?.configKeys ?? []);
	const isDeployed = findDeployReasons(spec, before, { values, previous }).length > 0;
	if (!isDeployed) refuseMissingServices(spec, before.services);
	const changed = await syncOptions(context, spec, locator, app.id, before.services);
	const isReleased = isDeployed || Object.keys(changes).length > 0;
	const stopped = isReleased ? await stopServices(context, locator, spec, before.services) : [];
	if (stopped.length > 0) {
		const others = before.services.filter((service) => !stopped.includes(service));
		const now = await readAround(context, spec, await readAgain(context, spec, app.id), previous, others);
		before = { ...before, ...now };
	}
	const released = await release(context, { spec, locator, object }, before, { values, changes, previous });
	let last: Seen & { isCurrent: boolean } = { ...before, isCurrent: false };
	if (released !== undefined) {
		const seen = await readSeen(context, spec, app.id, before.services);
		refuseMissingServices(spec, seen.services);
		const fresh = seen.services.filter(({ id }) => !before.services.some((service) => service.id === id));
		const isSet = (await syncOptions(context, spec, locator, app.id, fresh)).length > 0;
		last = { ...seen, isCurrent: !isSet };
	} else if (changed.length > 0) {
		context.progress(`app "${spec.handle}": how ${changed.join(", ")} is released counts from the next release on.`);
	}
	const { services } = last;
	const known = new Set(before.services.map(({ id }) => id));
	const started = await findUnstartedServices(context, spec, app.id, services, { known, previous });
	const isScaled = await syncServices(context, locator, spec, { services, started });
	if (isScaled) last = { ...last, isCurrent: false };
	const isChanged = isScaled || released !== undefined || changed.length > 0;
	const live = isChanged
		? await verifyApp(context, spec, last, { before, values, released, started, previous })
		: before;
	const now = releaseOf(spec, live, previous?.release, released === "deploy");
	if (declared.releasedBy === "ci") {
		for (const text of [...tellWaiting(declared, live), ...tellServices(declared, live)]) {
			context.progress(`app "${declared.handle}": ${text}`);
		}
	}
	return {
		id: app.id,
		environmentId: live.app.environmentId,
		handle: live.app.handle,
		gitRemote: live.app.gitRemote,
		configKeys: Object.keys(spec.config).sort(),
		ownsRegistry: ownsRegistry(declared, live, released === "deploy", previous),
		release: now,
		operation: context.newestOperation(object),
		...(declared.releasedBy === "ci" ? { releasedFor: wanted ?? recorded?.releasedFor } : {}),
		services: live.services.map(({ service }) => service).sort(),
		warnings: warnOfApp(declared, live, { values, foreign, previous, now }),
	};
}

/**
 * Reads an app with everything that a stage file says of one, endpoints aside.
 *
 * @throws AptibleError where this token may not see the config that is to be compared
 */
async function readLiveApp(
	context: Context,
	spec: AppSpec,
	found: App | ListedApp,
	previous: AppFacts | undefined,
): Promise<LiveApp> {
	const now = await readAround(
		context,
		spec,
		isWhole(found) ? found : await readAgain(context, spec, found.id),
		previous,
	);
	const live = requireConfig(spec, previous, await readConfig(context.api, now.app));
	// What stands in the stage file as it is, everybody may read.
	for (const [key, value] of live) if (spec.config[key] !== value) context.redactor.addFound(key, value);
	return { ...now, config: live };
}

/** Reads what an app is set to, and its services. */
async function readAround(
	context: Context,
	spec: AppSpec,
	app: App,
	previous: AppFacts | undefined,
	known: readonly LiveService[] = [],
): Promise<Omit<LiveApp, "config">> {
	const [settings, services] = await Promise.all([
		readAppSettings(context.api, app),
		readServices(context, spec, app, known),
	]);
	return { app, settings: markHiddenSettings({ app, settings }, previous), services };
}

/** Deprovisions the app, and with it what endpoints it still has. */
export async function remove(context: Context, spec: AppSpec, previous: AppFacts | undefined): Promise<void> {
	const { id, handle: environment } = await liveEnvironmentOf(context, spec.environment, previous);
	const live =
		previous === undefined
			? findByIdentity(await listApps(context.api, id), spec, undefined)
			: await readById(context, environment, previous.id);
	if (live === undefined) {
		const isListed = ({ id: listed, status }: ListedApp) => listed === previous?.id && status !== "deprovisioned";
		const list = async () => (await listApps(context.api, id)).some(isListed);
		return previous && refuseHidden(context, objectOf(previous), list);
	}
	await context.deprovision(
		objectOf(live),
		() => deprovisionApp(context.cli, { environment, app: live.handle }),
		// By id: a list may leave out what is there.
		() => objectExists(context.api, "apps", live.id),
	);
}

function isWhole(app: App | ListedApp): app is App {
	return "lastDeploy" in app;
}

/** An app by its id, from no list, which may lag behind: another one would be made in its place. */
async function readById(context: Context, environment: string, id: number): Promise<App | undefined> {
	const [app] = await Promise.all([
		readApp(context.api, id).catch(unlessGone),
		// For what refuses it below.
		environmentNamed(context, environment),
	]);
	if (app === undefined || app.status === "deprovisioned") return undefined;
	await refuseOtherEnvironment(context, objectOf(app).label, app, environment);
	return app;
}

/** Finds the app, once no operation runs on one that was recorded, or makes it; and gives it its handle. */
async function ensureApp(context: Context, spec: AppSpec, previous: AppFacts | undefined): Promise<App | ListedApp> {
	if (previous !== undefined) await context.waitUntilIdle(objectOf(previous)).catch(unlessGone);
	const recorded = previous && (await readById(context, spec.environment, previous.id));
	if (recorded?.handle === spec.handle) return recorded;
	if (recorded !== undefined) return rename(context, spec, recorded);
	const { id: environmentId } = await environmentNamed(context, spec.environment);
	const list = () => listApps(context.api, environmentId);
	const find = async () => findByIdentity(await list(), spec, previous);
	// What is renamed was there under its former handle, so that one list without it says little.
	const isRenamed = previous === undefined && spec.renamedFrom !== undefined;
	const found = (await find()) ?? (isRenamed ? await findUntilThere(context, find) : undefined);
	if (found !== undefined && previous === undefined) {
		const { id } = found;
		const describe = () => describeApp(context.api, id);
		const isOfCi = spec.releasedBy === "ci";
		await refuseForeign(context, objectOf(found), { place: `apps.${spec.handle}`, describe, isOfCi });
	}
	if (found !== undefined) return found.handle === spec.handle ? found : rename(context, spec, found);
	context.progress(`app "${spec.handle}": creating...`);
	const failure = await createApp(context.cli, { environment: spec.environment, app: spec.handle }).then(
		() => undefined,
		(error: unknown) => error,
	);
	const made = await findUntilThere(context, async () => (await list()).find(({ handle }) => handle === spec.handle));
	if (made !== undefined) return made;
	throw (
		failure ??
		new AptibleError(`app "${spec.handle}" is not in the list after it was created. Run \`pulumi up\` again.`)
	);
}

async function rename(context: Context, spec: AppSpec, { id, handle }: ListedApp): Promise<App> {
	context.progress(`app "${handle}": renaming to "${spec.handle}"...`);
	await renameApp(context.cli, { environment: spec.environment, app: handle }, spec.handle);
	const read = () => readAgain(context, spec, id);
	const app = await readUntil(context, read, (shown) => shown.handle === spec.handle);
	if (app.handle === spec.handle) return app;
	throw new AptibleError(
		`app "${handle}" was renamed to "${spec.handle}", but Aptible still shows "${app.handle}". Run \`pulumi up\` again.`,
	);
}

function objectOf(live: Pick<ListedApp, "id" | "handle">): OperationObject {
	return { target: "apps", id: live.id, label: `app "${live.handle}"` };
}
