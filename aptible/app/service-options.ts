import type { AppSpec } from "../../wire/app.ts";
import { compare, type Difference } from "../../wire/difference.ts";
import { lookUp } from "../../wire/own.ts";
import type { ServiceSpec } from "../../wire/service.ts";
import { optionEntries, type ServiceOption } from "../../wire/service-options.ts";
import { listServices, type Service } from "../api/service.ts";
import type { AppLocator } from "../cli/app.ts";
import type { CliOptions } from "../cli/command-line.ts";
import { setServiceOptions } from "../cli/service.ts";
import { AptibleError } from "../client/errors.ts";
import { readUntil } from "../client/lag.ts";
import { forEachSideBySide } from "../client/side-by-side.ts";
import type { Context } from "../context.ts";

type OptionName = (typeof optionEntries)[number][0];

/** How a live service differs in the way it is released. */
export function diffOptions(wanted: ServiceSpec, live: Service | undefined): Difference[] {
	return compare(
		valuesOf((name, { unset }) => wanted[name] ?? unset),
		valuesOf((name, { unset }) => live?.options[name] ?? unset),
	);
}

/** The CLI's options that bring about some of the fields. */
export function optionsFor(wanted: ServiceSpec, fields: ReadonlySet<string>): CliOptions {
	const chosen = optionEntries.flatMap(([name, { cli, unset }]) =>
		fields.has(name) ? [[cli, wanted[name] ?? unset] as const] : [],
	);
	return Object.fromEntries(chosen);
}

function valuesOf<T>(read: (name: OptionName, option: ServiceOption) => T): Record<string, T> {
	return Object.fromEntries(optionEntries.map(([name, option]) => [name, read(name, option)]));
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
	locator: AppLocator,
	appId: number,
	services: readonly Service[],
): Promise<string[]> {
	const changed = services.filter((live) => {
		const wanted = lookUp(spec.services, live.service);
		return wanted !== undefined && diffOptions(wanted, live).length > 0;
	});
	const set = async (live: Service) => {
		const { service } = live;
		const wanted = lookUp(spec.services, service);
		if (wanted === undefined) return;
		const fields = new Set(diffOptions(wanted, live).map(({ field }) => field));
		context.progress(`app "${locator.app}", service "${service}": setting ${[...fields].join(", ")}...`);
		await setServiceOptions(context.cli, locator, service, optionsFor(wanted, fields));
	};
	const failure = await forEachSideBySide(changed, set).then(
		() => undefined,
		(error: Error) => error,
	);
	if (changed.length === 0) return [];
	const leftOf = (listed: readonly Service[]) =>
		changed.flatMap(({ id, service }) => {
			const wanted = lookUp(spec.services, service);
			const live = listed.find((one) => one.id === id);
			const left = wanted === undefined ? [] : diffOptions(wanted, live);
			return left.map(({ field, declared, live: shown }) => `"${service}": ${field} ${shown} instead of ${declared}`);
		});
	const left = await readUntil(
		context,
		async () => leftOf(await listServices(context.api, appId)),
		(texts) => texts.length === 0,
	);
	if (left.length === 0) return changed.map(({ service }) => service);
	if (failure !== undefined) throw failure;
	throw new AptibleError(
		`app "${locator.app}": Aptible still shows for service ${left.join(", ")}. Run \`pulumi up\` again.`,
	);
}
