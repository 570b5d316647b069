/** What every step of a copy works with. */
import type { Notes } from "../engine.ts";
import type { Steps } from "../steps.ts";
import type { Workspace } from "./children.ts";
import type { Login } from "./connection.ts";
import type { Owners } from "./rules.ts";
import type { Snapshot } from "./snapshot.ts";
import type { CopyDatabase } from "./target.ts";

export interface Copying {
	source: Login;
	target: Login;
	/** The copy: `move_7`. */
	database: CopyDatabase;
	snapshot: Snapshot;
	steps: Steps;
	workspace: Workspace;
	owners: Owners;
	/** What a freeze has noted of the source: rights to connect and limits that are carried all the same. */
	notes: Notes;
	/** The source database's name. */
	sourceDatabase: string;
	/** The target's version, as `server_version_num`. */
	targetVersion: number;
	jobs: number;
	/** Ends with the run, or with the snapshot. */
	signal: AbortSignal;
	/** Tells a line of progress. */
	report: (line: string) => void;
	/** Notes what is not as on the source and is no error. */
	warn: (line: string) => void;
	/** Where functions without a search path of their own find things: as in a session of the source's. */
	searchPath: string;
	/** Encoding of clients of both sides, so that each string arrives as it is: the server's own check where it has none. */
	encoding: "UTF8" | "SQL_ASCII";
}

/** How many jobs there may be now. */
export const jobsAllowed = ({ snapshot, jobs }: Copying) => snapshot.jobsAllowed(jobs);
