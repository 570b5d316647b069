/** The night around a copy, for who reads its report: each step of it in the order of the clock. */
import type { JournalLine } from "../packages/mover/journal/line.ts";
import type { MovePhase } from "../wire/move.ts";
import type { MoveSession } from "./session.ts";

/** A step of a night. */
export interface NightStep {
	/** ISO 8601. */
	from: string;
	/** Null while it goes on. */
	until: string | null;
	what: string;
	outcome: string;
	/** Numbers of its first and last line in the journal. */
	lines: readonly [number, number] | undefined;
}

/** A wish that was taken up. */
interface Work {
	run: string;
	command: string;
	state: string;
	at: Date;
	ended: Date | null;
}

const PHASES: Readonly<Record<MovePhase, string>> = {
	prepare: "the stage is as before the night",
	frozen: "every service on Aptible is stopped",
	trial: "Aptible's services with an address start; users are still led to MedStack",
	live: "every service on Aptible runs, and DNS leads users there",
	cancelled: "the move is given up",
};

const COMMANDS: Readonly<Record<string, string>> = {
	check: "whether anything stands in the way",
	freeze: "MedStack's database is shut to all but the mover, and nobody writes there",
	copy: "the data is copied, proven equal and put in its place",
	verify: "both sides are compared once more",
	objects: "stored objects are copied",
	thaw: "MedStack's database is opened again",
};

const OPERATOR: Readonly<Record<string, string>> = {
	probe: "each domain is asked by its real name at Aptible, past DNS",
	watch: "whether anybody still comes to MedStack",
	close: "the mover is shut out of Aptible's databases",
	back: "Aptible is stopped, users are led to MedStack, and its database is opened again",
};

/** Reads the steps from the last switch to `frozen` before a copy, or from its freeze, up to now. */
export async function readNight(session: MoveSession, lines: readonly JournalLine[], copy: Date): Promise<NightStep[]> {
	const { rows } = await session.query(
		"SELECT run, command, state, at, ended FROM public.wishes WHERE run IS NOT NULL AND state <> 'refused' ORDER BY wishes.id",
	);
	return listNight(rows, lines, copy);
}

/** @param works in their order @param copy when it was wished for */
export function listNight(works: readonly Work[], lines: readonly JournalLine[], copy: Date): NightStep[] {
	const isBefore = ({ at }: { at: string | Date }) => new Date(at) < copy;
	const frozen = lines.findLast(
		(line) => line.step === "switch" && line.state === "begin" && line.evidence.phase === "frozen" && isBefore(line),
	);
	const freeze = works.findLast((work) => work.command === "freeze" && isBefore(work));
	const start = new Date(frozen?.at ?? freeze?.at ?? copy);
	return [
		...works.filter(({ at }) => at >= start).map((work) => ofWork(work, lines)),
		...ofOperator(lines.filter(({ at }) => new Date(at) >= start)),
	].sort((one, other) => (one.from < other.from ? -1 : 1));
}

function ofWork({ run, command, state, at, ended }: Work, lines: readonly JournalLine[]): NightStep {
	const isOwn = (line: JournalLine) =>
		line.run === run && new Date(line.at) >= at && (ended === null || new Date(line.at) <= ended);
	const own = lines.filter((line) => isOwn(line) && line.step !== "switch" && OPERATOR[line.step] === undefined);
	const silence = own.findLast(({ step, part, state }) => step === "freeze" && part === "silence" && state === "done");
	const proof =
		silence === undefined
			? ""
			: `; ${silence.evidence.rows} rows were written in ${Number(silence.evidence.ms) / 1000} s of watching`;
	return {
		from: at.toISOString(),
		until: ended?.toISOString() ?? null,
		what: `${command} (${run}): ${COMMANDS[command] ?? "a step of the mover"}`,
		outcome: `${state}${proof}`,
		lines: rangeOf(own),
	};
}

/** What the operator's own command has noted: from each beginning to its end, and what has an end alone. */
function ofOperator(lines: readonly JournalLine[]): NightStep[] {
	const steps: NightStep[] = [];
	const begun = new Map<string, JournalLine>();
	for (const line of lines) {
		const { step, part, database, state, at } = line;
		// Parts of a way back are its own.
		if ((step !== "switch" && OPERATOR[step] === undefined) || part !== "") continue;
		const key = `${step} ${database}`;
		const first = begun.get(key);
		if (state === "begin") begun.set(key, line);
		else if (state !== "note") {
			steps.push({
				from: (first ?? line).at,
				until: at,
				what: describeOperator(line),
				outcome: describeOutcome(line),
				lines: rangeOf(first === undefined ? [line] : [first, line]),
			});
			begun.delete(key);
		}
	}
	const open = [...begun.values()].map((line) => ({
		from: line.at,
		until: null,
		what: describeOperator(line),
		outcome: "begun",
		lines: rangeOf([line]),
	}));
	return [...steps, ...open];
}

function describeOperator({ step, database, evidence }: JournalLine): string {
	if (step === "switch") {
		const phase = String(evidence.phase) as MovePhase;
		return `switch, phase ${evidence.from} to ${phase}: ${PHASES[phase]}`;
	}
	return `${step}${database === "" ? "" : ` of ${database}`}: ${OPERATOR[step]}`;
}

function describeOutcome({ step, state, evidence }: JournalLine): string {
	if (step === "probe") return `${state}; ${evidence.items} asked, ${evidence.failed} failed`;
	if (step !== "watch") return state;
	return `${evidence.silent === true ? "silent" : "not silent"} for ${evidence.seconds} s; meanwhile Aptible answered ${evidence.requests} requests, and ${evidence.failed} with an error`;
}

function rangeOf(lines: readonly JournalLine[]): readonly [number, number] | undefined {
	const [first, last] = [lines[0], lines.at(-1)];
	return first === undefined || last === undefined ? undefined : [first.seq, last.seq];
}

/** As a table of the report. */
export function describeNight(steps: readonly NightStep[]): string[] {
	const clock = (at: string) => at.slice(11, 19);
	return [
		"| from (UTC) | until | what | outcome | lines of the journal |",
		"|---|---|---|---|---|",
		...steps.map(({ from, until, what, outcome, lines }) => {
			const numbers = lines === undefined ? "" : lines[0] === lines[1] ? lines[0] : `${lines[0]} to ${lines[1]}`;
			return `| ${clock(from)} | ${until === null ? "" : clock(until)} | ${what} | ${outcome} | ${numbers} |`;
		}),
	];
}
