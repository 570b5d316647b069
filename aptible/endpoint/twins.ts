/**
 * Endpoints that one request made twice: the CLI's HTTP library sends it again when the connection drops before the answer
 * (facts/aptible.md §11). The CLI provisions one of the two records, and the other stays `pending` for ever.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { EndpointSpec } from "../../wire/endpoint.ts";
import type { Endpoint } from "../api/endpoint.ts";
import { objectExists } from "../api/existence.ts";
import { createOperation, listOperations } from "../api/operation.ts";

import type { Context } from "../context.ts";
import { oldest } from "./find.ts";
import { objectOf } from "./observe.ts";

/** The two are made within this long; what is further apart was asked for twice. */
const apartMs = 2 * 60_000;

/** Of the records that may be ours, the one that the CLI went on with, which need not be the oldest. */
export async function chooseTwin(context: Context, candidates: readonly Endpoint[]): Promise<Endpoint | undefined> {
	const first = oldest(candidates);
	if (first === undefined || candidates.length === 1) return first;
	for (const one of candidates.filter((other) => isTwin(first, other)).sort((a, b) => a.id - b.id)) {
		if (await isBegun(context, one)) return one;
	}
	return first;
}

/** Removes the other records of the request that made this one. What anybody ever sent an operation to is left alone. */
export async function removeTwins(
	context: Context,
	spec: EndpointSpec,
	kept: Endpoint,
	candidates: readonly Endpoint[],
): Promise<void> {
	const twins: Endpoint[] = [];
	for (const one of candidates) {
		if (one.id !== kept.id && isTwin(kept, one) && !(await isBegun(context, one))) twins.push(one);
	}
	// The dashboard sends the record and its operation one after the other: somebody may be about to send the second.
	if (twins.length > 0) await sleep(context.lagMs);
	for (const twin of twins) {
		if (await isBegun(context, twin)) continue;
		const object = objectOf(spec, twin.id);
		context.progress(`${object.label}: its creation was sent twice by the aptible CLI; removing record ${twin.id}...`);
		await context.deprovision(
			object,
			() => createOperation(context.api, "vhosts", twin.id, { type: "deprovision" }),
			() => objectExists(context.api, "vhosts", twin.id),
		);
	}
}

function isTwin(one: Endpoint, other: Endpoint): boolean {
	return Math.abs(Date.parse(one.createdAt) - Date.parse(other.createdAt)) < apartMs;
}

/** Whether anybody ever sent an operation to it: a record alone serves nothing. */
export async function isBegun(context: Context, { id, status }: Endpoint): Promise<boolean> {
	return status !== "pending" || (await listOperations(context.api, "vhosts", id)).length > 0;
}
