/** `npm run move -- point --to new --stack STACK`, and `--to old`: leads the domains of a stage to one side, by what the stage file and Aptible have of them. */
import type { Context } from "../aptible/context.ts";
import { openProvider } from "./dns/open-provider.ts";
import { type Pointed, pointDomains, refusePointing } from "./dns/point.ts";
import type { Side } from "./dns/pointing.ts";
import { DnsReader } from "./dns/reader.ts";
import { listDomains, type StageDomain } from "./plan/domains.ts";
import { type LiveApps, readApps } from "./plan/live.ts";
import { findEnvironment } from "./session.ts";
import type { MoveStage } from "./stage.ts";

export interface StagePointing {
	/** `new` in the phase `live`, `old` in the others but `trial`. */
	to: Side;
	tell(line: string): void;
	/** Ends the wait. */
	signal: AbortSignal;
}

/**
 * Leads each domain under `move.domains` to a side.
 *
 * @throws Error where a side is not as its phase makes it, and what `pointDomains` throws
 */
export async function pointStage(
	context: Context,
	moved: MoveStage,
	{ to, tell, signal }: StagePointing,
): Promise<Pointed[]> {
	// Before and after the night Aptible may run or not, and need not be asked.
	const live = to === "new" || moved.stage.move?.phase === "frozen" ? await look(context, moved, to, tell) : undefined;
	const domains = listMoved(moved, live);
	if (domains.length === 0) {
		throw new Error(
			`no domain is under move.domains of Pulumi.${moved.name}.yaml; add one: domains: { DOMAIN: { via: manual, from: ADDRESS } }`,
		);
	}
	if (live !== undefined) {
		refuseOtherPhase(moved, live, to === "new" ? domains.map(({ app, service }) => `${app}.${service}`) : []);
	}
	return pointDomains({
		to,
		moved,
		domains,
		dns: new DnsReader(),
		providerOf: (via) => openProvider(via, { env: process.env, tell, hide: (secret) => context.redactor.add(secret) }),
		tell,
		signal,
	});
}

/**
 * Refuses what stands in the way of leading the stage's domains to Aptible. To be asked before the phase `live`.
 *
 * @returns what is not known, a line each
 * @throws what `refusePointing` throws
 */
export async function refuseStage(context: Context, moved: MoveStage): Promise<string[]> {
	const domains = listMoved(moved, undefined);
	if (domains.length === 0) return [];
	const live = await readApps(context.api, (await findEnvironment(context, moved)).id, moved.stage);
	return refusePointing({ to: "new", moved, domains: listMoved(moved, live), dns: new DnsReader() });
}

function listMoved(moved: MoveStage, live: LiveApps | undefined): StageDomain[] {
	return listDomains(moved.stage, live).filter((one) => one.moved !== undefined);
}

/** On the way back Aptible may be what fails: that keeps nobody from it. */
async function look(
	context: Context,
	moved: MoveStage,
	to: Side,
	tell: (line: string) => void,
): Promise<LiveApps | undefined> {
	try {
		return await readApps(context.api, (await findEnvironment(context, moved)).id, moved.stage);
	} catch (error) {
		if (to === "new") throw error;
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
