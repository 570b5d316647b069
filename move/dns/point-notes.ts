/** What a domain was before this program changed it: lines of JSON in the folder `.move`, each on the disk before DNS is changed. */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { openMoveFolder } from "../folder.ts";
import type { MoveStage } from "../stage.ts";

const RecordSet = z.strictObject({ ttlSeconds: z.int(), values: z.array(z.string()) });

const PointNote = z.strictObject({
	at: z.iso.datetime(),
	domain: z.string(),
	to: z.enum(["old", "new"]),
	/** Of all authoritative servers together. */
	former: z.strictObject({ A: RecordSet, AAAA: RecordSet, CNAME: RecordSet }).partial(),
	/** What it is led to. */
	target: z.string(),
});
/** One change of a domain. It holds names and addresses that DNS shows to everybody, and no secret. */
export type PointNote = z.infer<typeof PointNote>;

/** Path of the notes of a stage. */
export function pointNotesFile({ folder, name }: Pick<MoveStage, "folder" | "name">): string {
	return path.join(folder, ".move", `${name}-dns.jsonl`);
}

/** Adds a line, which is on the disk when this returns. */
export function notePoint(moved: MoveStage, note: PointNote): void {
	openMoveFolder(moved);
	const file = openSync(pointNotesFile(moved), "a", 0o600);
	try {
		// A kill may have left half a line.
		writeSync(file, `\n${JSON.stringify(note)}\n`);
		fsyncSync(file);
	} finally {
		closeSync(file);
	}
}

/** In the order of their making; a line that a kill has cut is none. */
export function readPointNotes(moved: MoveStage): PointNote[] {
	const file = pointNotesFile(moved);
	if (!existsSync(file)) return [];
	return readFileSync(file, "utf8")
		.split("\n")
		.flatMap((line) => {
			try {
				return [PointNote.parse(JSON.parse(line))];
			} catch {
				return [];
			}
		});
}
