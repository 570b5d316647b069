/** Services of one image as one app of Aptible's (facts/aptible.md §2.2), and the process type of each. */

import { type Field, textOf } from "./compose/source.ts";
import { readImage } from "./images.ts";
import { takeHandle, toHandle } from "./roles.ts";
import type { Service } from "./service.ts";

/** A service of an app, by the name that it has in the image's Procfile. */
export interface AppService {
	processType: string;
	service: Service;
}

/** An app to be. */
export interface App {
	handle: string;
	image: ImageInUse;
	services: AppService[];
}

/** An image, or what is to become one, and the process types that its Procfile has for all of its apps. */
export interface ImageInUse {
	/** Undefined where the file builds it and names none. */
	text: string | undefined;
	/** By process type: the service whose command it is. Without a Procfile there is `cmd` alone. */
	processes: Map<string, Service>;
	needsProcfile: boolean;
}

/** @param images image of a service that the file builds, by its name */
export function groupApps(
	services: readonly Service[],
	images: ReadonlyMap<string, string>,
	taken: ReadonlySet<string>,
): App[] {
	const byImage = new Map<string, Service[]>();
	for (const service of services) {
		const key = imageOf(service, images) ?? buildKey(service);
		byImage.set(key, [...(byImage.get(key) ?? []), service]);
	}
	const apps = [...byImage.values()].flatMap((group) => splitGroup(group, images));
	const handles = new Set(taken);
	for (const app of apps) {
		const [first] = app.services;
		const own = toHandle(first?.service.name ?? "");
		const program = app.image.text && toHandle(readImage(app.image.text).program);
		const isShared = apps.some((other) => other !== app && other.image === app.image);
		const wanted = app.services.length > 1 && program && !isShared && !handles.has(program) ? program : own;
		app.handle = takeHandle(wanted, handles);
	}
	return apps;
}

function imageOf(service: Service, images: ReadonlyMap<string, string>): string | undefined {
	return images.get(service.name) ?? service.image?.text;
}

function buildKey({ name, build }: Service): string {
	if (build === undefined) return `service ${name}`;
	const context = textOf(build);
	return `build ${JSON.stringify(context === undefined ? plainOf(build) : { context })}`;
}

function plainOf({ value }: Field): unknown {
	if (value.kind === "scalar") return value.value;
	if (value.kind === "list") return value.items.map(plainOf);
	return Object.fromEntries([...value.fields].map(([key, field]) => [key, plainOf(field)]).sort());
}

/** Services with different values for one variable are apps of their own, as an app has one config. */
function splitGroup(group: readonly Service[], images: ReadonlyMap<string, string>): App[] {
	const [first] = group;
	if (first === undefined) return [];
	const needsProcfile = group.some((one) => one.command !== undefined || one.entrypoint !== undefined);
	const image: ImageInUse = { text: imageOf(first, images), processes: new Map(), needsProcfile };
	const types = new Map<string, string>();
	const taken = new Set<string>();
	const apps: App[] = [];
	for (const service of group) {
		const key = JSON.stringify([service.entrypoint?.words, service.command?.words]);
		const own = needsProcfile ? service.name.replace(/[^A-Za-z0-9_-]/g, "-") : "cmd";
		const processType = types.get(key) ?? takeHandle(own, taken);
		types.set(key, processType);
		if (!image.processes.has(processType)) image.processes.set(processType, service);
		const home = apps.find(({ services }) =>
			services.every((other) => other.processType !== processType && sharesConfig(other.service, service)),
		);
		if (home === undefined) apps.push({ handle: "", image, services: [{ processType, service }] });
		else home.services.push({ processType, service });
	}
	return apps;
}

function sharesConfig(one: Service, other: Service): boolean {
	const values = new Map(one.variables.map(({ name, value }) => [name, value]));
	return other.variables.every(({ name, value }) => !values.has(name) || values.get(name) === value);
}
