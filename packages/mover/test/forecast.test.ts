import assert from "node:assert/strict";
import { test } from "node:test";
import {
	compareWithFact,
	describeBudget,
	describeForecast,
	duration,
	forecast,
	phasesOf,
	type Rehearsal,
	type TimedLine,
} from "../forecast.ts";
import type { StepName } from "../steps.ts";

const START = Date.parse("2026-11-30T02:00:00Z");
/** Lines of steps that run one after the other, each part for its seconds. */
function journal(...steps: [step: StepName, part: string, seconds: number][]): TimedLine[] {
	let now = START;
	const at = () => new Date(now).toISOString();
	return steps.flatMap(([step, part, seconds]): TimedLine[] => {
		const begin: TimedLine = { at: at(), step, part, state: "begin", evidence: {} };
		now += seconds * 1000;
		return [begin, { at: at(), step, part, state: "done", evidence: { ms: seconds * 1000 } }];
	});
}

function rehearsal(run: string, growth = 1, pace = 1, containerMb = 15_360): Rehearsal {
	return {
		run,
		containerMb,
		tables: { 101: 600e6 * growth, 102: 400e6 },
		lines: journal(
			["create-database", "", 1],
			["pre-data", "", 2],
			["rows", "101.0", 30 * growth * pace],
			["rows", "101.1", 30 * growth * pace],
			["rows", "102.0", 40 * pace],
			["post-data", "7", 100 * (0.6 * growth + 0.4) * pace],
			["analyze", "", 5 * pace],
			["verify", "s.101.0", 20 * growth * pace],
		),
	};
}

const total = ({ lines }: Rehearsal) => phasesOf({ lines }).reduce((sum, { wallMs }) => sum + wallMs, 0);

/** Above each band: what a copy of any size may take longer. */
const SECONDS = 5_000;

test("the same again takes as long, and fixed steps do not grow with the data", () => {
	const first = rehearsal("r1");
	const same = forecast([first], first);
	assert.equal(same.likelyMs, total(first));
	assert.deepEqual([same.minMs, same.maxMs], [same.likelyMs * 0.75, same.likelyMs * 1.25 + SECONDS]);
	const grown = forecast([first], { ...first, tables: { 101: 1200e6, 102: 400e6 } });
	const of = (step: string) => grown.phases.find((phase) => phase.step === step)?.likelyMs;
	assert.equal(of("pre-data"), 2000);
	assert.equal(of("rows"), 160_000, "table 101 doubles, table 102 does not");
	assert.equal(of("verify"), 40_000);
	assert.equal(of("post-data"), 160_000, "what belongs to no table grows as all of them");
});

test("a second rehearsal after growth of a quarter lies in the first one's band, which is at most 35 % wide", () => {
	const first = rehearsal("r1");
	for (const pace of [0.8, 1, 1.2]) {
		const second = rehearsal("r2", 1.25, pace);
		const { minMs, likelyMs, maxMs } = forecast([first], second);
		assert.ok(minMs <= total(second) && total(second) <= maxMs, `${minMs} ${total(second)} ${maxMs}`);
		assert.ok((maxMs - SECONDS) / likelyMs <= 1.3501 && minMs / likelyMs >= 0.6499);
	}
});

test("two rehearsals that agree narrow the band, two that do not keep it wide", () => {
	const now = rehearsal("r3");
	const width = (...of: Rehearsal[]) => {
		const { minMs, likelyMs, maxMs } = forecast(of, now);
		return (maxMs - SECONDS - minMs) / likelyMs / 2;
	};
	assert.ok(width(rehearsal("r1"), rehearsal("r2", 1, 1.05)) < 0.13);
	assert.ok(width(rehearsal("r1"), rehearsal("r2", 1, 1.3)) > 0.25);
	assert.match(
		forecast([rehearsal("r1"), rehearsal("r2", 1, 1.05)], now).reasons[0] ?? "",
		/2 rehearsals \(r1, r2\).*within 5 %/,
	);
});

