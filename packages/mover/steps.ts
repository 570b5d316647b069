/**
 * What a copy is made of: steps that the journal knows by name. Each is looked at, begun, done and looked at again, so that a run
 * that was killed anywhere goes on where it stopped.
 */

/** The names that the journal takes; it holds no others, and never SQL, names of a database's objects, values or URLs. */
export const STEP_NAMES = [
	"pin",
	"check",
	"create-database",
	"roles",
	"pre-data",
	"rows",
	"drain",
	"large-objects",
	"sequences",
	"post-data",
	"analyze",
	"materialized-views",
	"grants",
	"settings",
	"counters",
	"verify",
	"swap",
	"drop",
	"watch",
	"close",
	"freeze",
	"thaw",
	"switch",
	"probe",
	"point",
	"mark",
	"back",
	"night",
	"objects",
	"rewrite",
] as const;
export type StepName = (typeof STEP_NAMES)[number];

/** Class of every advisory lock of the move: `move` in ASCII. */
export const LOCK_CLASS = 0x6d6f7665;

/** What a step leaves as proof: counts, sizes in bytes, times in ms, sums as decimal text. Never a value or a name. */
export type Evidence = Readonly<Record<string, number | string | boolean | null>>;

/** One step's two halves. */
export interface StepActions {
	/** What shows that the step is done, read from where it was done; nothing where it is not. */
	look(): Promise<Evidence | undefined>;
	/** Does it, all or nothing. */
	act(): Promise<void>;
}

/** The journal as an engine sees it. */
export interface Steps {
	/** The run's id, such as `r7`; its databases are `move_7`. */
	readonly run: string;
	/** The holder's epoch: who writes to the target holds a shared advisory lock on it, in the database that it writes to. */
	readonly epoch: number;
	/** Ends when the run is to stop: its lease is lost, it was told to, or a deadline has passed. */
	readonly signal: AbortSignal;
	/**
	 * Does a step unless `look` shows that it is done, and records begin and done.
	 *
	 * @param part what tells the steps of one name apart: an oid and a number such as `16385.3`; empty where there is one
	 * @returns the evidence
	 * @throws when `look` shows nothing after `act`, and when the lease is lost
	 */
	step(name: StepName, part: string, actions: StepActions): Promise<Evidence>;
	/** Between two parts: waits while the run is paused, fails when it is to stop. */
	checkpoint(): Promise<void>;
}
