/** The journal's end: dropped from every server, once each of its lines is in a file. */
import { renameSync } from "node:fs";
import path from "node:path";
import { readLines } from "../../packages/mover/journal/journal.ts";
import type { JournalLine } from "../../packages/mover/journal/line.ts";
import { LocalFile, readLocalLines } from "../../packages/mover/journal/local-file.ts";
import { findJournalDatabase, JOURNAL_DATABASE } from "../../packages/mover/journal/schema.ts";
import { writeReport } from "../report.ts";
import type { MoveSession, Way } from "../session.ts";
import type { MoveStage } from "../stage.ts";
import { journalFile } from "../work.ts";
import { dropDatabase } from "./former.ts";

/**
 * Drops the journal from every server: the lines of the first are in the file beside the stage, which is put aside for the next move's;
 * those of another, which has its own swaps under numbers of its own, go to a file of their own. The report of each run is written first.
 *
 * @param first the database whose server has the journal of the move
 * @param handles the stage's databases whose servers may have one
 * @throws where the file lacks lines, and nothing of that server is dropped
 */
export async function dropJournals(
	moved: MoveStage,
	{ first, handles }: { first: string; handles: readonly string[] },
	{ way: wayTo, tell }: { way: (handle: string) => Way; tell: (line: string) => void },
): Promise<void> {
	const file = journalFile(moved);
	const { lines } = readLocalLines(file);
	for (const handle of [...handles.filter((one) => one !== first), first]) {
		const way = wayTo(handle);
		const journal = await findJournalDatabase((database) => way.connect(database));
		if (journal === undefined) continue;
		const server = await readLines(journal).finally(() => journal.end());
		if (handle === first) {
			refuseMissing(file, lines, server);
			for (const report of await way.look((session) => writeReports(session, moved))) tell(`kept: ${report}`);
		} else if (server.length > 0) {
			const kept = closedName(file, server, `-${handle}`);
			(await LocalFile.open(kept, () => Promise.resolve(server))).close();
			tell(`${handle}: its journal is kept in ${kept}`);
		}
		// Its sessions of this command's go with it.
		await way.close();
		const session = await way.connect("postgres");
		await dropDatabase(session, JOURNAL_DATABASE).finally(() => session.end());
		tell(`${handle}: database ${JOURNAL_DATABASE} is dropped`);
	}
	if (lines.length === 0) return;
	const kept = closedName(file, lines);
	renameSync(file, kept);
	tell(`the journal is kept in ${kept}`);
}

/** The reports of all runs, which are in no line of the journal: what was found and proved goes with the database. @returns their paths */
async function writeReports(session: MoveSession | undefined, moved: MoveStage): Promise<string[]> {
	if (session === undefined) return [];
	const { rows } = await session.query(
		"SELECT DISTINCT run FROM public.wishes WHERE run IS NOT NULL AND state <> 'asked' ORDER BY run",
	);
	const files: string[] = [];
	for (const { run } of rows) files.push(...(await writeReport(session, moved, run)));
	return files;
}

/** Where a journal is kept that is closed: by the time of its last line, so that another try gives the same name. */
function closedName(file: string, lines: readonly JournalLine[], of = ""): string {
	const time = lines.at(-1)?.at.replaceAll(/[:.]/g, "-");
	return path.join(path.dirname(file), `${path.basename(file, ".jsonl")}${of}-closed-${time}.jsonl`);
}

function refuseMissing(file: string, local: readonly JournalLine[], server: readonly JournalLine[]): void {
	const known = new Set(local.map(({ seq }) => seq));
	const missing = server.filter(({ seq }) => !known.has(seq));
	if (missing.length === 0) return;
	throw new Error(
		`${file} lacks ${missing.length} of the journal's lines (first: number ${missing[0]?.seq}), so database ${JOURNAL_DATABASE} is not dropped; move the file away, and run it again: it is written anew from the server`,
	);
}