test("another size of the target and burstable CPU are named and counted", () => {
	const small = rehearsal("r1", 1, 1, 7680);
	const large = forecast([small], { tables: small.tables, containerMb: 15_360 });
	assert.ok(large.likelyMs < total(small) * 0.65);
	assert.match(large.reasons.join("\n"), /rehearsed on a container of 7680 MB, and the night's has 15360 MB/);
	const burstable = forecast([small], { tables: small.tables, containerMb: 7680, isBurstable: true });
	assert.equal(burstable.maxMs, Math.round(burstable.likelyMs * 1.45) + SECONDS);
	assert.match(burstable.reasons.join("\n"), /credits/);
});

test("the largest part is a floor, and a step that was begun twice counts from its last begin", () => {
	const lines: TimedLine[] = [
		{ at: "2026-11-30T02:00:00Z", step: "post-data", part: "7", state: "begin", evidence: {} },
		{ at: "2026-11-30T03:00:00Z", step: "post-data", part: "7", state: "begin", evidence: {} },
		{ at: "2026-11-30T03:01:00Z", step: "post-data", part: "7", state: "done", evidence: {} },
	];
	assert.deepEqual(phasesOf({ lines }), [{ step: "post-data", wallMs: 60_000, parts: [{ part: "7", ms: 60_000 }] }]);
	const two = { run: "r1", lines, tables: { 1: 1 }, containerMb: 1024 };
	const { likelyMs, reasons } = forecast([two], { tables: { 1: 3 }, containerMb: 1024 });
	assert.equal(likelyMs, 180_000);
	assert.match(reasons.join("\n"), /longest part, of post-data, takes 3 min/);
});

test("what is not known is named, and scales nothing", () => {
	const unknown = { ...rehearsal("r1"), tables: {}, containerMb: undefined };
	const { likelyMs, reasons } = forecast([unknown], { tables: { 101: 9e9 }, containerMb: 1024 });
	assert.equal(likelyMs, total(unknown));
	assert.match(reasons.join("\n"), /not known: the sizes of the source's tables in r1/);
	assert.match(reasons.join("\n"), /not known: the size of the target's container/);
	assert.match(reasons.join("\n"), /not known: whether the old server's CPU is burstable/);
	const certain = forecast([rehearsal("r1")], { ...rehearsal("r1"), isBurstable: false });
	assert.doesNotMatch(certain.reasons.join("\n"), /not known/);
});

test("a budget holds, may hold, or does not", () => {
	const band = { minMs: 60_000, likelyMs: 120_000, maxMs: 180_000 };
	const said = [180_000, 150_000, 100_000].map((budget) => describeBudget(band, budget));
	assert.match(said[0] ?? "", /^the budget of 3 min holds: 60 s to 3 min, likely 2 min$/);
	assert.match(said[1] ?? "", /may not hold/);
	assert.match(said[2] ?? "", /will not hold/);
});

test("a forecast without a rehearsal says what to do first", () => {
	assert.throws(() => forecast([], { tables: {}, containerMb: 1024 }), /npm run move -- rehearse/);
});

test("forecast and fact stand side by side, and a budget that will not hold is told while going back is free", () => {
	const first = rehearsal("r1");
	const plan = forecast([first], first);
	const half = first.lines.slice(0, 10);
	const elapsed = phasesOf({ lines: half }).reduce((sum, { wallMs }) => sum + wallMs, 0);
	const onTime = compareWithFact(plan, half, elapsed, { budgetMs: 600_000 });
	assert.ok(Math.abs(onTime.expectedMs - plan.likelyMs) < 2000, String(onTime.expectedMs));
	assert.doesNotMatch(onTime.line, /budget/);
	const late = compareWithFact(plan, half, elapsed * 3, { budgetMs: 300_000 });
	assert.match(
		late.line,
		/the budget of 5 min will not hold, and going back is still free: npm run move -- stop --stack STACK, then/,
	);
	assert.equal(compareWithFact(plan, [], 0, { budgetMs: 600_000 }).expectedMs, plan.likelyMs);
});

test("of a copy that goes on, what an earlier wish has done is done, and took none of this one's time", () => {
	const first = rehearsal("r1");
	const plan = forecast([first], first);
	const half = first.lines.slice(0, 10);
	const last = Date.parse(half.at(-1)?.at ?? "");
	const resumed = compareWithFact(plan, half, 0, { since: last + 7 * 86_400_000 });
	const left = plan.likelyMs * (1 - resumed.share);
	assert.ok(resumed.share > 0.3 && Math.abs(resumed.expectedMs - left) < 2, `${resumed.expectedMs} of ${left}`);
	assert.match(resumed.line, /^\d+ % done after 0 s, \d+ % of it by earlier tries; expected in all/);
	const rest = first.lines.slice(10).map((line) => ({
		...line,
		at: new Date(Date.parse(line.at) + 7 * 86_400_000).toISOString(),
	}));
	const whole = compareWithFact(plan, [...half, ...rest], left, { since: last + 86_400_000 });
	assert.ok(whole.share > 0.99 && Math.abs(whole.expectedMs - left) < 2_000, `${whole.expectedMs} of ${left}`);
});

test("times read as a person says them", () => {
	assert.deepEqual([duration(40_000), duration(720_000), duration(7_500_000)], ["40 s", "12 min", "2 h 05 min"]);
	assert.match(
		describeForecast(forecast([rehearsal("r1")], rehearsal("r1")))[0] ?? "",
		/^3 min to 5 min, likely 4 min$/,
	);
});
