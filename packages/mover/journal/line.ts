/**
 * Lines of the journal: what happened, in a fixed form that has no room for SQL, names of a database's objects, values or URLs, since
 * the journal is read by people and machines that may see none of them.
 */
import { type Evidence, STEP_NAMES, type StepName } from "../steps.ts";

export const LINE_STATES = ["begin", "done", "failed", "note"] as const;
export type LineState = (typeof LINE_STATES)[number];

/** What a line says; the server adds its number and its time. */
export interface LineContent {
	/** The run's id: `r7`. */
	run: string;
	/** The stage's name of the database; empty for what is about all of them. */
	database: string;
	step: StepName;
	/** What tells the steps of one name apart: numbers such as `16385.3`; empty where there is one. */
	part: string;
	state: LineState;
	/** Who wrote it: 12 hexadecimal digits, which a process chooses by chance. */
	holder: string;
	epoch: number;
	evidence: Evidence;
}

/** A line as it stands in the journal. */
export interface JournalLine extends LineContent {
	/** Number of the server's sequence: the order of the journal; numbers may be missing. */
	seq: number;
	/** The server's time, ISO 8601. */
	at: string;
}

const RUN = /^r[1-9]\d{0,5}$/;
const PART = /^((([st]\.)?(lo\.)?\d{1,10}(\.\d{1,10}){0,3})|db\d{1,5})?$/;
/** Parts that are told apart by a word. */
const PART_WORDS: ReadonlySet<string> = new Set(
	`before after proof source target routines triggers views events definers functions scripts keys content catalog sessions silence
	close writes domains thaw services after
	plan frozen freeze objects copy verify trial probe live watch report`.split(/\s+/),
);
const HOLDER = /^[0-9a-f]{12}$/;
/** As a stage file names a database (config/shared-fields.ts). */
const DATABASE = /^([0-9a-z][0-9a-z._-]{0,63})?$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$/;

/** What evidence may be about. A measurement that is missing here is added here, beside its kind of value. */
const EVIDENCE_KEYS: ReadonlySet<string> = new Set(
	`rows bytes parts tables indexes constraints triggers sequences objects views roles members grants settings extensions functions types
	policies items retried skipped failed count counts sum sums hash chunks schemas databases columns comments publications
	copied deleted overwritten extra summed withoutMd5 deep
	keys scripts events definers routines users expired floatTables owned made gone writes started logFile logPosition openWriters server undone
	ms cpuMs waitMs jobs attempts limit connect grantable readOnly
	equal exists created dropped swapped live kept empty pinned verified analyzed frozen
	differences blockers warnings notes findings
	inserted updated deleted xid changes
	hosts clients requests accepted lines unknown seconds silent
	phase from side by answer until reset accept
	version system identifier database aptibleId oid epoch run into
	format engine reason sqlstate signal exit`.split(/\s+/),
);

/** The words that a value may be; what is none of them, no number, sum, hash, version, time or id of a run is refused. */
const EVIDENCE_WORDS: ReadonlySet<string> = new Set(
	`binary text live frozen snapshot copied skipped none
	postgresql mysql mariadb redis mongodb
	deadline stopped paused resumed lease-lost connection refused failed killed restarted unequal torn-line takeover
	check rehearse copy verify freeze thaw
	prepare trial cancelled
	old new go again back leave all operator`.split(/\s+/),
);

const EVIDENCE_TEXTS: readonly RegExp[] = [
	// A sum or a counter of more than 53 bits.
	/^-?\d{1,40}$/,
	/^[0-9a-f]{16,64}$/,
	/^\d{1,3}(\.\d{1,3}){1,3}$/,
	TIME,
	/^(r|move_)[1-9]\d{0,5}$/,
];
/** A state of PostgreSQL's, or of the journal's own functions. */
export const SQLSTATE = /^(\d[0-9A-Z]{4}|(HV|MV|P0|XX)[0-9A-Z]{3})$/;

