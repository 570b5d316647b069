import { type ApiPolicy, type ApiService, listServices, readPolicy } from "./api/services.ts";
import { autoscaleDifferences } from "./autoscaling.ts";
import type { CliApp, CliService } from "./cli/apps.ts";
import type { Context } from "./context.ts";
import type { Difference } from "./difference.ts";
import { AptibleError } from "./errors.ts";
import { sizeDifferences } from "./scaling.ts";
import { optionDifferences } from "./service-options.ts";
import type { AppSpec } from "./specs/app.ts";
import type { ServiceSize, ServiceSpec } from "./specs/service.ts";

/** A service as it is: what the CLI shows of it, and what only the API does. */
export interface LiveService extends CliService {
	/** Absent where the API does not list it yet. */
	options: ApiService | undefined;
	/** Absent where it is not autoscaled, and where the spec does not name the service. */
	policy: ApiPolicy | undefined;
}

/** Reads the services of an app, with the autoscaling of those that the spec names. */
export async function readServices(context: Context, spec: AppSpec, app: CliApp): Promise<LiveService[]> {
	if (app.services.length === 0) return [];
	const [options, ...services] = await Promise.all([
		listServices(context.api, app.id),
		...app.services.map(async (service) => ({
			...service,
			policy: service.service in spec.services ? await readPolicy(context.api, service.id) : undefined,
		})),
	]);
	return services.map((service) => ({ ...service, options: options.find(({ id }) => id === service.id) }));
}

/** The size that most of these services have, the first one among equals: the one to deploy new services with. */
export function commonestSize(sizes: readonly ServiceSize[]): ServiceSize | undefined {
	const counts = new Map<string, { size: ServiceSize; count: number }>();
	for (const { containers, containerMb, containerProfile } of sizes) {
		const key = `${containers} ${containerMb} ${containerProfile}`;
		const entry = counts.get(key) ?? { size: { containers, containerMb, containerProfile }, count: 0 };
		counts.set(key, { ...entry, count: entry.count + 1 });
	}
	return [...counts.values()].sort((a, b) => b.count - a.count)[0]?.size;
}

/** How a live service differs in all that a stage file says of it. */
export function serviceDifferences(wanted: ServiceSpec, live: LiveService): Difference[] {
	return [
		...sizeDifferences(wanted, live),
		...autoscaleDifferences(wanted.autoscale, live.policy),
		...optionDifferences(wanted, live.options),
	];
}

/** @throws AptibleError when a release lacks a service that the spec names, with where its Procfile belongs. */
export function refuseMissingServices(spec: AppSpec, app: CliApp): void {
	const names = app.services.map(({ service }) => service).sort();
	const missing = Object.keys(spec.services).filter((name) => !names.includes(name));
	if (missing.length === 0) return;
	const quoted = (list: readonly string[]) => list.map((name) => `"${name}"`).join(", ");
	const [what, procfile] =
		spec.git === undefined
			? [`image ${spec.image ?? "none"}`, "/.aptible/Procfile in the image"]
			: [`commit ${spec.git.commitish}`, "the Procfile at the root of the repository"];
	const found = names.length === 0 ? "none" : quoted(names);
	const reason =
		names.length === 1 && names[0] === "cmd"
			? `Aptible makes the single service "cmd" where it finds no Procfile: it looks for ${procfile} and nowhere else.`
			: `A service is a line of ${procfile}.`;
	throw new AptibleError(
		`app "${spec.handle}": ${what} has no service ${quoted(missing)}; it has ${found}. ${reason} Release one that has it, or ` +
			`change apps.${spec.handle}.services.`,
	);
}
