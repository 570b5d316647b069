/** What is said of a night that went back: whether MedStack serves again, since when, and what became of each write. */
import {
	type Downtime,
	isServed,
	type JudgedDatabase,
	judgeWrites,
	measureDowntime,
	type WritesVerdict,
} from "./judge.ts";
import type { Ledger, SideName } from "./ledger.ts";
import type { RunTime } from "./new-side.ts";
import type { Requester } from "./requesters.ts";

export interface BackEvidence {
	requesters: readonly Pick<Requester, "answers">[];
	ledger: Pick<Ledger, "writes">;
	databases: Readonly<Record<SideName, JudgedDatabase>>;
	/** Since when MedStack is proven shut. */
	frozen: Date;
	/** When Aptible's services were let begin; undefined where the night did not come so far. */
	opened: Date | undefined;
	/** When the first `back` began that changed something. */
	began: Date;
	/** When the one began whose loss was accepted: MedStack is to be shut until then. */
	accepted: Date;
	/** When DNS was led back to MedStack; undefined where it never left. */
	ledAt: Date | undefined;
	/** When instances ran on Aptible. */
	runs: readonly RunTime[];
	/** Rows that `back` says are lost. */
	counted: number;
	/** Addresses that the domain leads to at the end, and the one of MedStack. */
	domain: readonly string[];
	home: string;
	/** Instances of MedStack's services: as before the night, and now. */
	replicas: readonly { name: string; wanted: number; found: number }[];
}

export interface BackVerdict {
	/** From the beginning of the first `back` that changed something until a client is served by MedStack, in seconds; undefined where none is. */
	seconds: number | undefined;
	downtime: Downtime;
	/** As judged with MedStack in use. */
	writes: WritesVerdict;
	/** Acknowledged writes that went with Aptible's copy. */
	given: number;
	/** What is not as it has to be, a line each. */
	wrong: string[];
	/** For a person. */
	lines: string[];
}

/** Judges it once nobody comes any more. */
export async function judgeBack(evidence: BackEvidence): Promise<BackVerdict> {
	const { requesters, ledger, databases, frozen, opened, began, accepted, ledAt, runs, counted } = evidence;
	const answers = requesters.flatMap((one) => one.answers);
	const downtime = measureDowntime(answers);
	if (downtime === undefined) throw new Error("sandbox: nobody asked in this night");
	const served = answers
		.filter((answer) => answer.at >= began && isServed(answer, "medstack"))
		.reduce<Date | undefined>((first, { ended }) => (first === undefined || ended < first ? ended : first), undefined);
	const since = served && (served.getTime() - began.getTime()) / 1000;
	// What ran on Aptible before the freeze was for whoever set it up: no user was led there.
	const nightRuns = runs.filter(({ until }) => until === undefined || until > frozen);
	const ends = nightRuns.flatMap(({ until }) => until ?? []);
	const mayOpen = new Date(Math.max(...[accepted, ledAt ?? accepted, ...ends].map((date) => date.getTime())));
	const writes = await judgeWrites(ledger, databases, "medstack", [
		{ side: "medstack", from: frozen, until: mayOpen },
		{ side: "aptible", from: new Date(0), ...(opened === undefined ? {} : { until: opened }) },
	]);
	const given = writes.lost.filter(({ side }) => side === "aptible");
	const stored = writes.turns.reduce((sum, { side, writes: rows }) => sum + (side === "aptible" ? rows : 0), 0);
	const sides = writes.turns.map(({ side }) => side).join(", ");
	const wantedSides = stored > 0 ? "medstack, aptible, medstack" : "medstack";
	const at = (date: Date) => date.toISOString().slice(11, 19);
	const wrong = [
		...(served === undefined ? ["no client is served by MedStack"] : []),
		...(downtime.isOver ? [] : [`${downtime.client} is served by nobody at the end`]),
		...writes.lost
			.filter(({ side }) => side !== "aptible")
			.map(({ id, writer }) => `write ${id} of ${writer} is lost, which MedStack has acknowledged`),
		...writes.onClosedSide.map(
			({ id, side, writtenAt }) => `row ${id} is on ${side}, which was closed at ${at(writtenAt)}`,
		),
		...writes.contradicted.map(({ id, side }) => `write ${id} was acknowledged by ${side}, and is the other side's`),
		...(counted === stored ? [] : [`back has counted ${counted} rows, and Aptible's server has taken ${stored}`]),
		...(sides === wantedSides ? [] : [`rows were written by turns on ${sides}`]),
		...nightRuns.flatMap(({ from, until }) =>
			until === undefined ? [`what began at ${at(from)} runs on Aptible`] : [],
		),
		...(evidence.domain.join() === evidence.home
			? []
			: [`the domain leads to ${evidence.domain.join(", ") || "nothing"}`]),
		...evidence.replicas.flatMap(({ name, wanted, found }) =>
			wanted === found ? [] : [`${name} has ${found} instances on MedStack, and had ${wanted}`],
		),
	];
	const lines = [
		`MedStack served ${since === undefined ? "nobody" : `the first client ${since.toFixed(1)} s after back began`}`,
		`clients were without the product for ${downtime.seconds.toFixed(1)} s at most, from ${at(downtime.from)} to ${at(downtime.until)} UTC (${downtime.client})`,
		`acknowledged writes: ${ledger.writes.length}; lost with Aptible's copy: ${given.length}${byWriter(given)}`,
		`rows that back has counted: ${counted}; that Aptible's server has taken: ${stored}`,
		`rows that a closed side took: ${writes.onClosedSide.length}`,
		...writes.turns.map(
			({ side, from, until, writes: rows }) =>
				`${side}: ${rows} rows, the first at ${at(from)}, the last at ${at(until)} UTC`,
		),
		...wrong.map((line) => `wrong: ${line}`),
	];
	return { seconds: since, downtime, writes, given: given.length, wrong, lines };
}

function byWriter(writes: readonly { writer: string }[]): string {
	const counts = new Map<string, number>();
	for (const { writer } of writes) counts.set(writer, (counts.get(writer) ?? 0) + 1);
	return counts.size === 0 ? "" : ` (${[...counts].map(([writer, count]) => `${count} of ${writer}`).join(", ")})`;
}