/** A line that the journal does not take. Says which part of it, and never its value. */
export class LineRefused extends Error {
	override name = "LineRefused";
}

/** @throws LineRefused with the field that is wrong */
export function checkContent(line: LineContent, databases?: ReadonlySet<string>): void {
	const isIn = (list: readonly string[], value: unknown) => typeof value === "string" && list.includes(value);
	const fits = (pattern: RegExp, value: unknown) => typeof value === "string" && pattern.test(value);
	refuseUnless(fits(RUN, line.run), "run", "r1, r2 ...");
	refuseUnless(fits(DATABASE, line.database), "database", "a name of the stage's databases");
	refuseUnless(databases?.has(line.database) ?? true, "database", "a name of the stage's databases");
	refuseUnless(isIn(STEP_NAMES, line.step), "step", STEP_NAMES.join(", "));
	refuseUnless(
		fits(PART, line.part) || PART_WORDS.has(line.part),
		"part",
		"up to four numbers, such as 16385.3 or s.lo.0, or a word of PART_WORDS in packages/mover/journal/line.ts",
	);
	refuseUnless(isIn(LINE_STATES, line.state), "state", LINE_STATES.join(", "));
	refuseUnless(fits(HOLDER, line.holder), "holder", "12 hexadecimal digits");
	refuseUnless(Number.isSafeInteger(line.epoch) && line.epoch > 0, "epoch", "a whole number above 0");
	checkEvidence(line.evidence);
}

/** @throws LineRefused for a key or a value that is not in the lists above */
export function checkEvidence(evidence: Evidence): void {
	if (typeof evidence !== "object" || evidence === null || Array.isArray(evidence)) {
		throw new LineRefused("evidence of a step is no object of numbers, sums and words");
	}
	for (const [key, value] of Object.entries(evidence)) {
		if (!EVIDENCE_KEYS.has(key)) {
			throw new LineRefused(
				"evidence of a step has a key that is not in its fixed list; add it to EVIDENCE_KEYS in packages/mover/journal/line.ts",
			);
		}
		if (!isEvidenceValue(key, value)) {
			throw new LineRefused(
				`evidence ${key} is neither a number, a sum, a hash, a version, a time, nor a word of EVIDENCE_WORDS in packages/mover/journal/line.ts`,
			);
		}
	}
}

function isEvidenceValue(key: string, value: unknown): boolean {
	if (value === null || typeof value === "boolean") return true;
	if (typeof value === "number") return Number.isFinite(value);
	if (typeof value !== "string") return false;
	if (key === "sqlstate") return SQLSTATE.test(value);
	return EVIDENCE_WORDS.has(value) || EVIDENCE_TEXTS.some((pattern) => pattern.test(value));
}

function refuseUnless(isRight: boolean, field: string, allowed: string): void {
	if (!isRight) throw new LineRefused(`the journal takes no line with this ${field}; allowed: ${allowed}`);
}

/** One line of text, always the same for the same line: what is compared where two journals hold it. */
export function formatLine(line: JournalLine): string {
	const { seq, at, run, database, step, part, state, holder, epoch } = line;
	const evidence = Object.fromEntries(Object.entries(line.evidence).sort(([a], [b]) => (a < b ? -1 : 1)));
	return JSON.stringify({ seq, at, run, database, step, part, state, holder, epoch, evidence });
}

/** @throws LineRefused where a text is no line of the journal */
export function parseLine(text: string): JournalLine {
	let line: JournalLine;
	try {
		line = JSON.parse(text) as JournalLine;
	} catch {
		throw new LineRefused("a line of the journal is no JSON");
	}
	if (typeof line !== "object" || line === null) throw new LineRefused("a line of the journal is no JSON object");
	refuseUnless(Number.isSafeInteger(line.seq) && line.seq > 0, "seq", "a whole number above 0");
	refuseUnless(typeof line.at === "string" && TIME.test(line.at), "at", "a time of ISO 8601");
	checkContent(line);
	return line;
}
