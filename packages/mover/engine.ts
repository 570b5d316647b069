/** What the mover asks of each type of database. */
import type { CopiedType, Drain } from "./configuration.ts";
import type { Finding } from "./findings.ts";
import type { Asks } from "./journal/journal.ts";
import type { Login } from "./postgresql/connection.ts";
import type { Evidence, Steps } from "./steps.ts";

/** Whether both sides are equal, and what shows it. */
export interface Proof {
	equal: boolean;
	/** One line for each difference. */
	differences: readonly string[];
	/** How much was compared, where that is not all. */
	extent?: string;
	/** Hash over all sums: what the record beside the stage has. */
	hash: string;
	/** The whole of it, for the report; it names tables and has no values. */
	details: unknown;
}

/** What every act of an engine is given. */
export interface Task {
	source: Login;
	target: Login;
	/** The run's database on the target: `move_7`. */
	into: string;
	steps: Steps;
	jobs: number;
	/** The target's disk, in bytes; absent where it is not known. */
	diskBytes?: number | undefined;
	/** Queues that run empty instead of being copied. */
	drain?: Drain | undefined;
	/** Takes one line of progress. */
	report: (line: string) => void;
	/** Addresses by which applications log in to the source; absent: the mover knows none. */
	apps?: readonly Login[];
	/** Reads what a freeze of the source has noted and nobody has undone; absent: nothing. */
	readNotes?: () => Promise<Notes>;
}

export interface CheckTask extends Task {
	/** Databases of earlier runs on the target that go before anything is copied: their room is free by then. */
	passing: readonly string[];
}

export interface CopyTask extends Task {
	/** Whether the source goes on being written to: a rehearsal. */
	live: boolean;
	/** Whether what stands in a target that is copied into in place may go. */
	replace: boolean;
	/** How old the snapshot of a source that is in use may get; absent: the engine's default. */
	snapshotSeconds?: number;
}

/** Between the two samples of a freeze's proof, in milliseconds (facts/move.md §4). */
export const SILENCE_MS = 30_000;

/** What a freeze has noted of a source before it changed it: by its part in the journal, in the order of its changes. */
export type Notes = ReadonlyMap<string, Evidence>;

export interface ThawTask extends Task {
	/** What is to be undone; empty where nothing is. */
	notes: Notes;
}

export interface FreezeTask extends ThawTask {
	/** Notes how something is; that is in the journal on the target, in its file and in the log when this returns. */
	note(part: string, evidence: Evidence): Promise<void>;
	/** Notes that all is as it was, so that the next freeze notes anew. */
	noteUndone(): Promise<void>;
	/** Other waits: a pool is given 5 s to come back, and the samples of the proof are 30 s apart, unless the stage file says more. */
	pauses?: { againMs?: number; silenceMs?: number };
}

export interface SwapTask extends Task {
	/** What the swap asks of the journal, each in its transaction in database `move` of its own server. */
	journal: {
		/** Whether the last proof of this run has found both sides equal. */
		isVerified(client: Asks): Promise<boolean>;
		/** Writes that the swap is done; fails where the lease is another mover's. */
		recordDone(client: Asks, evidence: Evidence): Promise<void>;
	};
}

/** One type of database. Every act may be killed and done again. */
export interface Engine {
	/** What a server says of itself that no other one does. */
	identify(login: Login): Promise<{ system: string; database: string }>;
	check(task: CheckTask): Promise<readonly Finding[]>;
	/** Bytes that parts read, by what their names in the journal begin with, for the forecast. */
	measure(source: Login): Promise<Readonly<Record<string, number>>>;
	/** Copies, and proves the copy: of a source that is in use, what it was when the copy began. */
	copy(task: CopyTask): Promise<Proof>;
	/**
	 * Why a copy of a source that is in use no more is not gone on with: it is gone, or the source was written to since it was begun. One
	 * line each; none where it is gone on with, and where none was begun. Absent where a type cannot tell: it is gone on
	 * with and proved again then.
	 *
	 * @param proof that it was found equal, where it was: writes count from there on
	 */
	findStale?(task: Task, proof: Proof | undefined): Promise<readonly string[]>;
	/** Compares both sides again, after a copy of a source that is in use no more. */
	verify(task: Task & { isSwapped: boolean }): Promise<Proof>;
	/** Refuses a swap that something on the target stands in the way of, before the first of several has begun. */
	admitSwap?(task: Task): Promise<void>;
	/** Puts the copy in the place of what stood there; nothing where it was copied in place. */
	swap(task: SwapTask): Promise<void>;
	/** Puts back what stood there, as the swap of another database failed. */
	undoSwap(task: Task): Promise<void>;
	/** @returns what stands in the way of a freeze of this source, before the first of several is changed; blockers refuse all */
	admitFreeze?(task: FreezeTask): Promise<readonly Finding[]>;
	/**
	 * Shuts everybody but the mover out of the source, and proves that nobody writes.
	 *
	 * @returns blockers: what stands in the way, or is not silent; none where the source is frozen
	 */
	freeze(task: FreezeTask): Promise<readonly Finding[]>;
	/** Undoes what a freeze has noted, and nothing else. @returns what is left to do by hand */
	thaw(task: ThawTask): Promise<readonly Finding[]>;
	/** Removes the copy. */
	drop(task: Task): Promise<void>;
}

export type Engines = Readonly<Record<CopiedType, Engine>>;
