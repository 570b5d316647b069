/** What the phase of a move changes of what the stage declares, before any spec is made of it. */
import type { MovePhase } from "../wire/move.ts";
import { replaceReferences } from "../wire/template.ts";
import type { App } from "./app.ts";
import type { Database } from "./database.ts";
import { mapValues } from "./map-values.ts";
import type { Move } from "./move.ts";
import { pointRecords } from "./move-dns.ts";
import type { Service } from "./service.ts";
import type { Stage } from "./stage.ts";

/** Name of the endpoint that each moved database gets for the mover. */
export const moverEndpoint = "mover";

/** What apps get in `prepare` instead of each secret that `move.smoke.placeholders` names. */
export const placeholder = "placeholder-of-a-rehearsal";

/** What a phase is like. */
interface PhaseEffect {
	/** Services at 0 containers. */
	readonly stopped: "none" | "idle" | "all";
	/** Whether the mover gets in: endpoints of the databases, copies into the storage. */
	readonly isOpen: boolean;
	/** Whether the moved databases have their larger size. */
	readonly isLarger: boolean;
}

const effects: Readonly<Record<MovePhase, PhaseEffect>> = {
	prepare: { stopped: "idle", isOpen: true, isLarger: true },
	frozen: { stopped: "all", isOpen: true, isLarger: true },
	trial: { stopped: "idle", isOpen: true, isLarger: true },
	// Going back to the declared size is a restart, which has time until the move is closed.
	live: { stopped: "none", isOpen: false, isLarger: true },
	cancelled: { stopped: "idle", isOpen: false, isLarger: false },
};

/** A stage as its phase makes it; one without a move stays as it is. */
export function applyMove(stage: Stage): Stage {
	const { move, storage, dns } = stage;
	if (move === undefined) return stage;
	const { isOpen, isLarger } = effects[move.phase];
	const isStopped = stoppedServices(stage, move);
	const isOpened = isOpen && move.objects.length > 0;
	return {
		...stage,
		apps: mapValues(stage.apps, (app, handle) => ({
			...app,
			config: configInPhase(app.config, move),
			services: mapValues(app.services, (service, name) => (isStopped(handle, name) ? stopped(service) : service)),
		})),
		databases: mapValues(stage.databases, (database, handle) => {
			const moved = Object.hasOwn(move.databases, handle) ? move.databases[handle] : undefined;
			if (moved === undefined) return database;
			const sized = isLarger ? { ...database, ...withoutUndefined(moved.during ?? {}) } : database;
			return isOpen ? withMover(sized, move) : sized;
		}),
		...(dns === undefined ? {} : { dns: pointRecords(dns, move) }),
		...(storage === undefined || !isOpened
			? {}
			: {
					storage: {
						...storage,
						copyFrom: "anywhere",
						allowFrom: [...storage.allowFrom, ...move.from.addresses.filter((one) => !storage.allowFrom.includes(one))],
					},
				}),
	};
}

/** The config of an app: where a rehearsal may be kept under it, no mail goes out to the patients in that. */
function configInPhase(config: App["config"], { phase, smoke }: Move): App["config"] {
	if (phase !== "prepare" || smoke === undefined) return config;
	const names = new Set(smoke.placeholders.map((name) => `secrets.${name}`));
	return mapValues(config, (text) =>
		replaceReferences(text, (reference) => (names.has(reference) ? placeholder : undefined)),
	);
}

/** Which services have no containers in this phase, whatever else the stage says. */
export function stoppedServices(
	{ apps, databases }: Pick<Stage, "apps" | "databases">,
	move: Move,
): (app: string, service: string) => boolean {
	const { stopped } = effects[move.phase];
	// Such a server cannot rename a database: what apps wrote into it would lie in the copy's way.
	const isWrittenInPlace = Object.keys(move.databases).some((handle) => databases[handle]?.type !== "postgresql");
	if (stopped === "all" || (move.phase === "prepare" && isWrittenInPlace)) return () => true;
	if (stopped === "none") return () => false;
	return (app, service) => move.idle?.includes(`${app}.${service}`) ?? !hasEndpoint(apps[app], service);
}

function hasEndpoint(app: App | undefined, service: string): boolean {
	return Object.values(app?.endpoints ?? {}).some((endpoint) => endpoint.service === service);
}

/** A service at 0 containers; its size is what it starts with again, so that only the number differs. */
function stopped({ autoscale, ...service }: Service): Service {
	if (autoscale?.kind !== "vertical") return { ...service, containers: 0 };
	return { ...service, containers: 0, containerMb: autoscale.minMb, containerProfile: "m" };
}

function withMover(database: Database, { phase, from }: Move): Database {
	// Not protected, whatever the stage says: it goes when the move is live.
	const endpoint = { internal: false, ipFilter: [...from.addresses], adopt: false, protect: false };
	// On the way back from live the apps stop at once, and the endpoint that is made again takes its time.
	const mover = { endpoint: moverEndpoint, isAwaited: phase !== "frozen" };
	return { ...database, endpoints: { ...database.endpoints, [moverEndpoint]: endpoint }, mover };
}

function withoutUndefined<T extends object>(block: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
	const entries = Object.entries(block).filter(([, value]) => value !== undefined);
	return Object.fromEntries(entries) as { [Key in keyof T]: Exclude<T[Key], undefined> };
}
