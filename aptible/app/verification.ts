import type { AppFacts, AppSpec } from "../../wire/app.ts";
import type { Difference } from "../../wire/difference.ts";
import { type App, readApp, readAppSettings, readConfig } from "../api/app.ts";
import { AptibleError, tellGone } from "../client/errors.ts";
import { readUntil } from "../client/lag.ts";
import type { Context } from "../context.ts";
import { diffConfig, planConfigChanges, requireConfig } from "./config.ts";
import { diffHandle, diffServices, type LiveApp } from "./differences.ts";
import { diffRegistry, diffRelease, diffReleased, type LiveRelease } from "./release.ts";
import { diffOptions } from "./service-options.ts";
import { diffSize } from "./service-size.ts";
import { type LiveService, readServices } from "./services.ts";
import type { ResolvedValues } from "./values.ts";

/** What a run has done to an app, and goes by. */
export interface Sent {
	/** The app before it did. */
	before: LiveRelease;
	values: ResolvedValues;
	released: "deploy" | "configure" | undefined;
	/** Undeclared services that were given a container. */
	started: readonly LiveService[];
	previous: AppFacts | undefined;
}

/** As the API shows it. */
type Shown = Omit<LiveApp, "config"> & { config: LiveApp["config"] | "hidden" };

/** An app and its services, as they were read. */
export type Seen = Pick<LiveApp, "app" | "services">;

/** The app by its id, once it may have been worked on. */
export function readAgain({ api }: Context, { handle }: AppSpec, appId: number): Promise<App> {
	const gone = `app "${handle}" has gone while it was being worked on. Run \`pulumi up\` again.`;
	return readApp(api, appId).catch(tellGone(gone));
}

/** The app by its id with its services, of which those that are known keep their autoscaling. */
export async function readSeen(
	context: Context,
	spec: AppSpec,
	appId: number,
	known: readonly LiveService[],
): Promise<Seen> {
	const app = await readAgain(context, spec, appId);
	return { app, services: await readServices(context, spec, app, known) };
}

/**
 * Reads an app again after something was sent: an operation may succeed and leave another state, as when somebody sends one at the
 * same time.
 *
 * @param last what was read of it last, and whether that was after all that was sent
 * @throws AptibleError that names what differs from the spec, secrets only by their names, or where its config may not be seen
 */
export async function verifyApp(
	context: Context,
	spec: AppSpec,
	last: Seen & { isCurrent: boolean },
	sent: Sent,
): Promise<LiveApp> {
	let current: Seen | undefined = last.isCurrent ? last : undefined;
	const look = async () => {
		const seen = current ?? (await readSeen(context, spec, last.app.id, last.services));
		current = undefined;
		return readRest(context, seen, sent.before);
	};
	const shown = await readUntil(context, look, (one) => differencesOf(spec, one, sent).length === 0);
	const left = differencesOf(spec, shown, sent);
	if (left.length > 0) {
		const text = left.map(({ field, declared, live }) => `${field} ${live} instead of ${declared}`).join(", ");
		throw new AptibleError(
			`app "${spec.handle}" was changed, but Aptible shows ${text}. If nobody else changes the app, run \`pulumi up\` again.`,
		);
	}
	// Before the first deploy there was no config to be hidden.
	return { ...shown, config: requireConfig(spec, sent.previous, shown.config) };
}

async function readRest({ api }: Context, { app, services }: Seen, before: LiveRelease): Promise<Shown> {
	const [settings, config] = await Promise.all([readAppSettings(api, app), readConfig(api, app)]);
	// Where credentials were hidden before, or config is, none may as well be what the token gets to see.
	const isBlind = before.settings.registry === "hidden" || config === "hidden";
	const registry = settings.registry ?? (isBlind ? "hidden" : undefined);
	return { app, settings: { ...settings, registry }, config, services };
}

/** What the autoscaler decides is not compared, nor is a value that the token may not see. */
function differencesOf(spec: AppSpec, shown: Shown, { values, released, started, previous }: Sent): Difference[] {
	const { app, settings, config } = shown;
	const changes =
		config === "hidden" ? {} : planConfigChanges(values.config, config, previous?.configKeys ?? []).changes;
	const isRegistryDue = released === "deploy" && settings.registry !== "hidden";
	return [
		...diffHandle(spec, app),
		...(released === "deploy" ? diffReleased(spec, shown) : diffRelease(spec, shown, previous?.release)),
		...(isRegistryDue ? diffRegistry(values.registry, settings.registry, previous?.ownsRegistry === true) : []),
		...diffConfig(changes, config === "hidden" ? new Map() : config),
		...diffServices(spec, shown.services, (wanted, live) => [...diffSize(wanted, live), ...diffOptions(wanted, live)]),
		...shown.services
			.filter(({ id, containerCount: count }) => count === 0 && started.some((one) => one.id === id))
			.map(({ service }) => ({ field: `services.${service}.containers`, declared: "1", live: "0" })),
	];
}
