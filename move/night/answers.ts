/** Who has answered what in a night, and when by the server's clock: the journal's lines have no room for names. */
import { createHash } from "node:crypto";
import { userInfo } from "node:os";
import type { Asks } from "../../packages/mover/journal/journal.ts";

/** Who sits at this machine: its user's name, as the login at Aptible is shared in some teams and read from a file in all. */
export function operatorName(): string {
	return userInfo().username;
}

/** A name as a line of the journal has it. */
export function hashOfName(name: string): string {
	return createHash("sha256").update(name).digest("hex").slice(0, 16);
}

/** The answers of all nights so far, a line each. */
export async function readAnswers(session: Asks): Promise<string[]> {
	const { rows } = await session.query(
		"SELECT body FROM public.reports WHERE kind = 'night' ORDER BY reports.at DESC LIMIT 1",
	);
	return rows[0]?.body.lines ?? [];
}

/** Keeps one more answer, with the run that is the last by now. */
export async function keepAnswer(session: Asks, run: string, who: string, step: string, answer: string): Promise<void> {
	await session.query(
		`INSERT INTO public.reports (run, database, kind, body) SELECT $1, '', 'night', jsonb_build_object('lines', $2::jsonb || to_jsonb(
			to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || ' ' || $3 || ': ' || $4 || ': ' || $5))
		ON CONFLICT (run, database, kind) DO UPDATE SET body = excluded.body, at = clock_timestamp()`,
		[run, JSON.stringify(await readAnswers(session)), who, step, answer],
	);
}
