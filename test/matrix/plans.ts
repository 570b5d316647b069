/** What goes wrong in a cell of the matrix: a fault, a kill after the n-th write, or both. */
import type { Fault } from "../../sandbox/aptible/faults.ts";

/** What goes wrong. */
export interface Plan {
	fault?: Fault;
	/** After how many writes the run is killed. */
	killedAfter?: number;
	/** How long operations take, so that a run which is killed leaves one at work. */
	operationMs?: number;
}

/** Each named fault but the halts, which are the kills, with the writes without which it cannot strike. */
const faults: readonly (Fault & { needs?: RegExp })[] = [
	{ name: "deploy-fails", needs: /"op".*"type":"(deploy|rebuild)"/ },
	{ name: "provision-fails", needs: /"type":"(provision|clone|replicate\w*|restore)"/ },
	{ name: "deprovision-fails", needs: /"type":"deprovision"/ },
	{ name: "configure-fails", needs: /"type":"configure"/ },
	{ name: "scale-fails", needs: /"type":"scale"/ },
	{ name: "renew-fails", needs: /"type":"renew"/ },
	{ name: "portal-down", needs: /"op"/ },
	{ name: "portal-early", ms: 30, needs: /"op"/ },
	{ name: "connection-drops", write: "create", needs: /"create"/ },
	{ name: "connection-drops", write: "update", needs: /"update"/ },
	{ name: "connection-drops", write: "delete", needs: /"delete"/ },
	{ name: "connection-drops", write: "operation", needs: /"op"/ },
	{ name: "request-refused", needs: /"op"/ },
	{ name: "request-refused", status: 503, needs: /"op"/ },
	{ name: "unauthorized" },
	{ name: "secrets-hidden" },
	{ name: "not-found-race" },
	{ name: "not-found-race", times: 2 },
	{ name: "deprovision-race", needs: /"type":"deprovision","kind":"vhosts"/ },
	{ name: "slow-queue", ms: 30, needs: /"op"/ },
	{ name: "api-unreachable" },
];

/** All that can go wrong in a run that makes these writes when nothing does: each fault, each kill, and each pair of them. */
export function plansFor(writes: readonly string[]): Plan[] {
	const striking = faults.filter(({ needs }) => needs === undefined || writes.some((write) => needs.test(write)));
	const kills = writes.map((_, index) => ({ killedAfter: index + 1 }));
	const single = striking.map(({ needs: _, ...fault }) => ({ fault }));
	const slow = kills.map((kill) => ({ ...kill, operationMs: 40 }));
	return [{}, ...single, ...kills, ...slow, ...single.flatMap((one) => kills.map((kill) => ({ ...one, ...kill })))];
}

/** A plan in words: `connection-drops {"write":"create"}, killed after 1`. */
export function tellPlan({ fault, killedAfter, operationMs }: Plan): string {
	const { name, ...rest } = fault ?? {};
	const parts = [
		...(name === undefined ? [] : [Object.keys(rest).length === 0 ? name : `${name} ${JSON.stringify(rest)}`]),
		...(killedAfter === undefined ? [] : [`killed after write ${killedAfter}`]),
		...(operationMs === undefined ? [] : [`operations of ${operationMs} ms`]),
	];
	return parts.length === 0 ? "nothing" : parts.join(", ");
}
