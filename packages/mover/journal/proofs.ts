/** What the proofs of a run have found. */
import type { Proof } from "../engine.ts";
import type { Asks } from "./journal.ts";
import { readReports } from "./reports.ts";

/** Whether the last proof of a run has found both sides of a database equal. */
export async function isVerified(client: Asks, run: string, database: string): Promise<boolean> {
	const { rows } = await client.query(
		`SELECT evidence -> 'equal' = 'true' AS equal FROM public.journal
		WHERE run = $1 AND database = $2 AND step = 'verify' AND state = 'note' ORDER BY journal.seq DESC LIMIT 1`,
		[run, database],
	);
	return rows[0]?.equal === true;
}

/** The proof of a run that found both sides of a database equal. */
export async function readProof(client: Asks, run: string, database: string): Promise<Proof | undefined> {
	if (!(await isVerified(client, run, database))) return undefined;
	const reports = await readReports(client, run);
	return reports.find((one) => one.kind === "verification" && one.database === database)?.body as Proof | undefined;
}
