/** A thaw without the mover and the target: the SQL that undoes a freeze, from the journal's file beside the stage. */
import { readLocalLines } from "../packages/mover/journal/local-file.ts";
import { notesIn } from "../packages/mover/journal/notes.ts";
import { undoing } from "../packages/mover/postgresql/locks.ts";
import type { MoveStage } from "./stage.ts";
import { journalFile } from "./work.ts";

/**
 * @param wanted the stage's name of the database; absent: the one that is frozen
 * @throws where the file holds no freeze of it that is not undone, or several and none is named
 */
export function thawStatements(moved: MoveStage, wanted?: string): string[] {
	const file = journalFile(moved);
	const { lines } = readLocalLines(file);
	const databases = [...new Set(lines.map(({ database }) => database))].filter((name) => name === (wanted ?? name));
	const frozen = databases.flatMap((database) => {
		const notes = notesIn(lines, database);
		return notes.size === 0 ? [] : [{ database, notes }];
	});
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
	return [
		"-- First set the mover to 0 replicas in MedStack, and where the target answers: npm run move -- stop --stack STACK. Else it may go on with a freeze.",
		"-- In psql, on the source, as the login that the mover has there. The next `npm run move -- thaw --stack STACK` finds it done.",
		...frozen.flatMap(({ database, notes }) => [`-- database ${database}`, ...undoing(notes)]),
	];
}
