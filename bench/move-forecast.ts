/** A rehearsal, the clinic grown by a quarter, and a second rehearsal beside what the first one foretells of it. */
import { describeForecast, forecast, type Phase, phasesOf, type Rehearsal } from "../packages/mover/forecast.ts";
import { withSession } from "../packages/mover/postgresql/connection.ts";
import { postgresql } from "../packages/mover/postgresql/engine.ts";
import { growClinic, type Source, type Target } from "../packages/mover/test/support/databases.ts";
import { runEngine } from "./child.ts";
import type { Rehearsed } from "./move-engine.ts";

/** How far a step's CPU may be from its forecast, and half the band's width, at most. */
const CPU_AIM = 0.2;
const BAND_AIM = 0.35;
/** A step below is too short for its CPU to be told: /proc counts hundredths of a second. */
const SHORTEST_CPU_MS = 1000;

/** Prints forecast and fact per step, and which aims are held. */
export async function benchForecast(source: Source, target: Target): Promise<void> {
	const servers = [source.server.pid, target.server.pid].map(String);
	const rehearse = async (into: string): Promise<Rehearsed> =>
		JSON.parse(await runEngine("rehearse", source.login.url, target.login.url, into, ...servers));
	const first = await rehearse("move_1");
	await growClinic(source);
	await withSession(source.superuser, {}, (client) => client.query("VACUUM ANALYZE"));
	await withSession(source.superuser, {}, (client) => client.query("CHECKPOINT"));
	const now = { tables: (await postgresql.measure?.(source.login)) ?? {}, containerMb: undefined };
	const wall = forecast([first], now);
	const cpu = forecast([inCpu(first)], now);
	console.log("the first rehearsal foretells of the second:");
	for (const line of describeForecast(wall)) console.log(`  ${line}`);

	const second = await rehearse("move_2");
	const facts = new Map(phasesOf(second).map(({ step, wallMs }) => [step, wallMs]));
	const missed: string[] = [];
	console.log(row("step", "CPU foretold", "CPU fact", "off by", "wall foretold", "wall fact"));
	for (const { step, workMs } of cpu.phases) {
		const fact = second.cpuMs[step] ?? 0;
		const off = fact === 0 ? 0 : workMs / fact - 1;
		const isShort = Math.max(fact, workMs) < SHORTEST_CPU_MS;
		if (!isShort && Math.abs(off) > CPU_AIM) missed.push(step);
		const said = isShort ? "short" : `${(off * 100).toFixed(0)} %`;
		const likely = wall.phases.find((phase) => phase.step === step)?.likelyMs ?? 0;
		console.log(row(step, seconds(workMs), seconds(fact), said, seconds(likely), seconds(facts.get(step) ?? 0)));
	}
	const factCpu = Object.values(second.cpuMs).reduce((sum, ms) => sum + ms, 0);
	const factWall = [...facts.values()].reduce((sum, ms) => sum + ms, 0);
	console.log(row("all", seconds(work(cpu.phases)), seconds(factCpu), "", seconds(wall.likelyMs), seconds(factWall)));
	const half = (wall.maxMs - wall.minMs) / 2 / wall.likelyMs;
	const isInside = wall.minMs <= factWall && factWall <= wall.maxMs;
	const held = (isHeld: boolean, how: string) => (isHeld ? "held" : `missed (${how})`);
	console.log(
		`CPU of each step of 1 s or more within ${CPU_AIM * 100} %: ${held(missed.length === 0, missed.join(", "))}`,
	);
	console.log(
		`wall inside the band of ${seconds(wall.minMs)} to ${seconds(wall.maxMs)}: ${held(isInside, seconds(factWall))}`,
	);
	console.log(`band at most ${BAND_AIM * 100} % either way: ${held(half <= BAND_AIM, `${(half * 100).toFixed(0)} %`)}`);
}

/** The rehearsal with each step's CPU, shared out over its parts by their times: two processes work on one part. */
function inCpu(rehearsal: Rehearsed): Rehearsal {
	const totals = new Map(
		phasesOf(rehearsal).map(({ step, parts }) => [step, parts.reduce((sum, { ms }) => sum + ms, 0)]),
	);
	const times = new Map(
		phasesOf(rehearsal).flatMap(({ step, parts }) => parts.map(({ part, ms }) => [`${step} ${part}`, ms] as const)),
	);
	const lines = rehearsal.lines.map((line) => {
		const [total = 0, ms = 0] = [totals.get(line.step), times.get(`${line.step} ${line.part}`)];
		const share = total === 0 ? 0 : ms / total;
		return { ...line, evidence: { cpuMs: (rehearsal.cpuMs[line.step] ?? 0) * share } };
	});
	return { ...rehearsal, lines };
}

const work = (phases: readonly Phase[]) => phases.reduce((sum, { workMs }) => sum + workMs, 0);
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
const row = (step: string, ...cells: string[]) =>
	`${step.padEnd(20)}${cells.map((cell) => cell.padStart(15)).join("")}`;
