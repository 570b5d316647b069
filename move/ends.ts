/** What is said of a wish that is over, and what becomes of the record of the proof. */
import { FREEZE_BY_HAND } from "../packages/mover/findings.ts";
import { readReports, type StoredReport } from "../packages/mover/journal/reports.ts";
import { readStanding } from "../packages/mover/journal/standing.ts";
import type { Wish } from "../packages/mover/journal/wishes.ts";
import { isServing } from "../wire/move.ts";
import type { ProgressView } from "./progress.ts";
import { voidRecord, writeRecord } from "./record.ts";
import type { Way } from "./session.ts";
import type { SourceCluster } from "./source-cluster/port.ts";
import type { MoveStage } from "./stage.ts";
import { noteRecorded, RECORDED } from "./untold.ts";
import { compareJournals } from "./work.ts";

/** Where it is said, and whose services come back after a thaw. */
interface Told {
	view: ProgressView;
	cluster: SourceCluster;
}

/** Says how a wish ended, with what it found; the record is there whatever the journal's file is like. @returns exit code */
export async function tellEnd(way: Way, moved: MoveStage, made: Wish, told: Told): Promise<number> {
	const code = await conclude(way, moved, made, told);
	await way.look(async (session) => session && compareJournals(session, moved));
	return code;
}

async function conclude(way: Way, moved: MoveStage, made: Wish, { view, cluster }: Told): Promise<number> {
	const { command, run, state } = made;
	const reports =
		run === undefined ? [] : ((await way.look(async (session) => session && readReports(session, run))) ?? []);
	for (const line of linesOf(reports)) view.line(line);
	const why = made.reason === undefined ? "" : ` (${reasonOf(made)})`;
	view.line(`${command}${run === undefined ? "" : ` of run ${run}`}: ${state}${why}`);
	if (command === "verify" && made.reason === "unequal") tellVoid(moved, view);
	if (command === "freeze") view.line(state === "done" ? frozenLine(moved, reports) : HALF_FROZEN);
	if (command === "thaw" && state === "done") {
		const { lines, left } = await cluster.start();
		for (const line of lines) view.line(line);
		if (left.length > 0) return 1;
	}
	if (state !== "done") return 1;
	const objects = moved.stage.move?.objects ?? [];
	if (command === "copy" && objects.length > 0) {
		view.line(
			`the objects of ${objects.join(", ")} are a step of their own: before the phase trial, npm run move -- objects --stack STACK`,
		);
	}
	if (command === "copy" || command === "verify") view.line(await record(way, moved, made, reports));
	return 0;
}

/** In the phases in which apps work on the copy, both sides differ by what their users write. */
function tellVoid(moved: MoveStage, view: ProgressView): void {
	const file = isServing(moved.stage.move?.phase) ? undefined : voidRecord(moved);
	if (file === undefined) return;
	view.line(
		`${file} is removed, as its copy is not equal any more; copy anew: npm run move -- copy --again --stack STACK; or, where only Aptible's side was written to since and that is to stay: git checkout -- ${file}`,
	);
}

/** Writes the record of a proof, where it is one of a copy in its place: apps of later phases work on that. @returns what to say of it */
async function record(
	way: Way,
	moved: MoveStage,
	{ id, run = "" }: Wish,
	reports: readonly StoredReport[],
): Promise<string> {
	const standing = await way.look(async (session) => session && readStanding(session));
	const copy = "npm run move -- copy --stack STACK";
	if (standing === undefined) {
		return `what was compared is not in its place, so that there is no record of it: later phases need a copy that is: ${copy}`;
	}
	if (standing.command !== "copy") {
		return `what was compared is the kept rehearsal ${standing.run}, so that there is no record of it: later phases need a copy: ${copy}`;
	}
	if (moved.stage.move?.phase === "prepare") {
		return "there is no record of it in the phase prepare, as MedStack's side may be in use: later phases need one of the phase frozen";
	}
	const file = writeRecord(moved, run, reports);
	await way.look(async (session) => session && noteRecorded(session, id));
	return `the record of the proof is ${file}; commit it: later phases need it`;
}

/** What a freeze has reached: of MySQL and Redis the mover shuts nobody out. */
function frozenLine({ stage }: MoveStage, reports: readonly StoredReport[]): string {
	const isByHand = ({ kind, body }: StoredReport) =>
		kind === "findings" && (body as FindingBody[]).some(({ trap }) => trap === FREEZE_BY_HAND);
	const open = [...new Set(reports.filter(isByHand).map(({ database }) => database))];
	const is = "the source is frozen and silent";
	const says =
		open.length === 0
			? is
			: `${open.join(", ")}: silent for ${stage.move?.timing.proofSeconds ?? 30} s, and not shut by the mover; of any other database ${is}`;
	return `${says}; next: npm run move -- copy --stack STACK. To give it back: npm run move -- thaw --stack STACK`;
}

const HALF_FROZEN =
	"the source is not proven frozen, and what is shut stays shut; freeze again: npm run move -- freeze --stack STACK, or give it back: npm run move -- thaw --stack STACK";

/** What the mover's one word on an end means. */
const REASONS: Readonly<Record<string, string>> = {
	blockers: "what stands in the way is above, with the fix",
	unequal: "both sides differ, as above",
	swapped:
		"a copy is in its place already. Where its record is gone, prove it again: npm run move -- verify --stack STACK; to copy over it, the same command with --again",
	"no-objects":
		"the mover was handed over no containers; write the file anew, and give it to the service: npm run move -- credentials --stack STACK --replace",
	"in-use":
		"apps work on Aptible since the last switch, and write objects of their own there; in the phases prepare and frozen alone nothing of theirs is in the way",
	"not-frozen":
		"the last pass deletes what the source has deleted, so that it wants a freeze that stands; first: npm run move -- freeze --stack STACK",
	"not-in-place": "URLs are rewritten in a copy that is in its place; first: npm run move -- copy --stack STACK",
	rewritten: "URLs in the copy were rewritten since its proof, which stands",
	nothing: "nothing is copied yet; first: npm run move -- copy --stack STACK",
	connection: "a server did not come back for 30 minutes; run it again, it goes on from what is done",
	operator: "as the operator wished",
	version: "the mover is of another release; use a checkout of the same",
	stale:
		"the mover was away for more than 10 minutes; look at both sides: npm run move -- status --stack STACK; then ask again",
	failed: "the error is above; run it again, it goes on from what is done",
	deadline: "a step hung; run it again, it goes on from what is done",
	[RECORDED]: "its record is written",
};

function reasonOf({ command, reason = "" }: Wish): string {
	if (reason === "unequal" && command !== "verify" && command !== "objects")
		return `${REASONS.unequal}; nothing was swapped in`;
	return REASONS[reason] ?? reason;
}

interface FindingBody {
	trap: string;
	severity: string;
	line: string;
}

/** What a run found, one line each. */
export function linesOf(reports: readonly StoredReport[]): string[] {
	return reports.flatMap(({ database, kind, body }) => {
		const at = database === "" ? "" : `${database}: `;
		if (kind === "findings") return (body as FindingBody[]).map(({ severity, line }) => `${at}${severity}: ${line}`);
		if (kind === "sizes" || kind === "night") return [];
		if (kind === "watch") return (body as { lines: string[] }).lines;
		if (kind === "failure") return [`${at}failed: ${(body as { line: string }).line}`];
		const { equal, differences, extent } = body as { equal: boolean; differences: string[]; extent?: string };
		const how = extent === undefined ? "" : `; ${extent}`;
		return equal ? [`${at}both sides are equal${how}`] : differences.map((line) => `${at}differs: ${line}`);
	});
}
