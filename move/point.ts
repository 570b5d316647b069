/** `npm run move -- point --to new --stack STACK`, and `--to old`: leads the domains of a stage to one side, by what the stage file and Aptible have of them. */
import type { Context } from "../aptible/context.ts";
import { openProvider } from "./dns/open-provider.ts";
import { pointDomains } from "./dns/point.ts";
import type { Side } from "./dns/pointing.ts";
import { DnsReader } from "./dns/reader.ts";
import { listDomains } from "./plan/domains.ts";
import { type LiveApps, readApps } from "./plan/live.ts";
import { findEnvironment } from "./session.ts";
import type { MoveStage } from "./stage.ts";

/**
 * @param to `new` in the phase `live`, `old` in the others but `trial`
 * @throws Error where a side is not as its phase makes it, and what `pointDomains` throws
 */
export async function pointStage(
	context: Context,
	moved: MoveStage,
	{ to, tell, signal }: { to: Side; tell: (line: string) => void; signal: AbortSignal },
): Promise<void> {
	const { phase } = moved.stage.move ?? {};
	// Before and after the night Aptible may run or not, and be asked or not.
	const isNight = to === "new" || phase === "frozen";
	const live = isNight
		? await readApps(context.api, (await findEnvironment(context, moved)).id, moved.stage)
		: undefined;
	const domains = listDomains(moved.stage, live).filter((one) => one.moved !== undefined);
	if (domains.length === 0) {
		throw new Error(
			`no domain is under move.domains of Pulumi.${moved.name}.yaml; add one: domains: { DOMAIN: { via: manual, from: ADDRESS } }`,
		);
	}
	if (live !== undefined)
		refuseOtherPhase(moved, live, to === "new" ? domains.map(({ app, service }) => `${app}.${service}`) : []);
	await pointDomains({
		to,
		moved,
		domains,
		dns: new DnsReader(),
		providerOf: (via) => openProvider(via, { env: process.env, tell, hide: (secret) => context.redactor.add(secret) }),
		tell,
		signal,
	});
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
