/** From the services of Compose or MedStack to the blocks of a stage file. */
import { unknownName } from "../config/near-miss.ts";
import { type Block, lean } from "../stage-file/block.ts";
import type { Blocks } from "../stage-file/file.ts";
import { imageText, sayImage, servicesOf } from "./app-block.ts";
import { type App, type AppService, groupApps } from "./apps.ts";
import { InputError } from "./compose/read.ts";
import { say, sayDeep } from "./compose/source.ts";
import { configOf, ImportedSecrets } from "./config.ts";
import { databaseBlock } from "./database-block.ts";
import { Endpoints } from "./endpoints.ts";
import { drainsOf } from "./log-drains.ts";
import { type Procfile, procfilesOf } from "./procfile.ts";
import type { Reach } from "./reach.ts";
import { endpointReference } from "./references.ts";
import { namesOf, roleOf, takeHandle } from "./roles.ts";
import { secretValues } from "./secrets.ts";
import type { Service } from "./service.ts";
import { sayKeys } from "./service-keys.ts";

/** What the input does not say. */
export interface StageOptions {
	/** Handle of the environment. */
	handle: string;
	/** Aptible's stack; left out of the file where nobody said it. */
	aptibleStack: string | undefined;
	/** Whether the stage holds health information; left out of the file where nobody said it. */
	phi: boolean | undefined;
	/** Images by the names of services, in place of the file's. */
	images: ReadonlyMap<string, string>;
}

/** A key of the stage file that is left to decide, and of which the input has none. */
export interface Decision {
	key: string;
	says: string;
}

export interface ImportedStage {
	blocks: Blocks;
	secrets: ImportedSecrets;
	procfiles: readonly Procfile[];
	decisions: readonly Decision[];
}

/**
 * Makes the blocks; what becomes of each key is said of it.
 *
 * @param inactive services that do not run, and of which all is said
 */
export function makeStage(
	given: readonly Service[],
	options: StageOptions,
	inactive: readonly Service[] = [],
): ImportedStage {
	const services = withOneShots(given);
	for (const name of options.images.keys()) {
		if (services.some((service) => service.name === name)) continue;
		throw new InputError(
			`--image ${name}=...: ${unknownName(
				"a service of the input",
				name,
				services.map((one) => one.name),
			)}`,
		);
	}
	const roles = services.map(roleOf);
	const databases = roles.filter((role) => role.kind === "database");
	const taken = new Set<string>();
	for (const role of databases) role.handle = takeHandle(role.handle, taken);
	for (const role of roles) if (role.kind === "left out") sayDeep(role.service.field, role.outcome, role.says);
	const own = roles.filter((role) => role.kind === "app").map(({ service }) => service);
	const apps = groupApps(own, options.images, taken);
	const endpoints = new Endpoints();
	for (const app of apps) {
		for (const one of app.services) {
			if (isRunning(one.service)) endpoints.publish(app, one);
			else
				for (const { field } of one.service.ports)
					say(field, "decide", "a service with 0 containers gets no endpoint on Aptible");
		}
	}
	const absent = inactive.map((service) => ({ kind: "left out", service, outcome: "dropped", says: "" }) as const);
	const names = namesOf([...absent, ...roles]);
	const known = secretValues([...services, ...inactive]);
	const procfiles = procfilesOf(apps, names, known);
	const calls = new Calls(apps, endpoints);
	const secrets = new ImportedSecrets();
	const configs = apps.map((app) => {
		const naming = { names, reach: calls.reachFrom(app), phi: options.phi === true, secrets: known };
		return configOf(app, naming, secrets);
	});
	const appBlocks = apps.map((app, index): [string, Block] => {
		const blocks = endpoints.blocksOf(app);
		const hasGapless = (processType: string) =>
			Object.values(blocks).some(({ service, kind }) => service === processType && kind === "https");
		const block = {
			image: imageText(app),
			config: configs[index],
			services: servicesOf(app, hasGapless),
			endpoints: blocks,
		};
		for (const one of app.services) sayService(app, one, services, apps, Object.values(blocks));
		return [app.handle, lean(block)];
	});
	return {
		blocks: {
			environment: lean({ handle: options.handle, stack: options.aptibleStack, phi: options.phi }),
			databases: Object.fromEntries(databases.map((role) => [role.handle, databaseBlock(role)])),
			apps: Object.fromEntries(appBlocks.map(([handle, block]) => [handle, withoutEmpty(block)])),
			logDrains: drainsOf(roles),
		},
		secrets,
		procfiles,
		decisions: databases.length === 0 ? [] : [backups],
	};
}

