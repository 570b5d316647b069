/** Which TTL a record had when it was looked at, as nothing in DNS says what it was before: a file in the folder `.move`. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { leastTiming } from "../../config/move.ts";
import { openMoveFolder, writeWhole } from "../folder.ts";
import type { MoveStage } from "../stage.ts";

const Notes = z.record(
	z.string(),
	z.strictObject({
		ttlSeconds: z.int(),
		/** When this one was seen first. */
		seen: z.iso.datetime(),
		/** When no cache holds an answer with a longer one that was seen. Absent where none was, or its wait was over. */
		safeFrom: z.iso.datetime().optional(),
	}),
);
/** By the name of the record. */
export type TtlNotes = z.infer<typeof Notes>;
export type TtlNote = TtlNotes[string];

/**
 * What is noted of a record that is seen with a TTL. It was lowered at some time before: counted from now, its caches have surely ended.
 * A wait that runs goes on when the TTL rises.
 *
 * @param floorSeconds as that of `heldSeconds`
 */
export function noteTtl(
	former: TtlNote | undefined,
	ttlSeconds: number,
	{ now, floorSeconds }: { now: Date; floorSeconds: number },
): TtlNote {
	if (former?.ttlSeconds === ttlSeconds) return former;
	const seen = now.toISOString();
	if (former === undefined) return { ttlSeconds, seen };
	const ends = former.safeFrom !== undefined && former.safeFrom > seen ? [former.safeFrom] : [];
	const heldMs = heldSeconds(former.ttlSeconds, floorSeconds) * 1000;
	if (ttlSeconds < former.ttlSeconds) ends.push(new Date(now.getTime() + heldMs).toISOString());
	const safeFrom = ends.sort().at(-1);
	return { ttlSeconds, seen, ...(safeFrom === undefined ? {} : { safeFrom }) };
}

/** BIND, with the longest memory of the usual resolvers, keeps no answer for more than a week (max-cache-ttl, BIND 9 manual). */
const SURELY_AGED_MS = 7 * 86_400_000;

/** Whether a record may have had a longer TTL than was seen here, as nothing in DNS says. */
export function isFormerUnknown({ safeFrom, seen }: TtlNote, now: Date): boolean {
	return safeFrom === undefined && now.getTime() - Date.parse(seen) <= SURELY_AGED_MS;
}

/**
 * For how long caches are reckoned to hold an answer, in seconds.
 *
 * @param floorSeconds for which they keep one whose TTL is lower (`move.timing.ttlFloorSeconds`)
 */
export function heldSeconds(ttlSeconds: number, floorSeconds: number): number {
	return Math.max(ttlSeconds, floorSeconds);
}

/** Path of the notes of a stage. */
export function ttlNotesFile({ folder, name }: Pick<MoveStage, "folder" | "name">): string {
	return path.join(folder, ".move", `${name}-ttl.json`);
}

/** @throws where the file is not what this program writes */
export function readTtlNotes(moved: MoveStage): TtlNotes {
	const file = ttlNotesFile(moved);
	if (!existsSync(file)) return {};
	try {
		return Notes.parse(JSON.parse(readFileSync(file, "utf8")));
	} catch {
		throw new Error(
			`${file} is not what \`plan\` writes; remove it, and the TTLs are noted anew from now on: rm ${file}`,
		);
	}
}

export function writeTtlNotes(moved: MoveStage, notes: TtlNotes): void {
	openMoveFolder(moved);
	writeWhole(ttlNotesFile(moved), `${JSON.stringify(notes, null, 2)}\n`);
}

/** TTL that is reckoned with where a record has a lower one, in seconds. */
export function ttlFloor({ stage }: Pick<MoveStage, "stage">): number {
	return stage.move?.timing.ttlFloorSeconds ?? leastTiming.ttlFloorSeconds;
}
