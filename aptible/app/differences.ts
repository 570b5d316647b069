import type { AppFacts, AppSpec } from "../../wire/app.ts";
import type { Difference } from "../../wire/difference.ts";
import { lookUp } from "../../wire/own.ts";
import type { ServiceSpec } from "../../wire/service.ts";
import type { ListedApp } from "../api/app.ts";
import { diffConfig, planConfigChanges } from "./config.ts";
import { diffRelease, findRegistryReasons, type LiveRelease } from "./release.ts";
import { diffService, type LiveService } from "./services.ts";
import type { ResolvedValues } from "./values.ts";

/** An app as it is. Config and settings are secrets. */
export interface LiveApp extends LiveRelease {
	config: ReadonlyMap<string, string>;
	services: readonly LiveService[];
}

/** How a live app differs from its spec, as its reconciler would see it. `previous` is what the last run gave. */
export function diffApp(
	spec: AppSpec,
	live: LiveApp,
	values: ResolvedValues,
	previous: AppFacts | undefined,
): Difference[] {
	const { changes } = planConfigChanges(values.config, live.config, previous?.configKeys ?? []);
	return [
		...diffHandle(spec, live.app),
		...diffRelease(spec, live, previous?.release),
		...(isReleasedByOthers(live, previous) ? findRegistryReasons(spec, live, values) : []),
		...diffConfig(changes, live.config),
		...diffServices(spec, live.services, diffService),
	];
}

/** How the handle of a live app differs. */
export function diffHandle(spec: AppSpec, { handle }: Pick<ListedApp, "handle">): Difference[] {
	return handle === spec.handle ? [] : [{ field: "handle", declared: spec.handle, live: handle }];
}

/** What differs in the services that the spec names; which of them there are is CI's where that releases the app. */
export function diffServices<Service extends { service: string }>(
	spec: AppSpec,
	services: readonly Service[],
	differencesOf: (wanted: ServiceSpec, live: Service) => Difference[],
): Difference[] {
	return Object.keys(spec.services).flatMap((name) => {
		const wanted = lookUp(spec.services, name);
		const live = services.find(({ service }) => service === name);
		if (wanted === undefined) return [];
		if (live === undefined && spec.releasedBy === "ci") return [];
		if (live === undefined) return [{ field: `services.${name}`, declared: "declared", live: "none" }];
		return differencesOf(wanted, live).map((one) => ({ ...one, field: `services.${name}.${one.field}` }));
	});
}

/** Credentials come with a deploy: after the recorded one, other credentials are those that the stage file has changed. */
function isReleasedByOthers({ app }: LiveRelease, previous: AppFacts | undefined): boolean {
	return previous?.release === undefined || app.lastDeploy?.id !== previous.release.operationId;
}
