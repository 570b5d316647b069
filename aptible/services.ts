import { type CliApp, type CliService, scale } from "./cli/apps.ts";
import type { Context } from "./context.ts";
import { AptibleError } from "./errors.ts";
import type { AppSpec, ServiceSpec } from "./specs/app.ts";

/** The size that most of these services have, the first one among equals: the one to deploy new services with. */
export function commonestSize(sizes: readonly ServiceSpec[]): ServiceSpec | undefined {
	const counts = new Map<string, { size: ServiceSpec; count: number }>();
	for (const size of sizes) {
		const key = `${size.containers} ${size.containerMb} ${size.containerProfile}`;
		const entry = counts.get(key) ?? { size, count: 0 };
		counts.set(key, { size, count: entry.count + 1 });
	}
	return [...counts.values()].sort((a, b) => b.count - a.count)[0]?.size;
}

/** Sends one scale for each service whose number, size or profile differs. Services that the spec does not name are left. */
export async function scaleServices(
	context: Context,
	spec: AppSpec,
	live: CliApp["services"],
): Promise<{ undeclared: string[] }> {
	const names = live.map(({ service }) => service).sort();
	const missing = Object.keys(spec.services).filter((name) => !names.includes(name));
	if (missing.length > 0) {
		throw new AptibleError(
			`app "${spec.handle}": image ${spec.image} has no service ${missing.map((name) => `"${name}"`).join(", ")}; it has ` +
				`${names.map((name) => `"${name}"`).join(", ")}. A service is a line of /.aptible/Procfile in the image; without one ` +
				`there is a single service "cmd". Change the Procfile or apps.${spec.handle}.services.`,
		);
	}
	for (const service of live) {
		const wanted = spec.services[service.service];
		if (wanted === undefined) continue;
		const to = sizeChanges(service, wanted);
		if (Object.keys(to).length === 0) continue;
		const object = {
			target: "services",
			id: service.id,
			label: `app "${spec.handle}", service "${service.service}"`,
		} as const;
		await context.operate(object, `scaling to ${describe(wanted)}`, () =>
			scale(context.cli, { environment: spec.environment, app: spec.handle }, service.service, to),
		);
	}
	return { undeclared: names.filter((name) => !(name in spec.services)) };
}

/** Only what differs is sent: a count that is right must not be repeated beside a size. */
function sizeChanges(live: CliService, wanted: ServiceSpec) {
	return {
		...(live.container_count === wanted.containers ? {} : { containerCount: wanted.containers }),
		...(live.container_size === wanted.containerMb ? {} : { containerSize: wanted.containerMb }),
		...(live.container_profile === wanted.containerProfile ? {} : { containerProfile: wanted.containerProfile }),
	};
}

function describe({ containers, containerMb, containerProfile }: ServiceSpec): string {
	return `${containers} x ${containerMb} MB ${containerProfile}`;
}
