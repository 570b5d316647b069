import { looksLike } from "../aptible/endpoint/find.ts";
import { stoppedServices } from "../config/move-phases.ts";
import type { Stage } from "../config/stage.ts";
import { identifyAppEndpoint } from "../config/to-spec/endpoint.ts";
import type { EndpointSpec } from "../wire/endpoint.ts";
import { endpointKey, refuseIdleService } from "../wire/endpoint-identity.ts";
import type { RecordedCommand } from "./recorded.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * Refusals of endpoints that would be new on a service without containers, one sentence each. One that is there may stay: that is how an
 * app goes offline.
 *
 * @param snapshot what lives; undefined where nothing of the stage does
 */
export function findIdleEndpoints(
	stage: Pick<Stage, "apps" | "databases" | "move">,
	recorded: readonly RecordedCommand[],
	snapshot: Pick<Snapshot, "apps"> | undefined,
): string[] {
	const { move } = stage;
	const isStopped = move === undefined ? () => false : stoppedServices(stage, move);
	return Object.entries(stage.apps).flatMap(([app, { services, endpoints, renamedFrom }]) => {
		const handles = [app, renamedFrom];
		const isRecorded = (key: string, names: readonly (string | undefined)[]) =>
			recorded.some(({ kind, spec }) => {
				if (kind !== "endpoint") return false;
				const { on, name, ...identity } = spec as EndpointSpec;
				return "app" in on && handles.includes(on.app) && names.includes(name) && endpointKey(identity) === key;
			});
		const live = (snapshot?.apps ?? []).filter((one) => handles.includes(one.app.handle));
		return Object.entries(endpoints).flatMap(([name, endpoint]) => {
			const { service } = endpoint;
			if (!Object.hasOwn(services, service) || services[service]?.containers !== 0) return [];
			const identity = identifyAppEndpoint(endpoint);
			const isThere =
				isRecorded(endpointKey(identity), [name, endpoint.renamedFrom]) ||
				live.some((one) => one.endpoints.some(({ listed }) => looksLike(listed, identity)));
			const phase = isStopped(app, service) ? move?.phase : undefined;
			return isThere ? [] : [refuseIdleService(name, { app }, service, phase)];
		});
	});
}
