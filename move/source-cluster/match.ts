/** Which service of the old cluster is meant by a name of the stage file. */
import { lookUp } from "../../wire/own.ts";
import type { MoveStage } from "../stage.ts";
import type { ClusterService } from "./medstack-api.ts";
import { stopOrder } from "./order.ts";

/** A service of the stage, and the one that stands for it in MedStack; or why there is none. */
export interface Match {
	/** `portal.web`. */
	name: string;
	service: ClusterService | string;
}

/**
 * By `move.from.services`, else by its name: `portal.web` is MedStack's `portal.web`, `portal-web` or `portal_web`, or `web` where no other
 * app of the stage has a service of that name. In the order in which they stop.
 */
export function matchServices(moved: MoveStage, services: readonly ClusterService[]): Match[] {
	const names = stopOrder(moved).flatMap((group) => group.names);
	const given = moved.stage.move?.from.services ?? {};
	const matches = names.map((name): Match => {
		const wanted = lookUp(given, name);
		const found = services.filter((one) =>
			wanted === undefined ? isNamedSo(one.name, name, names) : one.name === wanted,
		);
		const [service] = found;
		if (service === undefined) {
			const what = wanted === undefined ? "no service of that name" : `no service "${wanted}"`;
			return { name, service: `MedStack has ${what}; name the one that is meant under move.from.services` };
		}
		if (found.length > 1) {
			const which = found.map((one) => `"${one.name}"`).join(" and ");
			return { name, service: `MedStack has ${which}; name the one that is meant under move.from.services` };
		}
		if (service.isKept) return { name, service: `"${service.name}" is the load balancer or the mover, which stay` };
		return { name, service };
	});
	return matches.map((match) => {
		const twins = matches.filter(({ service }) => typeof service !== "string" && service === match.service);
		if (twins.length < 2 || typeof match.service === "string") return match;
		const others = twins.flatMap(({ name }) => (name === match.name ? [] : [name]));
		return {
			name: match.name,
			service: `"${match.service.name}" stands for ${others.join(", ")} too; name each under move.from.services`,
		};
	});
}

function isNamedSo(theirs: string, name: string, names: readonly string[]): boolean {
	const service = name.slice(name.indexOf(".") + 1);
	const isAlone = names.filter((other) => other.endsWith(`.${service}`)).length === 1;
	return theirs.replaceAll(/[._]/g, "-") === name.replaceAll(/[._]/g, "-") || (isAlone && theirs === service);
}
