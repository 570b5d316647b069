import { type CliApp, type CliService, scale } from "./cli/apps.ts";
import type { Context } from "./context.ts";
import { compare, type Difference } from "./difference.ts";
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
		const differing = new Set(sizeDifferences(wanted, service).map(({ field }) => field));
		if (differing.size === 0) continue;
		const object = {
			target: "services",
			id: service.id,
			label: `app "${spec.handle}", service "${service.service}"`,
		} as const;
		const { containers, containerMb, containerProfile } = wanted;
		// Only what differs is sent: a count that is right must not be repeated beside a size.
		const to = {
			...(differing.has("containers") ? { containerCount: containers } : {}),
			...(differing.has("containerMb") ? { containerSize: containerMb } : {}),
			...(differing.has("containerProfile") ? { containerProfile } : {}),
		};
		await context.operate(object, `scaling to ${containers} x ${containerMb} MB ${containerProfile}`, () =>
			scale(context.cli, { environment: spec.environment, app: spec.handle }, service.service, to),
		);
	}
	return { undeclared: names.filter((name) => !(name in spec.services)) };
}

/** How a live service differs in number, size and profile. */
export function sizeDifferences(wanted: ServiceSpec, live: CliService): Difference[] {
	const { containers, containerMb, containerProfile } = wanted;
	return compare(
		{ containers, containerMb, containerProfile },
		{ containers: live.container_count, containerMb: live.container_size, containerProfile: live.container_profile },
	);
}
