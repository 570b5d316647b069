/** A run as an audit wants it: who, when, what, and the proof. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { nameStage } from "../packages/mover/commands.ts";
import type { Proof } from "../packages/mover/engine.ts";
import { readLines } from "../packages/mover/journal/journal.ts";
import type { JournalLine } from "../packages/mover/journal/line.ts";
import { readReports, type StoredReport } from "../packages/mover/journal/reports.ts";
import { placeOf } from "../packages/mover/objects/configuration.ts";
import { describeProof, isPostgresqlProof } from "../packages/mover/postgresql/report.ts";
import { hashDomain } from "./dns/point-line.ts";
import { linesOf } from "./ends.ts";
import { openMoveFolder } from "./folder.ts";
import { describeOutlook, readOutlook } from "./forecast.ts";
import { readAnswers } from "./night/answers.ts";
import { describeNight, type NightStep, readNight } from "./report-night.ts";
import type { MoveSession } from "./session.ts";
import type { MoveStage } from "./stage.ts";

interface Report {
	stage: string;
	environment: string;
	run: string;
	command: string;
	state: string;
	wishedFor: string;
	ended: string | null;
	databases: Record<string, unknown>[];
	findings: readonly StoredReport[];
	proofs: readonly StoredReport[];
	failures: readonly StoredReport[];
	sizes: readonly StoredReport[];
	/** As it stands when the report is written. */
	forecast: readonly string[];
	/** Of a copy: what was done around it. */
	night: readonly NightStep[];
	/** Who has answered what in the nights so far. */
	answers: readonly string[];
	journal: readonly JournalLine[];
}

/**
 * Writes both forms of the last run's report, or of the one that is named. Names of storage objects go from the target with that, as
 * they can be a patient's: the file has them alone.
 *
 * @returns their paths
 */
export async function writeReport(
	session: MoveSession | undefined,
	moved: MoveStage,
	wanted: string | undefined,
): Promise<string[]> {
	// Without a name the last copy, of all that was carried out: what is refused has found nothing.
	const { rows } =
		session === undefined
			? { rows: [] }
			: await session.query(
					`SELECT run, command, state, at, ended FROM public.wishes
					WHERE run IS NOT NULL AND ($1::text IS NULL AND state <> 'refused' OR run = $1)
					ORDER BY $1::text IS NULL AND command = 'copy' DESC, wishes.id DESC LIMIT 1`,
					[wanted ?? null],
				);
	const [work] = rows;
	if (session === undefined || work === undefined) {
		throw new Error(
			wanted === undefined
				? `nothing has run yet; first: npm run move -- check --stack STACK`
				: `there is no run ${wanted}; see the runs: npm run move -- status --stack STACK`,
		);
	}
	const { rows: pins } = await session.query(
		"SELECT database, side, identity FROM public.pins WHERE side IN ('source', 'target') ORDER BY database, side",
	);
	const file = path.join(openMoveFolder(moved), `${moved.name}-${work.run}`);
	const places = (moved.stage.move?.objects ?? []).map(placeOf);
	const reports = withFormerNames(await readReports(session, work.run), places, `${file}.json`);
	const lines = await readLines(session);
	const ofKind = (kind: string) => reports.filter((report) => report.kind === kind);
	const report: Report = {
		stage: moved.name,
		environment: moved.stage.environment.handle,
		run: work.run,
		command: work.command,
		state: work.state,
		wishedFor: work.at.toISOString(),
		ended: work.ended?.toISOString() ?? null,
		databases: pins,
		findings: ofKind("findings"),
		proofs: ofKind("verification"),
		failures: ofKind("failure"),
		sizes: ofKind("sizes"),
		forecast: describeOutlook(await readOutlook(session, moved)),
		night: work.command === "copy" ? await readNight(session, lines, work.at) : [],
		answers: await readAnswers(session),
		journal: lines.filter(({ run }) => run === work.run),
	};
	writeFileSync(`${file}.json`, `${JSON.stringify(report, null, 2)}\n`);
	writeFileSync(`${file}.md`, nameStage(describeReport(report, reports, moved), moved.name, moved.configFile));
	await session.query(
		"UPDATE public.reports SET body = body - 'details' WHERE run = $1 AND kind = 'verification' AND database = ANY ($2)",
		[work.run, places],
	);
	return [`${file}.json`, `${file}.md`];
}

/** What the server has no more, as an earlier report of the run has it. */
function withFormerNames(reports: StoredReport[], places: readonly string[], file: string): StoredReport[] {
	if (!existsSync(file)) return reports;
	const { proofs } = JSON.parse(readFileSync(file, "utf8")) as Pick<Report, "proofs">;
	return reports.map((report) => {
		const { database, kind, body } = report;
		const former = proofs.find(
			(proof) => proof.database === database && Date.parse(String(proof.at)) === report.at.getTime(),
		);
		const isTaken = kind === "verification" && places.includes(database) && !("details" in (body as object));
		return isTaken && former !== undefined ? { ...report, body: former.body } : report;
	});
}

function describeReport(report: Report, reports: readonly StoredReport[], { stage }: MoveStage): string {
	const { journal, databases, night } = report;
	const domains = new Map(Object.keys(stage.move?.domains ?? {}).map((domain) => [hashDomain(domain), domain]));
	const holders = new Map(journal.map(({ epoch, holder }) => [epoch, holder]));
	return `${[
		`# Move of ${report.stage}: run ${report.run}`,
		"",
		`How data was moved from MedStack (the source) to Aptible (the target), by the program medstack-to-aptible, which wrote this page on ${new Date().toISOString().slice(0, 10)}. Each step wrote what it did into a journal when it did it; that is the last part of this page. A copy is put in its place only where both sides were found equal. What stands in rows is in no part of it.`,
		"",
		`- what: ${report.command}, ${report.state}`,
		`- environment: ${report.environment}`,
		`- wished for: ${report.wishedFor}; over: ${report.ended ?? "not yet"}`,
		`- movers: ${[...holders].map(([epoch, holder]) => `${holder} (epoch ${epoch})`).join(", ") || "none"}`,
		...databases.map(({ database, side, identity }) => {
			const { system, database: name, aptibleId } = identity as Record<string, unknown>;
			return `- ${database}, ${side}: ${name} on server ${system}${side === "target" ? `, Aptible's database ${aptibleId}` : ""}`;
		}),
		"",
		...(night.length === 0 ? [] : ["## The night", "", ...describeNight(night), ""]),
		"## Found and proved",
		"",
		...linesOf(reports).map((line) => `- ${line}`),
		"",
		...report.proofs.flatMap(({ database, body }) => {
			const proof = body as Proof;
			return isPostgresqlProof(proof) ? describeProof(database, proof) : [];
		}),
		"## Forecast and fact",
		"",
		...report.forecast.map((line) => (line.startsWith("- ") ? `  ${line}` : `- ${line}`)),
		"",
		...(report.answers.length === 0
			? []
			: ["## Answers of the night", "", ...report.answers.map((line) => `- ${line}`), ""]),
		`## Journal of ${report.run}`,
		"",
		"| number | time | database | step | part | state | evidence |",
		"|---|---|---|---|---|---|---|",
		...journal.map(({ seq, at, database, step, part, state, evidence }) => {
			const said = Object.entries(evidence).map(([key, value]) => `${key} ${domains.get(String(value)) ?? value}`);
			return `| ${seq} | ${at} | ${database} | ${step} | ${part} | ${state} | ${said.join(", ")} |`;
		}),
	].join("\n")}\n`;
}
