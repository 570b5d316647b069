/** The way by MedStack's API. What it does not do, or cannot be seen to have done, is left to a person, and said. */
import { setTimeout as sleep } from "node:timers/promises";
import { lookUp } from "../../wire/own.ts";
import { movedDatabases } from "../session.ts";
import type { MoveStage } from "../stage.ts";
import type { CountStore, Counts } from "./counts.ts";
import { refuseDomains } from "./domains.ts";
import { startByHand, stopByHand } from "./manual.ts";
import { type Match, matchServices } from "./match.ts";
import {
	type ApiTiming,
	type Cluster,
	type ClusterService,
	type MedstackAccess,
	MedstackApi,
	MedstackError,
} from "./medstack-api.ts";
import { stopOrder } from "./order.ts";
import type { ClusterReport, SourceCluster } from "./port.ts";

/** How long things take, in milliseconds. */
export interface ClusterTiming extends ApiTiming {
	/** For a group of services to be at their counts. */
	changeMs: number;
	/** After this long without effect, a change is sent again: one may be answered and not made. */
	resendMs: number;
}

export const CLUSTER_TIMING: ClusterTiming = {
	requestMs: 15_000,
	readMs: 60_000,
	pauseMs: 2_000,
	changeMs: 180_000,
	resendMs: 20_000,
};

export interface ApiClusterSetup {
	access: MedstackAccess;
	/** Label or id of the cluster. */
	cluster: string;
	local: CountStore;
	target: CountStore;
	tell: (line: string) => void;
	/** Ends when the person goes away. */
	signal: AbortSignal;
	/** IPv4 addresses of a name. @throws where none can be found out */
	resolve: (name: string) => Promise<readonly string[]>;
	timing: ClusterTiming;
}

/** A service, and how many replicas it is to have. */
interface Wanted {
	name: string;
	service: ClusterService;
	replicas: number;
}

interface View {
	cluster: Cluster;
	services: readonly ClusterService[];
	matches: readonly Match[];
	lines: string[];
}

export class ApiCluster implements SourceCluster {
	readonly #moved: MoveStage;
	readonly #setup: ApiClusterSetup;
	readonly #api: MedstackApi;

	constructor(moved: MoveStage, setup: ApiClusterSetup) {
		this.#moved = moved;
		this.#setup = setup;
		this.#api = new MedstackApi(setup.access, setup.timing, setup.signal);
	}

