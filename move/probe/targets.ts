/** Which domains are probed, and where their new side is. */
import type { Context } from "../../aptible/context.ts";
import { listDomains } from "../plan/domains.ts";
import { readStageApps } from "../plan/live.ts";
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
	const live = domains.length === 0 ? undefined : await readStageApps(context, moved);
	const targets: ProbeTarget[] = [];
	const unknown: ProbeResult[] = [];
	const fail = (domain: string, says: string) =>
		void unknown.push({ domain, isPassed: false, line: `${domain}: failed: ${says}` });
	const subjects = listDomains(moved.stage, live);
	for (const domain of domains) {
		const subject = subjects.find((one) => one.domain === domain);
		if (subject?.moved === undefined) {
			fail(domain, "its endpoint is internal, which nobody reaches from here; remove it from move.domains");
			continue;
		}
		const { app, service, environment } = subject;
		const endpoint = `${app}.${subject.endpoint}`;
		const host = subject.live?.hostname;
		if (host === undefined) {
			const look = `aptible endpoints:list --app ${app} --environment ${environment}`;
			fail(
				domain,
				`which load balancer its endpoint ${endpoint} has is unknown; is it there, and the only one of its service with its kind of certificate? ${look}`,
			);
			continue;
		}
		const address = { host, port: HTTPS_PORT };
		targets.push({ domain, app, endpoint, service, environment, from: subject.moved.from, address });
	}
	return { targets, unknown };
}
