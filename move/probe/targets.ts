/** Which domains are probed, and where their new side is. */
import type { Context } from "../../aptible/context.ts";
import { listDomains } from "../plan/domains.ts";
import { readLive } from "../plan/live.ts";
import type { MoveStage } from "../stage.ts";
import type { ProbeResult, ProbeTarget } from "./probe.ts";

/** The endpoints that domains are asked at are of the kind https (config/move-rules.ts), and on its port. */
const HTTPS_PORT = 443;

export interface ProbeTargets {
	targets: readonly ProbeTarget[];
	/** Domains without an endpoint that is known, which is a failure each. */
	unknown: readonly ProbeResult[];
}

/** The domains of `move.domains`, with the load balancers of their endpoints on Aptible. */
export async function findTargets(context: Context, moved: MoveStage): Promise<ProbeTargets> {
	const domains = Object.keys(moved.stage.move?.domains ?? {});
	const live = domains.length === 0 ? undefined : await readLive(context, moved);
	const targets: ProbeTarget[] = [];
	const unknown: ProbeResult[] = [];
	for (const { domain, app, endpoint, service, environment, moved: from, live: own } of listDomains(
		moved.stage,
		live,
	)) {
		if (from === undefined) continue;
		if (own?.hostname === undefined) {
			const line = `${domain}: failed: which load balancer its endpoint ${app}.${endpoint} has is unknown; is it there, and the only one of its service with its kind of certificate? aptible endpoints:list --app ${app} --environment ${environment}`;
			unknown.push({ isPassed: false, line });
			continue;
		}
		const address = { host: own.hostname, port: HTTPS_PORT };
		targets.push({ domain, app, endpoint: `${app}.${endpoint}`, service, environment, from: from.from, address });
	}
	return { targets, unknown };
}
