/** What goes wrong in a cell of the matrix: a fault, a kill after the n-th write or at the n-th start of the CLI, or a fault and a kill. */
import type { Fault } from "@medstack-to-aptible/sandbox/aptible/faults.ts";
import { hidingFaults } from "./hidden.ts";

/** What goes wrong. */
export interface Plan {
	fault?: Fault;
	/** It hides what is there. */
	hides?: true;
	/** What goes wrong besides, in the same run. */
	also?: Fault;
	/** It is no reason for the run to fail. */
	mustSucceed?: true;
	/** After how many writes the run is killed. */
	killedAfter?: number;
	/** At the start of which change by the CLI the run is killed; the CLI goes on to its end, beside the next run. */
	orphanedAt?: number;
	/** How long operations take, so that a run which is killed leaves one at work. */
	operationMs?: number;
}

/** Kinds of object on which somebody else works, too. */
const foreign = /"op".*"kind":"(apps|services|databases|vhosts)"/;

const shortPages: Fault = { name: "short-pages", times: 100_000 };

/** Each named fault but the halts, which are the kills, with the writes without which it cannot strike. */
const faults: readonly (Fault & Pick<Plan, "also" | "mustSucceed"> & { needs?: RegExp; isAlone?: true })[] = [
	{ name: "deploy-fails", needs: /"op".*"type":"(deploy|rebuild)"/ },
	{ name: "provision-fails", needs: /"type":"(provision|clone|replicate\w*|restore)"/ },
	{ name: "deprovision-fails", needs: /"type":"deprovision"/ },
	{ name: "configure-fails", needs: /"type":"configure"/ },
	{ name: "scale-fails", needs: /"type":"scale"/ },
	{ name: "part-lost", part: "env", needs: /"op".*"env"/ },
	{ name: "part-lost", part: "settings", needs: /"op".*"kind":"apps".*"settings"/ },
	{ name: "part-lost", part: "sensitive_settings", needs: /"op".*"sensitive_settings"/ },
	{ name: "part-lost", part: "container_count", needs: /"op".*"container_count"/ },
	{ name: "part-lost", part: "container_size", needs: /"op".*"kind":"services".*"container_size"/ },
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
	{ name: "secrets-hidden", form: "empty", command: "GET /settings" },
	{ name: "not-found-race" },
	{ name: "not-found-race", times: 2 },
	{ name: "not-found-race", times: 3 },
	// Trouble with reads that passes by itself, though not within four tries: no run may fail of it.
	{ name: "api-unreachable", command: "GET ", times: 6, mustSucceed: true, isAlone: true },
	{ name: "api-429", command: "GET ", retryAfter: "0", times: 6, mustSucceed: true, isAlone: true },
	{ name: "body-cut", command: "GET ", times: 6, mustSucceed: true, isAlone: true },
	{ name: "html-answer", command: "GET ", times: 6, mustSucceed: true, isAlone: true },
	{ name: "foreign-operation", outcome: "failed", needs: foreign, mustSucceed: true },
	{ name: "foreign-operation", also: { name: "deploy-fails" }, needs: /"op".*"type":"(deploy|rebuild)"/ },
	{ name: "foreign-operation", also: { name: "configure-fails" }, needs: /"type":"configure"/ },
	{ name: "foreign-operation", also: { name: "scale-fails" }, needs: /"type":"scale"/ },
	{
		name: "foreign-operation",
		also: { name: "provision-fails" },
		needs: /"type":"provision","kind":"(databases|vhosts)"/,
	},
	{ name: "operations-lag", times: 3, needs: /"op"/, mustSucceed: true },
	{ name: "stale-list", times: 3, isAlone: true },
	{ name: "short-pages", perPage: 1, times: 100_000, mustSucceed: true, isAlone: true },
	{
		name: "operations-order",
		order: "ascending",
		times: 1000,
		also: shortPages,
		needs: /"op"/,
		mustSucceed: true,
		isAlone: true,
	},
	{
		name: "operations-order",
		order: "shuffled",
		times: 1000,
		also: shortPages,
		needs: /"op"/,
		mustSucceed: true,
		isAlone: true,
	},
	{ name: "sends-twice", write: "operation", needs: /"op"/, mustSucceed: true },
	{ name: "sends-twice", write: "create", needs: /"create"/, mustSucceed: true },
	{ name: "sends-twice", write: "create", answer: "first", needs: /"create":"vhosts"/, mustSucceed: true },
	{
		name: "sends-twice",
		command: "deploy",
		also: { name: "deploy-fails" },
		needs: /"op".*"type":"deploy"/,
		mustSucceed: true,
	},
	{ name: "deprovision-race", needs: /"type":"deprovision","kind":"vhosts"/ },
	{ name: "slow-queue", ms: 30, needs: /"op"/ },
	{ name: "api-unreachable" },
	{ name: "outage", ms: 60 },
	{ name: "body-cut" },
	{ name: "html-answer" },
];

/**
 * All that can go wrong in a run that makes these writes when nothing does: each fault, each kill, and each pair of them, and what it
 * reads being hidden.
 *
 * @param changes how many changes it makes by the CLI
 * @param routes what it reads, without ids
 */
export function plansFor(writes: readonly string[], changes: number, routes: Iterable<string>): Plan[] {
	const striking = faults.filter(({ needs }) => needs === undefined || writes.some((write) => needs.test(write)));
	const kills = writes.map((_, index) => ({ killedAfter: index + 1 }));
	const single = striking.map(({ needs: _, isAlone: _alone, also, mustSucceed, ...fault }) => ({
		fault,
		...(also === undefined ? {} : { also }),
		...(mustSucceed === undefined ? {} : { mustSucceed }),
	}));
	const paired = single.filter((_, index) => striking[index]?.isAlone === undefined);
	const orphans = Array.from({ length: changes }, (_, index) => ({ orphanedAt: index + 1 }));
	const slow = [...kills, ...orphans].map((kill) => ({ ...kill, operationMs: 40 }));
	return [
		{},
		...single,
		...kills,
		...orphans,
		...slow,
		...paired.flatMap((one) => kills.map((kill) => ({ ...one, ...kill }))),
		...hidingFaults(routes).map((fault): Plan => ({ fault, hides: true })),
	];
}

/** A plan in words: `connection-drops {"write":"create"}, killed after 1`. */
export function tellPlan({ fault, also, killedAfter, orphanedAt, operationMs }: Plan): string {
	const { name, ...rest } = fault ?? {};
	const parts = [
		...(name === undefined ? [] : [Object.keys(rest).length === 0 ? name : `${name} ${JSON.stringify(rest)}`]),
		...(also === undefined ? [] : [also.name]),
		...(killedAfter === undefined ? [] : [`killed after write ${killedAfter}`]),
		...(orphanedAt === undefined ? [] : [`dead at change ${orphanedAt}, its CLI alive`]),
		...(operationMs === undefined ? [] : [`operations of ${operationMs} ms`]),
	];
	return parts.length === 0 ? "nothing" : parts.join(", ");
}
