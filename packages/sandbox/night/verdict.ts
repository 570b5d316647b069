/** What is said of a night once it is over: by its clients, both databases, and the forecast that was made before it. */
import {
	type ClosedTime,
	type Downtime,
	type JudgedDatabase,
	judgeWrites,
	measureDowntime,
	type WritesVerdict,
} from "./judge.ts";
import type { Ledger, SideName } from "./ledger.ts";
import type { Played } from "./operator.ts";
import type { Requester } from "./requesters.ts";

export interface NightEvidence {
	requesters: readonly Requester[];
	ledger: Ledger;
	databases: Readonly<Record<SideName, JudgedDatabase>>;
	/** Since when MedStack is proven shut. */
	frozen: Date;
	/** When Aptible's services were let begin. */
	opened: Date;
	/** What `status` said before the night. */
	forecast: string;
	/** The step `copy`. */
	copied: Played;
	/** Names of objects that are not the same on both sides. */
	differingObjects: readonly string[];
	/** Lines of the journal beside the stage. */
	journal: string;
}

export interface NightVerdict {
	downtime: Downtime;
	/** What the clients' downtime would be with copy and proof as the forecast has them, in seconds. */
	band: { least: number; most: number };
	writes: WritesVerdict;
	differingObjects: readonly string[];
	/** For a person. */
	lines: string[];
}

/** Compares what clients saw with what was said before, and with what both databases hold. */
export async function judgeNight(evidence: NightEvidence): Promise<NightVerdict> {
	const { requesters, ledger, databases, frozen, opened } = evidence;
	const downtime = measureDowntime(requesters.flatMap(({ answers }) => answers));
	if (downtime === undefined) throw new Error("sandbox: nobody asked in this night");
	const forecast = readForecast(evidence.forecast);
	const copySeconds = measureCopy(evidence);
	const others = downtime.seconds - copySeconds;
	const band = { least: others + forecast.least, most: others + forecast.most };
	const closed: ClosedTime[] = [
		{ side: "medstack", from: frozen },
		{ side: "aptible", from: new Date(0), until: opened },
	];
	const writes = await judgeWrites(ledger, databases, "aptible", closed);
	const at = (date: Date) => date.toISOString().slice(11, 19);
	const lines = [
		`clients were without the product for ${seconds(downtime.seconds)} at most, from ${at(downtime.from)} to ${at(downtime.until)} UTC (${downtime.client})`,
		`of it copy and proof: ${seconds(copySeconds)}, forecast ${seconds(forecast.least)} to ${seconds(forecast.most)}; so by the forecast ${seconds(band.least)} to ${seconds(band.most)}: ${place(downtime.seconds, band)}`,
		`acknowledged writes: ${ledger.writes.length}, lost: ${writes.lost.length}; ${ledger.unacknowledged} were refused or cut off, and people were told so`,
		`rows that a closed side took: ${writes.onClosedSide.length}`,
		`objects that differ between both accounts: ${evidence.differingObjects.length}`,
		...writes.turns.map(
			({ side, from, until, writes: count }) =>
				`${side}: ${count} rows, the first at ${at(from)}, the last at ${at(until)} UTC`,
		),
	];
	return { downtime, band, writes, differingObjects: evidence.differingObjects, lines };
}

const seconds = (value: number) => `${value.toFixed(1)} s`;

function place(value: number, { least, most }: { least: number; most: number }): string {
	return value > most ? "longer than forecast" : value < least ? "shorter than forecast" : "inside the forecast";
}

/** Reads `forecast of main, copy and proof: 4 s to 9 s, likely 5 s`, whose numbers are whole. @throws where there is none */
function readForecast(text: string): { least: number; most: number } {
	const found = /forecast of main, copy and proof: (\d+) s to (\d+) s/.exec(text);
	if (found === null) throw new Error(`sandbox: status shows no forecast in seconds:\n${text}`);
	return { least: Number(found[1]) - 0.5, most: Number(found[2]) + 0.5 };
}

/** Steps of a copy's run that are neither copy nor proof. */
const BESIDE = ["check", "swap"];

/** What the journal says that copy and proof took: each step from its first beginning to its last end, in seconds. */
function measureCopy({ journal, copied }: NightEvidence): number {
	const spans = new Map<string, { from: number; until: number }>();
	for (const line of journal.trim().split("\n")) {
		const { at, step, state } = JSON.parse(line) as { at: string; step: string; state: string };
		const time = Date.parse(at);
		const isOfCopy = time >= copied.from.getTime() && time <= copied.until.getTime() && !BESIDE.includes(step);
		if (!isOfCopy || (state !== "begin" && state !== "done")) continue;
		const span = spans.get(step);
		spans.set(step, { from: span?.from ?? time, until: time });
	}
	if (spans.size === 0) throw new Error("sandbox: the journal has no copy");
	return [...spans.values()].reduce((sum, { from, until }) => sum + until - from, 0) / 1000;
}
