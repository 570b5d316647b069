import type { AppSpec } from "../../wire/app.ts";
import { compare } from "../../wire/difference.ts";
import { lookUp } from "../../wire/own.ts";
import type { ServiceSize, ServiceSpec } from "../../wire/service.ts";
import { readService, type Service } from "../api/service.ts";
import { type AppLocator, scale } from "../cli/app.ts";
import { forEachSideBySide } from "../client/side-by-side.ts";
import type { Context } from "../context.ts";
import { diffAutoscaling, syncAutoscaling } from "./autoscaling.ts";
import { diffSize, refuseUnknownSize, sizeOf } from "./service-size.ts";
import type { LiveService } from "./services.ts";

/** Those of the services that differ in what scaling them changes: number, size, profile and autoscaling. */
function unscaled(spec: AppSpec, services: readonly LiveService[]): { service: LiveService; wanted: ServiceSpec }[] {
	return services.flatMap((service) => {
		const wanted = lookUp(spec.services, service.service);
		if (wanted === undefined) return [];
		const differences = [...diffSize(wanted, service), ...diffAutoscaling(wanted.autoscale, service.policy)];
		return differences.length === 0 ? [] : [{ service, wanted }];
	});
}

/**
 * Takes those services to 0 that are to go there, before a release would start them again.
 *
 * @returns the services that were scaled
 */
export async function stopServices(
	context: Context,
	locator: AppLocator,
	spec: AppSpec,
	services: readonly LiveService[],
): Promise<LiveService[]> {
	const due = unscaled(spec, services).filter(
		({ service, wanted }) => wanted.containers === 0 && service.containerCount !== 0,
	);
	await forEachSideBySide(due, ({ service, wanted }) => syncScaling(context, locator, service, wanted));
	return due.map(({ service }) => service);
}

/**
 * Brings the services of an app to the number and size that they are to have, side by side. The undeclared ones come first: a
 * declared one that still waits tells a later run that there may be undeclared ones left.
 *
 * @param services all that the app has
 * @param started those that no spec names, and that are to have one container
 * @returns whether anything was sent
 */
export async function syncServices(
	context: Context,
	locator: AppLocator,
	spec: AppSpec,
	{ services, started }: { services: readonly LiveService[]; started: readonly LiveService[] },
): Promise<boolean> {
	const due = unscaled(spec, services);
	await forEachSideBySide(started, (service) => scaleService(context, locator, service, { containers: 1 }));
	await forEachSideBySide(due, ({ service, wanted }) => syncScaling(context, locator, service, wanted));
	return started.length + due.length > 0;
}

/**
 * Brings number, size and profile of a service to what is declared, and its autoscaling. Where the autoscaler decides, its
 * choice is left alone: only before it takes over is a service put where autoscaling may start from.
 */
async function syncScaling(
	context: Context,
	locator: AppLocator,
	service: LiveService,
	wanted: ServiceSpec,
): Promise<void> {
	const { autoscale } = wanted;
	const scaleTo = (size: Partial<ServiceSize>) => scaleService(context, locator, service, size);
	if (autoscale !== undefined && service.policy === undefined) {
		await scaleTo(startOf(wanted, service));
		await syncAutoscaling(context, locator, service, autoscale);
		return;
	}
	// The former policy goes first, or the autoscaler would undo what is scaled.
	await syncAutoscaling(context, locator, service, autoscale);
	const { containers, containerMb, containerProfile } = wanted;
	if (autoscale === undefined) await scaleTo({ containers, containerMb, containerProfile });
	else await scaleTo(autoscale.kind === "horizontal" ? { containerMb, containerProfile } : { containers });
}

/** Where a service begins to be autoscaled: as declared where none of it runs, else where it is, or at the nearest bound. */
function startOf(wanted: ServiceSpec, live: Service): Partial<ServiceSize> {
	const { containers, containerMb, containerProfile, autoscale } = wanted;
	if (live.containerCount === 0) return { containers, containerMb, containerProfile };
	if (autoscale?.kind === "horizontal") {
		const within = Math.min(Math.max(live.containerCount ?? containers, autoscale.min), autoscale.max);
		return { containers: within, containerMb, containerProfile };
	}
	if (autoscale === undefined) return { containers, containerMb, containerProfile };
	const { minMb, maxMb = Number.POSITIVE_INFINITY } = autoscale;
	const isWithin = live.containerMb !== undefined && live.containerMb >= minMb && live.containerMb <= maxMb;
	return isWithin ? { containers } : { containers, containerMb };
}

/** Sends one scale for what differs, if anything does. */
async function scaleService(
	context: Context,
	locator: AppLocator,
	live: Service,
	size: Partial<ServiceSize>,
): Promise<void> {
	if (compare(size, sizeOf(live)).length === 0) return;
	const label = `app "${locator.app}", service "${live.service}"`;
	const object = { target: "services", id: live.id, label } as const;
	// A run that was killed may have sent it already: what it left is waited for and looked at again.
	await context.operateIfDue(object, async () => {
		const now = await readService(context.api, live.id);
		refuseUnknownSize(label, now);
		const differing = new Set(compare(size, sizeOf(now)).map(({ field }) => field));
		if (differing.size === 0) return undefined;
		// Only what differs is sent: a number that is right must not be repeated beside a size.
		const to = {
			containerCount: differing.has("containers") ? size.containers : undefined,
			containerSize: differing.has("containerMb") ? size.containerMb : undefined,
			containerProfile: differing.has("containerProfile") ? size.containerProfile : undefined,
		};
		const { containerCount: count, containerSize: mb, containerProfile: profile } = to;
		const text = [
			...(count === undefined ? [] : [`${count} ${count === 1 ? "container" : "containers"}`]),
			...(mb === undefined ? [] : [`${mb} MB`]),
			...(profile === undefined ? [] : [`profile ${profile}`]),
		].join(", ");
		return {
			doing: `scaling to ${text}`,
			carries: { type: "scale", containerCount: count, containerMb: mb, containerProfile: profile },
			send: () => scale(context.cli, locator, live.service, to),
		};
	});
}
