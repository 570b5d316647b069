/** The way by MedStack's API. What it does not do, or cannot be seen to have done, is left to a person, and said. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { lookUp } from "../../wire/own.ts";
import { movedDatabases } from "../session.ts";
import type { MoveStage } from "../stage.ts";
import { type ClusterCounts, type CountStore, type Counts, listCounts, type SharedCountStore } from "./counts.ts";
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
import { refuseOtherStages } from "./other-stages.ts";
import type { ClusterReport, SourceCluster } from "./port.ts";
import { othersOf, tellReasons, type Wanted, wantedOf } from "./wanted.ts";

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
	target: SharedCountStore;
	/**
	 * Whether a person means this cluster, whose label is typed.
	 *
	 * @throws where nobody can be asked
	 */
	confirm: (question: string, label: string) => Promise<boolean>;
	/** Whether a person has done what the question lists; not where nobody can be asked. */
	isDoneByHand: (question: string) => Promise<boolean>;
	tell: (line: string) => void;
	/** Ends when the person goes away. */
	signal: AbortSignal;
	/** IPv4 addresses of a name. @throws where none can be found out */
	resolve: (name: string) => Promise<readonly string[]>;
	timing: ClusterTiming;
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
		if (view instanceof MedstackError) {
			const byHand = withReason(view.message, stopByHand(this.#moved));
			return (await this.#isAtZero(byHand)) ? NOTHING_LEFT : byHand;
		}
		const { matches, lines } = view;
		refuseOtherStages(this.#moved, view.cluster);
		await this.#requireConsent(view);
		lines.push(...(await this.#note(view)));
		const reasons = new Map<string, string>();
		const stopped: string[] = [];
		let byHand: readonly string[] = [];
		for (const { kind, names } of stopOrder(this.#moved)) {
			if (kind === "worker" && drainedOf(this.#moved).length > 0) {
				const open = this.#openOf(reasons);
				if (stopped.length > 0) throw new Error([...stopped, ...open.lines, workersRun(this.#moved)].join("\n"));
				if (open.left.length > 0 && !(await this.#isAtZero(open))) {
					return { lines: [...lines, ...open.lines, workersRun(this.#moved)], left: open.left };
				}
				byHand = open.left;
			}
			const wanted = wantedOf(matches, names, () => 0, reasons);
			const running = wanted.filter(({ service }) => service.replicas !== 0);
			await this.#bring(view.cluster, wanted, reasons);
			stopped.push(...running.flatMap(({ name }) => (reasons.has(name) ? [] : [`${name} is at 0 from now on`])));
		}
		const done = stopOrder(this.#moved).flatMap(({ names }) => names.filter((name) => !reasons.has(name)));
		if (done.length > 0) lines.push(`MedStack's services at 0, by its API: ${done.join(", ")}`);
		lines.push(...othersOf(view.services, matches));
		for (const name of byHand) reasons.delete(name);
		const open = this.#openOf(reasons);
		if (open.left.length === 0 || (await this.#isAtZero(open))) return { lines, left: [] };
		return { lines: [...lines, ...open.lines], left: open.left };
	}

	/** What the API has not stopped, with the list for the hand. */
	#openOf(reasons: ReadonlyMap<string, string>): ClusterReport {
		if (reasons.size === 0) return NOTHING_LEFT;
		const { lines, left } = stopByHand(this.#moved, (name) => reasons.has(name));
		return { lines: [...tellReasons(reasons), ...lines], left };
	}

	/** Whether a person says that the rest is at 0. */
	#isAtZero({ lines }: ClusterReport): Promise<boolean> {
		return this.#setup.isDoneByHand([...lines, "Once each of these is at 0, type done: "].join("\n"));
	}

	/** @throws where nobody says that it is this cluster */
	async #requireConsent({ cluster: { id, label }, services, matches }: View): Promise<void> {
		const stops = matches.flatMap(({ service }) =>
			typeof service === "string" || (service.replicas ?? 0) === 0 ? [] : [service.name],
		);
		if (stops.length === 0) return;
		const runs = services.map(({ name, replicas = "?" }) => `${name} ${replicas}`).join(", ");
		const question = [
			`MedStack's cluster ${label} (${id}) runs ${runs}`,
			`To set ${stops.join(", ")} of it to 0, type ${label}: `,
		].join("\n");
		if (await this.#setup.confirm(question, label)) return;
		throw new Error(`not answered with ${label}; MedStack's services are left as they are`);
	}

	async start(): Promise<ClusterReport> {
		const noted = await this.#setup.target.read();
		if (Object.keys(noted).length === 0) {
			const none = "no replicas of MedStack's services are noted, so that they are not changed";
			const local = listCounts(await this.#setup.local.read());
			const astray = local.map(
				(counts) =>
					`the file beside the stage has those of a night that the target does not know, and which may be over: ${counts}`,
			);
			const byHand = startByHand(this.#moved);
			return withReason(none, { ...byHand, lines: [...astray, ...byHand.lines] });
		}
		const view = await this.#look();
		const all = `replicas that are noted: ${listCounts(noted).join("; ")}`;
		if (view instanceof MedstackError) return withReason(view.message, withReason(all, startByHand(this.#moved)));
		const { matches, lines, cluster } = view;
		const counts = noted[cluster.id]?.replicas;
		if (counts === undefined) {
			const none = `no replicas of MedStack's cluster ${cluster.label} are noted, so that its services are not changed`;
			return withReason(none, withReason(all, startByHand(this.#moved)));
		}
		const named = (match: Match) =>
			typeof match.service === "string" ? undefined : lookUp(counts, match.service.name);
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
			await this.#bring(cluster, changed, reasons);
			const isBack = changed.filter(({ name }) => !reasons.has(name));
			back.push(...isBack.map(({ name, replicas }) => `${name} ${replicas}`));
		}
		await this.#forget(cluster, counts, { matches, reasons });
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
	async #note({ cluster: { id, label }, matches }: View): Promise<string[]> {
		const { local, target } = this.#setup;
		const { [id]: noted = { label, night: randomBytes(6).toString("hex"), replicas: {} } } = await target.read();
		const replicas: Counts = { ...noted.replicas };
		const lines: string[] = [];
		for (const { name, service } of matches) {
			if (typeof service === "string" || service.replicas === undefined) continue;
			const former = lookUp(replicas, service.name);
			if (former === undefined && service.replicas === 0) {
				lines.push(
					`${name}: MedStack's ${service.name} is at 0 already, so that thaw leaves it there; where it ran tonight, note its replicas for the way back`,
				);
			}
			if (former !== undefined && service.replicas === 0) continue;
			replicas[service.name] = service.replicas;
			if (former === undefined || former === service.replicas) continue;
			lines.push(
				`${name}: ${former} replicas of MedStack's ${service.name} were noted, and it has ${service.replicas} now, which is noted instead`,
			);
		}
		const counts: ClusterCounts = { ...noted, replicas };
		await local.write(id, counts);
		await target.write(id, counts);
		return lines;
	}

	/** What is back is noted no more; what was not found, is left, or is noted with another number by now, is. */
	async #forget(
		{ id }: Cluster,
		counts: Counts,
		{ matches, reasons }: { matches: readonly Match[]; reasons: ReadonlyMap<string, string> },
	): Promise<void> {
		const { local, target } = this.#setup;
		const done = matches.flatMap(({ name, service }) => {
			const count = typeof service === "string" || reasons.has(name) ? undefined : lookUp(counts, service.name);
			return typeof service === "string" || count === undefined ? [] : [[service.name, count] as const];
		});
		await target.forget(id, Object.fromEntries(done));
		await local.write(id, (await target.read())[id]);
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

const NOTHING_LEFT: ClusterReport = { lines: [], left: [] };

/** Workers empty the queues that are to run empty, for which whatever fills them has to have stopped a while ago. */
function drainedOf(moved: MoveStage): string[] {
	return movedDatabases(moved).flatMap(({ handle, drain }) => (drain === undefined ? [] : [handle]));
}

const workersRun = (moved: MoveStage) =>
	`the workers run on until nothing is in the queues of ${drainedOf(moved).join(", ")}; see what is in them: npm run move -- check --stack STACK; then freeze again, which stops the workers`;

const GONE =
	"MedStack's services are not changed any further; what was changed stays, with its former replicas noted, and the same command goes on from there";

function withReason(reason: string, { lines, left }: ClusterReport): ClusterReport {
	return { lines: [reason, ...lines], left };
}
