/** A thaw without the mover and the target: the SQL that undoes a freeze, from the journal's file beside the stage. */
import type { Notes } from "../packages/mover/engine.ts";
import { DamagedFile, type LocalLines, readLocalLines } from "../packages/mover/journal/local-file.ts";
import { notesIn } from "../packages/mover/journal/notes.ts";
import { undoing } from "../packages/mover/postgresql/locks.ts";
import type { MoveStage } from "./stage.ts";
import { journalFile } from "./work.ts";

/** The databases whose source is shut by a freeze that the journal's file beside the stage has, and nobody has undone. */
export function frozenDatabases(moved: MoveStage): { database: string; notes: Notes }[] {
	const { lines } = readLines(journalFile(moved));
	return [...new Set(lines.map(({ database }) => database))]
		.map((database) => ({ database, notes: notesIn(lines, database) }))
		.filter(({ notes }) => notes.size > 0);
}

/** The file is all there is where the server is gone. @throws where it cannot be read or a line of it is damaged */
function readLines(file: string): LocalLines {
	try {
		return readLocalLines(file);
	} catch (error) {
		if (!(error instanceof DamagedFile)) throw error;
		throw new Error(
			`${error.damage}. Where the server answers, move the file away, and the next command writes it anew from there. Where it does not: keep a copy of the file, write the line anew from the mover's log (lines that have "freeze" and "note"), or remove it where it is another one, and run it again`,
		);
	}
}

/**
 * @param wanted the stage's name of the database; absent: the one that is frozen
 * @throws where the file holds no freeze of it that is not undone, or several and none is named
 */
export function thawStatements(moved: MoveStage, wanted?: string): string[] {
	const file = journalFile(moved);
	const frozen = frozenDatabases(moved).filter(({ database }) => database === (wanted ?? database));
	if (frozen.length === 0) {
		throw new Error(
			`${file} holds no freeze${wanted === undefined ? "" : ` of ${wanted}`} that is not undone; where the freeze was seen by another machine, take its file, or the lines of the mover's log that have "freeze" and "note"`,
		);
	}
	if (frozen.length > 1) {
		throw new Error(
			`${frozen.map(({ database }) => database).join(" and ")} are frozen, each to be undone in its own database; name one: npm run move -- thaw --sql --database NAME --stack STACK`,
		);
	}
	const isOver = moved.stage.move?.phase === "cancelled";
	return [
		...(isOver
			? ["-- Warning: in the phase cancelled the mover does not get in, so that no journal notes that this is done."]
			: []),
		"-- First set the mover to 0 replicas in MedStack, and where the target answers: npm run move -- stop --stack STACK. Else it may go on with a freeze.",
		"-- In psql, on the source, as the login that the mover has there. The next `npm run move -- thaw --stack STACK` finds it done.",
		...frozen.flatMap(({ database, notes }) => [`-- database ${database}`, ...undoing(notes)]),
	];
}
