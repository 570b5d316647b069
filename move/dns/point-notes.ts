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

const PointAnswer = z.strictObject({
	at: z.iso.datetime(),
	/** A name server that is not waited for while it is silent. */
	withoutServer: z.string().optional(),
	/** Whether the former TTL of every domain has passed, which nothing here has seen. */
	ttlPassed: z.literal(true).optional(),
});
/** What a person has typed, as nothing here could see it. */
export type PointAnswer = z.infer<typeof PointAnswer>;

/** Path of the notes of a stage. */
export function pointNotesFile({ folder, name }: Pick<MoveStage, "folder" | "name">): string {
	return path.join(folder, ".move", `${name}-dns.jsonl`);
}

/** Adds a line, which is on the disk when this returns. */
export function notePoint(moved: MoveStage, note: PointNote | PointAnswer): void {
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
	return readLinesAs(moved, PointNote);
}

/** Values that this program has led a name to. */
export function readOurs(moved: MoveStage, name: string): string[] {
	return readPointNotes(moved).flatMap(({ domain, target }) => (domain === name ? [target] : []));
}

/** Names of servers that are not waited for while they are silent. */
export function readExcused(moved: MoveStage): ReadonlySet<string> {
	return new Set(readLinesAs(moved, PointAnswer).flatMap(({ withoutServer }) => withoutServer ?? []));
}

/** Whether a server, by what a reading calls it, is one of these. */
export function isExcused(server: string, excused: ReadonlySet<string>): boolean {
	return excused.has(server.split(" ")[0] ?? "");
}

/** When it was last typed that every former TTL has passed; undefined where it never was. */
export function readTtlPassed(moved: MoveStage): string | undefined {
	return readLinesAs(moved, PointAnswer).findLast(({ ttlPassed }) => ttlPassed === true)?.at;
}

function readLinesAs<T>(moved: MoveStage, schema: z.ZodType<T>): T[] {
	const file = pointNotesFile(moved);
	if (!existsSync(file)) return [];
	return readFileSync(file, "utf8")
		.split("\n")
		.flatMap((line) => {
			try {
				return [schema.parse(JSON.parse(line))];
			} catch {
				return [];
			}
		});
}

/** Notes what a person has typed of DNS, for whatever asks it. */
export function noteAnswers(moved: MoveStage, server: string | undefined, isPassed: boolean): void {
	const withoutServer = server?.toLowerCase().replace(/\.$/, "");
	const at = new Date().toISOString();
	notePoint(moved, { at, ...(withoutServer && { withoutServer }), ...(isPassed && { ttlPassed: true }) });
}
