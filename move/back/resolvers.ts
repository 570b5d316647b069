/** Until when resolvers may lead people to Aptible on the way back, and the wait for that. */
import { setTimeout as sleep } from "node:timers/promises";
import { longestTtl } from "../dns/differences.ts";
import type { Pointed } from "../dns/point.ts";
import { readPointNotes } from "../dns/point-notes.ts";
import { heldSeconds, readTtlNotes, ttlFloor } from "../dns/ttl-notes.ts";
import type { MoveStage } from "../stage.ts";

/** A wait is said again after this long. */
const SAY_MS = 60_000;

/**
 * Until when resolvers may hold an answer that leads to Aptible. A domain that led to MedStack already may have done so for a second
 * alone: the TTL that is noted of it counts from now.
 *
 * @param pointed the domains that were led there now
 */
export function findResolversEnd(
	moved: MoveStage,
	pointed: readonly Pick<Pointed, "domain" | "resolversUntil">[],
	now: Date,
): Date {
	const [ttls, notes, floorSeconds] = [readTtlNotes(moved), readPointNotes(moved), ttlFloor(moved)];
	const ends = Object.keys(moved.stage.move?.domains ?? {}).map((domain) => {
		const led = pointed.find((one) => one.domain === domain);
		if (led !== undefined) return led.resolversUntil.getTime();
		const former = notes.findLast((note) => note.domain === domain && note.to === "old")?.former ?? {};
		const ttl = Math.max(longestTtl(former) ?? 0, ttls[domain]?.ttlSeconds ?? 0);
		return now.getTime() + heldSeconds(ttl, floorSeconds) * 1000;
	});
	return new Date(Math.max(now.getTime(), ...ends));
}

/** @throws where the person goes away */
export async function waitUntil(time: Date, tell: (line: string) => void, signal: AbortSignal): Promise<void> {
	for (;;) {
		const left = time.getTime() - Date.now();
		if (left <= 0) return;
		tell(`waiting for ${Math.ceil(left / 1000)} s more`);
		await sleep(Math.min(left, SAY_MS), undefined, { signal }).catch(() => {
			throw new Error("left while it waited; to go on: npm run move -- back --stack STACK");
		});
	}
}