/** Defaults: facts/aptible.md §3.4. */
const backups: Decision = {
	key: "environment.backups",
	says: "the input says nothing of backups: without the block a new environment keeps 30 daily, 12 monthly and 6 yearly ones of each database, and no copy in another region; decide, and write backups: { daily: 30, monthly: 12, yearly: 6, makeCopy: true, keepFinal: true } with the numbers that you need (docs/configuration/environment.md#backup-retention)",
};

/** What others wait for until it has ended runs once. */
function withOneShots(services: readonly Service[]): Service[] {
	const awaited = new Set(
		services.flatMap(({ dependsOn }) => dependsOn.filter(({ untilDone }) => untilDone).map(({ name }) => name)),
	);
	return services.map((service) =>
		service.isOneShot === undefined && awaited.has(service.name) ? { ...service, isOneShot: service.field } : service,
	);
}

/** A service with none gets no endpoint (facts/aptible.md §4). */
function isRunning({ containers, isOneShot }: Service): boolean {
	return isOneShot === undefined && containers?.count !== 0;
}

function withoutEmpty(block: Block): Block {
	return Object.fromEntries(
		Object.entries(block).filter(
			([key, value]) =>
				key === "services" || typeof value !== "object" || value === null || Object.keys(value).length > 0,
		),
	);
}

function sayService(
	app: App,
	one: AppService,
	services: readonly Service[],
	apps: readonly App[],
	blocks: readonly Block[],
): void {
	const { service, processType } = one;
	sayImage(app, service);
	sayKeys(service);
	say(service.field, "mapped", `service ${processType} of app ${app.handle}`);
	if (blocks.some((block) => block.service === processType)) return;
	const waiting = services.filter(({ dependsOn }) =>
		dependsOn.some(({ name, untilDone }) => name === service.name && !untilDone),
	);
	const callers = waiting.filter(
		(other) =>
			apps.some(({ services: own }) => own.some((each) => each.service === other)) &&
			!app.services.some((each) => each.service === other),
	);
	if (callers.length === 0) return;
	const port = service.exposed[0] ?? service.httpPorts[0] ?? "PORT";
	const endpoint = `endpoints: { internal: { service: ${processType}, kind: https, internal: true, defaultDomain: true, port: ${port} } }`;
	const names = callers.map(({ name }) => name).join(", ");
	const says = `depended on by ${names}, and no value names it; where it is called by its name all the same, give it ${endpoint}, and tell the caller ${endpointReference(app.handle, "internal", "url")}`;
	say(service.field, "decide", says);
}

/** Which apps call which: an address is known once its app is there, so that calls that run in a circle have none. */
class Calls {
	readonly #apps: readonly App[];
	readonly #endpoints: Endpoints;
	readonly #called = new Map<App, Set<App>>();

	constructor(apps: readonly App[], endpoints: Endpoints) {
		this.#apps = apps;
		this.#endpoints = endpoints;
	}

	reachFrom(caller: App): Reach {
		return (target, port, isHttp) => {
			const app = this.#apps.find(({ services }) => services.some(({ service }) => service === target));
			const one = app?.services.find(({ service }) => service === target);
			if (app === undefined || one === undefined) return `it names ${target.name}, which is not in the stage`;
			if (!isRunning(target))
				return `it names ${target.name}, which has 0 containers and so no endpoint; give the variable another value, or none`;
			const known = this.#endpoints.find(app, one, port);
			const circle = app === caller ? "it is a service of the same app" : `${app.handle} calls ${caller.handle} too`;
			const isOwn = app === caller && (known === undefined ? isHttp : known.address === "default");
			if (known?.address !== "written" && !isOwn && (app === caller || this.#calls(app, caller))) {
				return `${circle}, and the address is not known before the app is there; give the endpoint of ${target.name} a domain: and write that here`;
			}
			const found = this.#endpoints.need(app, one, port, isHttp);
			if (typeof found === "string") return found;
			if (found.address !== "written" && app !== caller) {
				this.#called.set(caller, (this.#called.get(caller) ?? new Set()).add(app));
			}
			return {
				url: endpointReference(app.handle, found.name, "url"),
				host: endpointReference(app.handle, found.name, "host"),
				kind: found.kind,
			};
		};
	}

	#calls(from: App, to: App): boolean {
		const called = [...(this.#called.get(from) ?? [])];
		return called.some((app) => app === to || this.#calls(app, to));
	}
}
