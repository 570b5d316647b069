import type { AppSpec } from "../../wire/app.ts";
import { compare, type Difference } from "../../wire/difference.ts";
import { lookUp } from "../../wire/own.ts";
import type { ServiceSpec } from "../../wire/service.ts";
import { listServices, type Service } from "../api/service.ts";
import type { AppPlace } from "../cli/app.ts";
import { setServiceOptions } from "../cli/service.ts";
import { AptibleError } from "../client/errors.ts";
import { readUntil } from "../client/lag.ts";
import type { Context } from "../context.ts";

/** Aptible's own time between SIGTERM and SIGKILL, in seconds; an untouched service shows none (facts/aptible.md §2.3). */
const defaultStopTimeout = 10;

/** How a live service differs in the way it is released. */
export function optionDifferences(wanted: ServiceSpec, live: Service | undefined): Difference[] {
	const { forceZeroDowntime, simpleHealthCheck, restartFreeScaling, stopTimeoutSeconds } = wanted;
	return compare(
		{ forceZeroDowntime, simpleHealthCheck, restartFreeScaling, stopTimeoutSeconds },
		{
			forceZeroDowntime: live?.forceZeroDowntime ?? false,
			simpleHealthCheck: live?.simpleHealthCheck ?? false,
			restartFreeScaling: live?.restartFreeScaling ?? false,
			stopTimeoutSeconds: live?.stopTimeoutSeconds ?? defaultStopTimeout,
		},
	);
}

/**
 * Sets how services are released, where that differs: no operation, and no restart. It counts from the next release on, so it
 * is sent before one.
 *
 * @returns names of the services that were changed
 */
export async function syncOptions(
	context: Context,
	spec: AppSpec,
	place: AppPlace,
	appId: number,
	services: readonly Service[],
): Promise<string[]> {
	const changed = services.filter((live) => {
		const wanted = lookUp(spec.services, live.service);
		return wanted !== undefined && optionDifferences(wanted, live).length > 0;
	});
	const failures: Error[] = [];
	for (const live of changed) {
		const { service } = live;
		const wanted = lookUp(spec.services, service);
		if (wanted === undefined) continue;
		const fields = new Set(optionDifferences(wanted, live).map(({ field }) => field));
		context.progress(`app "${place.app}", service "${service}": setting ${[...fields].join(", ")}...`);
		const only = <T>(field: keyof ServiceSpec, value: T) => (fields.has(field) ? value : undefined);
		await setServiceOptions(context.cli, place, service, {
			forceZeroDowntime: only("forceZeroDowntime", wanted.forceZeroDowntime),
			simpleHealthCheck: only("simpleHealthCheck", wanted.simpleHealthCheck),
			restartFreeScaling: only("restartFreeScaling", wanted.restartFreeScaling),
			stopTimeout: only("stopTimeoutSeconds", wanted.stopTimeoutSeconds),
		}).catch((error: Error) => failures.push(error));
	}
	if (changed.length === 0) return [];
	const leftOf = (listed: readonly Service[]) =>
		changed.flatMap(({ id, service }) => {
			const wanted = lookUp(spec.services, service);
			const live = listed.find((one) => one.id === id);
			const left = wanted === undefined ? [] : optionDifferences(wanted, live);
			return left.map(({ field, declared, live: shown }) => `"${service}": ${field} ${shown} instead of ${declared}`);
		});
	const left = await readUntil(
		context,
		async () => leftOf(await listServices(context.api, appId)),
		(texts) => texts.length === 0,
	);
	if (left.length === 0) return changed.map(({ service }) => service);
	if (failures[0] !== undefined) throw failures[0];
	throw new AptibleError(
		`app "${place.app}": Aptible still shows for service ${left.join(", ")}. Run \`pulumi up\` again.`,
	);
}
