/** Leads the domains of a stage to one side, by what the stage file and Aptible have of them. */
import type { Context } from "../aptible/context.ts";
import type { DnsWay } from "../config/move.ts";
import type { MovePhase } from "../wire/move.ts";
import { onceEach } from "./dns/once.ts";
import { openProvider } from "./dns/open-provider.ts";
import { type Pointed, pointDomains, refusePointing } from "./dns/point.ts";
import type { PointNote } from "./dns/point-notes.ts";
import type { Side } from "./dns/pointing.ts";
import type { DnsProvider } from "./dns/provider.ts";
import { DnsReader } from "./dns/reader.ts";
import { listDomains, type StageDomain } from "./plan/domains.ts";
import { type LiveApps, readStageApps } from "./plan/live.ts";
import type { MoveStage } from "./stage.ts";

export interface StagePointing {
	/** `new` in the phase `live`, `old` in the others but `trial`. */
	to: Side;
	tell(line: string): void;
	/** Ends the wait. */
	signal: AbortSignal;
	/** Whether the domains are prepared: a person's own step in `prepare`, and no part of a switch. @default false */
	isPreparing?: boolean;
	/** As that of `pointDomains`. */
	note?(note: PointNote): Promise<void>;
}

/**
 * Leads each domain under `move.domains` to a side.
 *
 * @throws Error where a side is not as its phase makes it, and what `pointDomains` throws
 */
export async function pointStage(context: Context, moved: MoveStage, given: StagePointing): Promise<Pointed[]> {
	const { to, tell, isPreparing = false } = given;
	// After the night Aptible may run or not, and need not be asked.
	const isAsked = to === "new" || isPreparing || moved.stage.move?.phase === "frozen";
	const live = isAsked ? await look(context, moved, given) : undefined;
	const domains = listMoved(moved, live);
	if (domains.length === 0) {
		throw new Error(
			`no domain is under move.domains of Pulumi.${moved.name}.yaml; add one: domains: { DOMAIN: { via: manual, from: ADDRESS } }`,
		);
	}
	if (live !== undefined && !isPreparing) {
		refuseOtherPhase(moved, live, to === "new" ? domains.map(({ app, service }) => `${app}.${service}`) : []);
	}
	return pointDomains({
		...given,
		moved,
		domains,
		dns: new DnsReader(),
		providerOf: openingOnce(context, tell),
	});
}

/** Each provider is opened once, as it finds its zone once. */
function openingOnce(context: Context, tell: (line: string) => void): (via: DnsWay) => Promise<DnsProvider> {
	const hide = (secret: string) => context.redactor.add(secret);
	return onceEach((via) => openProvider(via, { env: process.env, tell, hide }));
}

/**
 * Whether a switch asks DNS before anything is done: what stands in its way there may take days, so that it is said before the night too.
 *
 * @param made the phase of the stack's last update
 */
export function isDnsAsked(to: MovePhase, made: MovePhase | undefined): boolean {
	return to === "live" || (to === "frozen" && made === "prepare");
}

/**
 * Refuses what stands in the way of leading the stage's domains to Aptible. To be asked before the night and before the phase `live`.
 *
 * @returns what is not known, a line each
 * @throws what `refusePointing` throws
 */
export async function refuseStage(context: Context, moved: MoveStage): Promise<string[]> {
	const domains = listMoved(moved, undefined);
	if (domains.length === 0) return [];
	const live = await readStageApps(context, moved);
	const providerOf = openingOnce(context, () => {});
	return refusePointing({ to: "new", moved, domains: listMoved(moved, live), dns: new DnsReader(), providerOf });
}

function listMoved(moved: MoveStage, live: LiveApps | undefined): StageDomain[] {
	return listDomains(moved.stage, live).filter((one) => one.moved !== undefined);
}

/** On the way back Aptible may be what fails: that keeps nobody from it. */
async function look(
	context: Context,
	moved: MoveStage,
	{ to, isPreparing = false, tell }: StagePointing,
): Promise<LiveApps | undefined> {
	try {
		return await readStageApps(context, moved);
	} catch (error) {
		if (to === "new" || isPreparing) throw error;
		tell(`whether services run on Aptible is unknown: ${(error as Error).message}`);
		return undefined;
	}
}

/** The stage file may be ahead of the last update: people would be led to services that are stopped, or be on both sides. */
function refuseOtherPhase({ name, stage }: MoveStage, { containers }: LiveApps, serving: readonly string[]): void {
	const phase = stage.move?.phase;
	const wrong = [...containers].flatMap(([service, count]) => {
		if (serving.length === 0) return (count ?? 0) > 0 ? [`${service} has ${count} containers`] : [];
		return serving.includes(service) && count === 0 ? [`${service} has 0 containers`] : [];
	});
	const missing = serving.filter((service) => !containers.has(service)).map((service) => `${service} is not there`);
	if (wrong.length + missing.length === 0) return;
	throw new Error(
		`Aptible is not in the phase ${phase} yet: ${[...missing, ...wrong].join(", ")}; first: pulumi up --stack ${name}`,
	);
}
