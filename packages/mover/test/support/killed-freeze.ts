/** A freeze or a thaw whose notes are in a file, as of a mover that was killed; in a process of its own SIGKILL ends it before its n-th statement. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { text } from "node:stream/consumers";
import type { FreezeTask, Notes } from "../../engine.ts";
import type { Finding } from "../../findings.ts";
import { notesIn } from "../../journal/notes.ts";
import type { Login } from "../../postgresql/connection.ts";
import { freeze, thaw } from "../../postgresql/freeze.ts";
import type { Evidence } from "../../steps.ts";
import { type MemorySteps, memorySteps } from "./memory-steps.ts";
import { killAtStatement } from "./statements.ts";

/** Notes of one database, as lines of a journal. */
export class NoteFile {
	readonly file: string;

	constructor(file: string) {
		this.file = file;
	}

	read(): Notes {
		const lines = existsSync(this.file) ? readFileSync(this.file, "utf8").trim().split("\n") : [];
		return notesIn(
			lines.filter((line) => line !== "").map((line) => JSON.parse(line)),
			"main",
		);
	}

	note(part: string, evidence: Evidence): void {
		this.#append({ step: "freeze", part, state: "note", evidence });
	}

	noteUndone(): void {
		this.#append({ step: "thaw", part: "", state: "note", evidence: { undone: true } });
	}

	#append(line: object): void {
		appendFileSync(this.file, `${JSON.stringify({ database: "main", ...line })}\n`);
	}
}

export interface FreezeOptions {
	source: Login;
	/** Path of the notes. */
	file: string;
	apps?: readonly Login[];
	steps?: MemorySteps;
	pauses?: FreezeTask["pauses"];
	report?: (line: string) => void;
}

/** Freezes as the mover does, without waits unless they are given. */
export async function freezeSource(options: FreezeOptions): Promise<readonly Finding[]> {
	const notes = new NoteFile(options.file);
	return freeze({
		...taskOf(options),
		apps: options.apps ?? [],
		notes: notes.read(),
		note: async (part, evidence) => notes.note(part, evidence),
		noteUndone: async () => notes.noteUndone(),
		pauses: options.pauses ?? { againMs: 0, silenceMs: 0 },
	});
}

/** Thaws as the mover does. */
export async function thawSource(options: FreezeOptions): Promise<readonly Finding[]> {
	const notes = new NoteFile(options.file);
	const findings = await thaw({ ...taskOf(options), apps: options.apps ?? [], notes: notes.read() });
	if (!findings.some(({ severity }) => severity === "blocker")) notes.noteUndone();
	return findings;
}

function taskOf({ source, steps = memorySteps(), report = () => {} }: FreezeOptions) {
	return { source, target: { url: "" }, into: "move_7", steps, jobs: 1, report };
}

if (import.meta.main) {
	const { at, ...options } = JSON.parse(await text(process.stdin)) as FreezeOptions & { at: number };
	killAtStatement(at);
	await freezeSource(options);
}
