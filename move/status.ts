/** What is known of both sides at this moment. */
import { readHeartbeat } from "../packages/mover/journal/heartbeat.ts";
import { readLines } from "../packages/mover/journal/journal.ts";
import { readReports } from "../packages/mover/journal/reports.ts";
import { lastWork, openWork } from "../packages/mover/journal/wishes.ts";
import { findOpenBack } from "./back/opening.ts";
import { describeOutlook, readOutlook } from "./forecast.ts";
import { describeOtherHosts } from "./handed-over.ts";
import { describeLook, sayBytes, sayTime } from "./progress.ts";
import type { MoveSession } from "./session.ts";
import { describeCounts } from "./source-cluster/counts.ts";
import type { MoveStage } from "./stage.ts";
import { findOpenSwitch } from "./switch/night-journal.ts";

/**
 * Lines about the mover, its work, both sides of each database, and the forecast.
 *
 * @param hosts host names of the mover's endpoints that are there
 */
export async function describeStatus(
	session: MoveSession | undefined,
	moved: MoveStage,
	hosts: ReadonlyMap<string, string>,
): Promise<string[]> {
	if (session === undefined) {
		return ["no mover has been there yet: database move is not on the target; start the mover's service in MedStack"];
	}
	const heartbeat = await readHeartbeat(session);
	const [open, last] = [await openWork(session), await lastWork(session)];
	const lines = [
		heartbeat === undefined
			? "mover: none has been there yet"
			: `mover: ${heartbeat.holder}, epoch ${heartbeat.epoch}, heard ${sayTime(heartbeat.age)} ago, ${heartbeat.progress.state}`,
	];
	if (heartbeat?.progress.run !== undefined) {
		lines.push(`now: ${describeLook({ heartbeat, partsExpected: undefined, seconds: 0 })}`);
	}
	if (open !== undefined)
		lines.push(`wished for: ${open.command}, ${open.state === "asked" ? "not taken up yet" : `run ${open.run}`}`);
	if (last !== undefined && last.run !== undefined) {
		const reports = await readReports(session, last.run);
		const findings = reports.flatMap(({ kind, body }) => (kind === "findings" ? (body as { severity: string }[]) : []));
		const count = (severity: string) => findings.filter((one) => one.severity === severity).length;
		const found = `${count("blocker")} blockers, ${count("warning")} warnings, ${count("note")} notes`;
		lines.push(`last: ${last.command}, run ${last.run}: ${last.state}; ${found}`);
	}
	lines.push(
		...(await describeOtherHosts(session, hosts)),
		...(await describeSides(session)),
		...(await describeFrozen(session)),
		...(await describeCounts(session)),
	);
	const journal = await readLines(session);
	const step = findOpenSwitch(journal);
	if (step !== undefined) {
		lines.push(
			`switch from ${step.from} to ${step.phase}: begun and not ended; to go on: npm run move -- switch ${step.phase} --stack STACK`,
		);
	}
	const back = findOpenBack(journal);
	if (back !== undefined) {
		lines.push(
			`the way back to MedStack was begun at ${back.at} and is not at its end; to go on: npm run move -- back --stack STACK`,
		);
	}
	lines.push(...(await describeObjects(session)), ...(await describeDone(session)));
	lines.push(...describeOutlook(await readOutlook(session, moved)));
	return lines;
}

async function describeSides(session: MoveSession): Promise<string[]> {
	const { rows } = await session.query(
		"SELECT database, side, identity FROM public.pins WHERE side IN ('source', 'target') ORDER BY database, side",
	);
	return rows.map(({ database, side, identity: { system, database: name, aptibleId } }) =>
		side === "target"
			? `${database}: target ${name}, server ${system}, Aptible's database ${aptibleId}`
			: `${database}: source ${name}, server ${system}`,
	);
}

/** Sources that a freeze has shut. */
async function describeFrozen(session: MoveSession): Promise<string[]> {
	const { rows } = await session.query(
		`SELECT database, min(at) AS since FROM public.journal AS note
		WHERE step = 'freeze' AND state = 'note' AND part <> '' AND NOT EXISTS (SELECT FROM public.journal AS undone
			WHERE undone.database = note.database AND undone.seq > note.seq AND step = 'thaw' AND state = 'note' AND evidence ? 'undone')
		GROUP BY database ORDER BY database`,
	);
	return rows.map(
		({ database, since }) =>
			`${database}: the source is shut by a freeze since ${since.toISOString()}; to give it back: npm run move -- thaw --stack STACK`,
	);
}

/** The last pass over each container that was finished. */
async function describeObjects(session: MoveSession): Promise<string[]> {
	const { rows } = await session.query(
		`SELECT DISTINCT ON (database) database, run, at, evidence FROM public.journal
		WHERE step = 'objects' AND state = 'done' ORDER BY database, journal.seq DESC`,
	);
	return rows.map(({ database, run, at, evidence: { items, live, summed, deep } }) => {
		const next = live ? "; another one is due in the phase frozen" : ", the one of the phase frozen";
		return `${database}: both sides were equal at ${at.toISOString()}, ${items} objects, ${summed} of them compared by bytes${deep ? ", whole" : ""}: run ${run}${next}`;
	});
}

/** What each run has done. */
async function describeDone(session: MoveSession): Promise<string[]> {
	const { rows } = await session.query(
		`SELECT run, count(*) FILTER (WHERE state = 'done')::int AS parts,
			sum((evidence ->> 'rows')::numeric) FILTER (WHERE state = 'done' AND step = 'rows')::text AS rows,
			sum((evidence ->> 'bytes')::numeric) FILTER (WHERE state = 'done' AND step = 'rows')::text AS bytes,
			extract(epoch FROM max(at) - min(at))::float8 AS seconds
		FROM public.journal GROUP BY run ORDER BY max(journal.seq) DESC LIMIT 5`,
	);
	return rows.map(
		({ run, parts, rows: count, bytes, seconds }) =>
			`run ${run}: ${parts} parts done${count === null ? "" : `, ${count} rows`}${bytes === null ? "" : `, ${sayBytes(Number(bytes))}`}, ${sayTime(seconds)} from its first line to its last`,
	);
}