	async stop(): Promise<ClusterReport> {
		const view = await this.#look();
		if (view instanceof MedstackError) return withReason(view.message, stopByHand(this.#moved));
		const { matches, lines } = view;
		lines.push(...(await this.#note(matches)));
		const reasons = new Map<string, string>();
		const stopped: string[] = [];
		for (const { kind, names } of stopOrder(this.#moved)) {
			if (kind === "worker") refuseUndrained(this.#moved, [...stopped, ...tellReasons(reasons)]);
			const wanted = wantedOf(matches, names, () => 0, reasons);
			const running = wanted.filter(({ service }) => service.replicas !== 0);
			await this.#bring(view.cluster, wanted, reasons);
			stopped.push(...running.map(({ name }) => `${name} is at 0 from now on`));
		}
		const done = stopOrder(this.#moved).flatMap(({ names }) => names.filter((name) => !reasons.has(name)));
		if (done.length > 0) lines.push(`MedStack's services at 0, by its API: ${done.join(", ")}`);
		lines.push(...othersOf(view));
		if (reasons.size === 0) return { lines, left: [] };
		const byHand = stopByHand(this.#moved, (name) => reasons.has(name));
		return { lines: [...lines, ...tellReasons(reasons), ...byHand.lines], left: byHand.left };
	}

	async start(): Promise<ClusterReport> {
		const counts = { ...(await this.#setup.local.read()), ...(await this.#setup.target.read()) };
		if (Object.keys(counts).length === 0) {
			return withReason(
				"no replicas of MedStack's services are noted, so that they are not changed",
				startByHand(this.#moved),
			);
		}
		const view = await this.#look();
		const named = (match: Match) =>
			typeof match.service === "string" ? undefined : lookUp(counts, match.service.name);
		if (view instanceof MedstackError) {
			const noted = `replicas that are noted: ${Object.entries(counts)
				.map((one) => one.join(" "))
				.join(", ")}`;
			return withReason(view.message, withReason(noted, startByHand(this.#moved)));
		}
		const { matches, lines } = view;
		const reasons = new Map<string, string>();
		const back: string[] = [];
		for (const { names } of stopOrder(this.#moved).toReversed()) {
			const wanted = wantedOf(matches, names, named, reasons);
			const changed: Wanted[] = [];
			for (const one of wanted) {
				const { name, service, replicas } = one;
				if (replicas === 0 && service.replicas === 0) {
					lines.push(`${name}: MedStack's ${service.name} was at 0 before the freeze, and stays there`);
					continue;
				}
				if (service.replicas !== 0 && service.replicas !== replicas) {
					lines.push(
						`${name}: MedStack's ${service.name} has ${service.replicas} replicas already, where ${replicas} were noted; it stays so`,
					);
					continue;
				}
				const isThere = service.replicas === replicas;
				const refusal = isThere ? undefined : await refuseDomains(this.#moved, name, this.#setup.resolve);
				if (refusal === undefined) changed.push(one);
				else reasons.set(name, refusal);
			}
			await this.#bring(view.cluster, changed, reasons);
			const isBack = changed.filter(({ name }) => !reasons.has(name));
			back.push(...isBack.map(({ name, replicas }) => `${name} ${replicas}`));
		}
		await this.#forget(counts, matches, reasons);
		if (back.length > 0) lines.push(`MedStack's services are back, by its API: ${back.join(", ")}`);
		if (reasons.size === 0) return { lines, left: [] };
		const known = new Map(
			matches.flatMap((match) => {
				const count = named(match);
				return count === undefined ? [] : [[match.name, count] as const];
			}),
		);
		const byHand = startByHand(this.#moved, (name) => reasons.has(name), known);
		const again = "once that is so, the same by the API: npm run move -- thaw --stack STACK; or by hand:";
		return { lines: [...lines, ...tellReasons(reasons), again, ...byHand.lines], left: byHand.left };
	}

	/** @returns an error of MedStack's as a value: then it is done by hand */
	async #look(): Promise<View | MedstackError> {
		try {
			const cluster = await this.#api.findCluster(this.#setup.cluster);
			const { services, unknown } = await this.#api.listServices(cluster);
			return { cluster, services, matches: matchServices(this.#moved, services), lines: [...unknown] };
		} catch (error) {
			if (this.#setup.signal.aborted) throw new Error(GONE);
			if (error instanceof MedstackError) return error;
			throw error;
		}
	}

	/** What runs is noted; of what is at 0, the number that was noted earlier stays, as a command that was killed has set it so. */
	async #note(matches: readonly Match[]): Promise<string[]> {
		const { local, target } = this.#setup;
		const counts: Counts = { ...(await local.read()), ...(await target.read()) };
		const lines: string[] = [];
		for (const { name, service } of matches) {
			if (typeof service === "string" || service.replicas === undefined) continue;
			const former = lookUp(counts, service.name);
			if (former === undefined && service.replicas === 0) {
				lines.push(
					`${name}: MedStack's ${service.name} is at 0 already, so that thaw leaves it there; where it ran tonight, note its replicas for the way back`,
				);
			}
			if (former !== undefined && service.replicas === 0) continue;
			counts[service.name] = service.replicas;
			if (former === undefined || former === service.replicas) continue;
			lines.push(
				`${name}: ${former} replicas of MedStack's ${service.name} were noted, and it has ${service.replicas} now, which is noted instead`,
			);
		}
		await local.write(counts);
		await target.write(counts);
		return lines;
	}

	/** What is back is noted no more; what was not found, or is left, is. */
	async #forget(counts: Counts, matches: readonly Match[], reasons: ReadonlyMap<string, string>): Promise<void> {
		const done = new Set(
			matches.flatMap(({ name, service }) => (typeof service === "string" || reasons.has(name) ? [] : [service.name])),
		);
		const left = Object.fromEntries(Object.entries(counts).filter(([name]) => !done.has(name)));
		await this.#setup.target.write(left);
		await this.#setup.local.write(left);
	}

	/**
	 * Asks for the replicas and waits until the cluster shows them.
	 *
	 * @param reasons gets why, of each that is not there in time
	 */
	async #bring(cluster: Cluster, wanted: readonly Wanted[], reasons: Map<string, string>): Promise<void> {
		const { timing, tell, signal } = this.#setup;
		const deadline = Date.now() + timing.changeMs;
		let open = wanted.filter(({ service, replicas }) => service.replicas !== replicas);
		let sentAt = Number.NEGATIVE_INFINITY;
		const refused = new Map<string, string>();
		while (open.length > 0) {
			if (Date.now() - sentAt >= timing.resendMs) {
				sentAt = Date.now();
				for (const { name, service, replicas } of open) {
					tell(`MedStack: ${name} (${service.name}) goes to ${replicas} replicas`);
					const failure = await this.#send(cluster, service, replicas);
					if (failure?.isPassing === false) refused.set(name, failure.message);
				}
			}
			await sleep(timing.pauseMs, undefined, { signal }).catch(() => {});
			const shown = await this.#replicasIn(cluster);
			if (signal.aborted) throw new Error(GONE);
			open = open.filter(({ service, replicas }) => shown instanceof Error || shown.get(service.id) !== replicas);
			const isOver = shown instanceof MedstackError || Date.now() > deadline;
			for (const { name, service } of open) {
				const reason = refused.get(name);
				if (reason === undefined && !isOver) continue;
				const is = shown instanceof Error ? shown.message : `it shows ${shown.get(service.id) ?? "no"} replicas`;
				reasons.set(name, reason ?? `${is}, ${Math.round(timing.changeMs / 1000)} s after it was asked`);
			}
			open = open.filter(({ name }) => !reasons.has(name));
		}
	}

	async #send(cluster: Cluster, service: ClusterService, replicas: number): Promise<MedstackError | undefined> {
		try {
			await this.#api.setReplicas(cluster, service, replicas);
			return undefined;
		} catch (error) {
			// It may have arrived: what the cluster shows decides.
			if (error instanceof MedstackError) return error;
			throw error;
		}
	}

	async #replicasIn(cluster: Cluster): Promise<Map<string, number | undefined> | MedstackError> {
		try {
			const { services } = await this.#api.listServices(cluster);
			return new Map(services.map(({ id, replicas }) => [id, replicas]));
		} catch (error) {
			if (error instanceof MedstackError) return error;
			throw error;
		}
	}
}

/**
 * Workers empty the queues that are to run empty, for which whatever fills them has to have stopped a while ago.
 *
 * @param changed lines on what has just stopped
 * @throws where something has, and queues are to run empty
 */
function refuseUndrained(moved: MoveStage, changed: readonly string[]): void {
	const drained = movedDatabases(moved).filter(({ drain }) => drain !== undefined);
	if (drained.length === 0 || changed.length === 0) return;
	const handles = drained.map(({ handle }) => handle).join(", ");
	throw new Error(
		[
			...changed,
			`the workers run on until nothing is in the queues of ${handles}; see what is in them: npm run move -- check --stack STACK; then freeze again, which stops the workers`,
		].join("\n"),
	);
}

const GONE =
	"MedStack's services are not changed any further; what was changed stays, with its former replicas noted, and the same command goes on from there";

/** Those of a group that can be changed; of the others it is said why not. */
function wantedOf(
	matches: readonly Match[],
	names: readonly string[],
	replicasOf: (match: Match) => number | undefined,
	reasons: Map<string, string>,
): Wanted[] {
	return matches.flatMap((match) => {
		const { name, service } = match;
		if (!names.includes(name)) return [];
		const replicas = replicasOf(match);
		if (typeof service === "string") {
			reasons.set(name, service);
		} else if (service.replicas === undefined) {
			reasons.set(name, `MedStack's ${service.name} shows no number of replicas`);
		} else if (replicas !== undefined) {
			return [{ name, service, replicas }];
		} else if (service.replicas === 0) {
			reasons.set(name, `MedStack's ${service.name} is at 0, and its replicas are not noted`);
		}
		return [];
	});
}

/** What else runs there, and may have the database's login. */
function othersOf({ services, matches }: View): string[] {
	const ours = new Set(matches.map(({ service }) => service));
	const others = services.filter((one) => !one.isKept && one.replicas !== 0 && !ours.has(one));
	if (others.length === 0) return [];
	return [
		`MedStack also runs ${others.map(({ name }) => name).join(", ")}, for which the stage file has no name; set to 0 by hand what has the database's login`,
	];
}

function tellReasons(reasons: ReadonlyMap<string, string>): string[] {
	return [...reasons].map(([name, reason]) => `${name}: ${reason}`);
}

function withReason(reason: string, { lines, left }: ClusterReport): ClusterReport {
	return { lines: [reason, ...lines], left };
}
