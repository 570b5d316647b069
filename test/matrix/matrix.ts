/** Runs the matrix: every scenario of every subject, with everything that can go wrong in it. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import type { TestContext } from "node:test";
import { clearFaults, pendingFaults, setFault } from "@medstack-to-aptible/sandbox/aptible/faults.ts";
import { type JournalRow, readJournal, readRuns } from "@medstack-to-aptible/sandbox/aptible/journal.ts";
import { setLatency } from "@medstack-to-aptible/sandbox/aptible/setup.ts";
import { differencesOf } from "../../drift/compare.ts";
import { readSnapshot } from "../../drift/snapshot.ts";
import { environmentKey } from "../../wire/template.ts";
import { liveState } from "./live-state.ts";
import { type Plan, plansFor, tellPlan } from "./plans.ts";
import { assertRan } from "./ran.ts";
import type { Facts, Spec } from "./reconcilers.ts";
import { assertShown } from "./shown.ts";
import { type Scenario, type Subject, scenariosOf } from "./subject.ts";
import { inhabit, type Outcome, World } from "./world.ts";

/** Cells at work side by side: most of what one waits for is a pause. */
const sideBySide = 12;

interface Cell {
	scenario: Scenario;
	plan: Plan;
	/** Folder of the state that it begins with. */
	from: string;
	facts: Facts | undefined;
	/** What is to be in the end, as `resultOf` tells it. */
	goal: string[];
}

/** How much was run. */
export interface Size {
	scenarios: number;
	cells: number;
	/** Cells of the whole matrix. */
	of: number;
}

/**
 * Runs the cells of these subjects: all of them with `MATRIX=all`, else of those that change a field every `oneIn`-th, and four times
 * as many of the others; of those in which something is hidden a 24th of that, as most are refused alike. Each scenario is run without
 * trouble in any case.
 */
export async function runMatrix(
	t: TestContext,
	subjects: readonly Subject[],
	{ secrets, oneIn }: { secrets: Readonly<Record<string, string>>; oneIn: number },
): Promise<void> {
	const variables = Object.entries(secrets).map(([reference, value]) => [environmentKey(reference), value]);
	const leave = await inhabit(Object.fromEntries(variables));
	t.after(leave);
	const started = Date.now();
	const broken: string[] = [];
	const size: Size = { scenarios: 0, cells: 0, of: 0 };
	for (const subject of subjects) {
		const cells = await cellsOf(subject, broken, size);
		const hiding = cells.filter(({ plan }) => plan.hides);
		const others = cells.filter(({ plan }) => !plan.hides);
		const chosen =
			process.env.MATRIX === "all"
				? cells
				: [
						...others.filter((cell, index) => isChosen(cell, index, oneIn)),
						...hiding.filter((cell, index) => isChosen(cell, index, oneIn * 24)),
					];
		await eachOf(chosen, async (cell) => {
			const label = `${subject.name}: ${cell.scenario.name}: ${tellPlan(cell.plan)}`;
			try {
				if (await runCell(cell)) size.cells += 1;
			} catch (error) {
				if (process.env.TRACE) console.error(`! ${label}\n${error instanceof Error ? error.message : error}`);
				broken.push(`${label}\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
			}
		});
		for (const from of new Set(cells.map((cell) => cell.from))) rmSync(from, { recursive: true, force: true });
	}
	const seconds = ((Date.now() - started) / 1000).toFixed(1);
	t.diagnostic(
		`matrix: ${size.cells} cells of ${size.of}, ${size.scenarios} scenarios, ${subjects.length} subjects, in ${seconds} s`,
	);
	assert.deepEqual(
		broken.length,
		0,
		`${broken.length} broken:\n${broken.slice(0, Number(process.env.SHOW ?? 10)).join("\n\n")}`,
	);
}

/** What is made, renamed or removed differs more from kind to kind than how a field is changed. */
function isChosen({ scenario }: Cell, index: number, oneIn: number): boolean {
	const isOfField = /^(change|drift|adopt) (?!gone|as it is)/.test(scenario.name);
	return index % (isOfField ? oneIn : Math.ceil(oneIn / 4)) === 0;
}

/** The cells of a subject, from a run of each of its scenarios in which nothing goes wrong. */
async function cellsOf(subject: Subject, broken: string[], size: Size): Promise<Cell[]> {
	const { from: empty, extra } = await prepare(subject);
	const base = { ...subject.spec, ...extra };
	const scenarios = scenariosOf(subject, base).filter(({ name }) =>
		new RegExp(process.env.ONLY ?? "").test(`${subject.name}: ${name}`),
	);
	const cells: Cell[] = [];
	const pasts = new Map<string, Promise<Past>>();
	const pastOf = (scenario: Scenario): Promise<Past> => {
		const isOwn = scenario.before !== undefined || scenario.answer !== undefined;
		const key = JSON.stringify([scenario.history, scenario.gone, isOwn && scenario.name]);
		const past = pasts.get(key) ?? live(scenario, empty);
		pasts.set(key, past);
		return past;
	};
	await eachOf(scenarios, async (scenario) => {
		try {
			cells.push(...(await cellsOfScenario(scenario, await pastOf(scenario))));
		} catch (error) {
			broken.push(
				`${subject.name}: ${scenario.name}\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
			);
		}
	});
	size.scenarios += scenarios.length;
	size.of += cells.length;
	return cells;
}

async function prepare(subject: Subject): Promise<{ from: string; extra: Spec }> {
	const world = await World.open();
	const extra = (await subject.setup?.(world)) ?? {};
	return { from: await world.close(), extra };
}

/** Where a scenario begins: many begin at the same place. */
interface Past {
	/** Folder of the state. */
	from: string;
	/** Facts of each step of the history. */
	facts: readonly Facts[];
	/** Fields of the spec that depend on it. */
	answer: Spec;
}

async function live({ subject, history, gone, before, answer }: Scenario, empty: string): Promise<Past> {
	const world = await World.open(empty);
	const facts: Facts[] = [];
	for (const spec of history) facts.push(await world.applied(subject.kind, spec, facts.at(-1)));
	await before?.(world);
	if (gone) await world.run(subject.kind, "remove", history.at(-1) ?? {}, facts.at(-1));
	const answered = (await answer?.(world, facts.at(-1) ?? {})) ?? {};
	return { from: await world.close(), facts, answer: answered };
}

async function cellsOfScenario(declared: Scenario, { from, facts, answer }: Past): Promise<Cell[]> {
	const scenario = { ...declared, spec: { ...declared.spec, ...answer } };
	const { subject, history, recorded, refused } = scenario;
	const recordedFacts = recorded === undefined ? undefined : facts[recorded];
	const world = await World.open(from);
	const mark = world.markCalls();
	const outcome = await world.run(subject.kind, scenario.verb, scenario.spec, recordedFacts);
	if (refused !== undefined) {
		assertRefused(world, outcome, refused, mark);
		const goal = resultOf(world, subject, undefined);
		const routes = routesIn(readJournal(world.dir).filter(({ id }) => id > mark));
		await world.end();
		return plansFor([], 0, routes).map((plan) => ({ scenario, plan, from, facts: recordedFacts, goal }));
	}
	if (outcome.end === "failed") throw outcome.error;
	const calls = readJournal(world.dir).filter(({ id }) => id > mark);
	const changes = calls.filter(({ source, mutating }) => source === "cli" && mutating).length;
	const routes = routesIn(calls);
	const writes = calls.flatMap((row) => row.writes.map((write) => JSON.stringify(write)));
	if (scenario.isThere) assert.deepEqual(writes, [], "what is as declared is left alone");
	const goal = resultOf(world, subject, outcome.end === "succeeded" ? outcome.facts : undefined);
	const ours = recorded === history.length - 1;
	if (scenario.verb === "apply") await assertShown(world, subject.kind, scenario.spec, ours);
	await world.end();
	// An endpoint has no handle that would refuse a second one: without facts, and missing from two lists or more, it is made again.
	const isLost = ({ fault }: Plan) =>
		subject.kind === "endpoint" && recorded === undefined && fault?.name === "not-found-race" && (fault.times ?? 1) > 1;
	// A list misses what was made a moment ago; claims look for what has been there before.
	const isNewest = ({ fault }: Plan) => subject.kind === "claims" && fault?.name === "not-found-race";
	// What an autoscaled service was to start with is the autoscaler's as soon as its policy is there, and is not compared.
	const isAutoscalers = ({ fault }: Plan) =>
		/^container_/.test(fault?.part ?? "") && /autoscale/.test(JSON.stringify(scenario.spec.services ?? {}));
	// What cannot be told to be this stack's is left there, so that another state is right.
	const isInDoubt = ({ hides }: Plan) => subject.kind === "leftovers" && hides === true;
	// A certificate that is not found may be one that the token may not see, and is not compared.
	const isUnseen = ({ fault }: Plan) =>
		fault?.name === "part-missing" && /certificates/.test(fault.command ?? "") && / certificate/.test(scenario.name);
	// Without the link there are no settings.
	const isUnset = ({ fault }: Plan) =>
		fault?.without?.includes("_links.current_setting") === true && / settings\./.test(scenario.name);
	// What a drain may do without may be missing from an answer where it is not set.
	const isOptional = ({ fault }: Plan) =>
		fault?.without?.includes("logging_token") === true && /token: none$| pipeline$/.test(scenario.name);
	// Once there is a release, what runs is CI's: a first one that Aptible took without its image is not sent again.
	const isCis = ({ fault }: Plan) =>
		fault?.name === "part-lost" && fault.part === "settings" && scenario.spec.releasedBy === "ci";
	const left = [isLost, isNewest, isAutoscalers, isInDoubt, isUnseen, isUnset, isOptional, isCis];
	const plans = plansFor(writes, changes, routes).filter((plan) => !left.some((isLeft) => isLeft(plan)));
	return plans.map((plan) => ({ scenario, plan, from, facts: recordedFacts, goal }));
}

/**
 * One cell: a run in which something goes wrong, then one in which nothing does. After it there is what there is to be, once,
 * and a third run has nothing to do.
 *
 * @returns false where the fault did not strike, so that there is nothing to be seen
 */
async function runCell({ scenario, plan, from, facts, goal }: Cell): Promise<boolean> {
	const { subject, verb, spec, refused } = scenario;
	const world = await World.open(from);
	const begin = world.markCalls();
	const ran = readRuns(world.dir).length;
	try {
		for (const fault of [plan.fault, plan.also]) if (fault !== undefined) setFault(world.dir, fault);
		if (plan.operationMs !== undefined) setLatency(world.dir, { operationMs: plan.operationMs });
		const first = await world.run(subject.kind, verb, spec, facts, plan);
		if (plan.fault !== undefined && pendingFaults(world.dir).length > 0) {
			clearFaults(world.dir);
			if (plan.fault.times === undefined) return false;
		}
		if ((plan.killedAfter ?? plan.orphanedAt) !== undefined && first.end !== "killed") return false;
		if (plan.mustSucceed && refused === undefined && first.end === "failed") throw first.error;
		setLatency(world.dir, { operationMs: 0 });
		if (refused !== undefined) {
			assert.equal(first.end, "failed");
			assertRefused(world, await world.run(subject.kind, verb, spec, facts), refused, begin);
			assert.deepEqual(resultOf(world, subject, undefined), goal);
			return true;
		}
		const known = first.end === "succeeded" ? (first.facts ?? facts) : facts;
		// Without facts nobody can tell whether the load balancer was given what the record says: a known gap.
		const isServedUnknown = subject.kind === "endpoint" && facts === undefined && first.end !== "succeeded";
		// Whether Aptible backs the database up by itself is hidden, so that its removal takes a last backup of its own.
		const isBackupUnknown = plan.fault?.without?.includes("enable_backups") ?? false;
		const spared = (lines: string[]) =>
			withoutSpareBackups(
				isBackupUnknown ? lines.filter((line) => goal.includes(line) || !isOwnBackup(line)) : lines,
				goal,
			);
		// New credentials wait for a deploy of another reason: none is sent where nobody can tell whether there are some already, and a
		// hidden image is a reason.
		const hidden = /^change registry/.test(scenario.name) ? (plan.fault?.without ?? []) : [];
		const areCredentialsUnknown = hidden.includes("sensitive_settings");
		const areCredentialsSent = hidden.includes("_links.current_setting");
		const shown = (lines: string[]) => (areCredentialsSent ? lines.map(withoutCredentials) : lines);
		const seen = (lines: string[]) => spared(shown(isServedUnknown ? lines.map(withoutServed).sort() : lines));
		if (first.end === "succeeded") {
			const told = (lines: string[]) => (areCredentialsUnknown ? lines.map(withoutCredentials) : shown(lines));
			const result = spared(resultOf(world, subject, first.facts));
			assert.deepEqual(told(result), told(goal), "it succeeded, with another state");
		}
		const second = await world.run(subject.kind, verb, spec, known);
		await world.orphansEnd();
		const story = first.end === "failed" ? `first run: ${first.error.message}` : `first run: ${first.end}`;
		if (second.end === "failed") throw new Error(`${story}\nthe next run failed: ${second.error.message}`);
		const last = second.end === "succeeded" ? (second.facts ?? known) : known;
		assert.deepEqual(
			seen(resultOf(world, subject, verb === "apply" ? last : undefined)),
			seen(goal),
			`${story}\nanother state than after a run without trouble`,
		);
		const mark = world.markCalls();
		const third = await world.run(subject.kind, verb, spec, last);
		if (third.end === "failed") throw new Error(`${story}\na further run failed: ${third.error.message}`);
		assert.deepEqual(world.mutatingSince(mark), [], `${story}\na further run sends something`);
		if (plan.fault?.name !== "part-lost") assertRan(world, scenario, ran);
		if (verb === "apply" && subject.kind !== "claims")
			assert.deepEqual(await differences(world, subject, spec, last), [], story);
		return true;
	} finally {
		await world.end();
	}
}

/** What was asked of the API, without ids. */
function routesIn(calls: readonly JournalRow[]): Set<string> {
	const reads = calls.filter(({ source, mutating }) => source === "api" && !mutating);
	return new Set(reads.map(({ command }) => command.replace(/\/\d+/g, "/ID")));
}

/** Fails where a run was not refused, or sent something since a mark. */
function assertRefused(world: World, outcome: Outcome, refused: RegExp, mark: number): void {
	assert.match(outcome.end === "failed" ? outcome.error.message : outcome.end, refused);
	assert.deepEqual(world.mutatingSince(mark), []);
}

/** What lives on Aptible after a run; of claims, which are nothing there, also what they say. */
function resultOf(world: World, { kind }: Subject, facts: Facts | undefined): string[] {
	return [...liveState(world.dir), ...(kind === "claims" && facts !== undefined ? [JSON.stringify(facts)] : [])];
}

/** One more last backup does no harm: whether one is of an interrupted removal cannot always be told, and none is deleted. */
function withoutSpareBackups(lines: readonly string[], goal: readonly string[]): string[] {
	const timesIn = (all: readonly string[], line: string) => all.filter((one) => one === line).length;
	return lines.filter((line, index) => {
		return !line.startsWith("backup ") || timesIn(lines.slice(0, index + 1), line) <= Math.max(1, timesIn(goal, line));
	});
}

function isOwnBackup(line: string): boolean {
	return line.startsWith("backup ") && line.includes('"manual":true');
}

function withoutServed(line: string): string {
	return line.replace(/"served":\{[^}]*\},/, "");
}

function withoutCredentials(line: string): string {
	return line.replace(/"sensitive_settings":\{[^}]*\},/, "");
}

/** What the drift report says of the object: it must say nothing. */
async function differences(world: World, { kind }: Subject, spec: Spec, facts: Facts | undefined) {
	const snapshot = await readSnapshot(world.look(), (environments) => {
		return environments.find(({ handle }) => handle === (spec.environment ?? spec.handle));
	});
	if (snapshot === undefined) return ["there is no environment"];
	return differencesOf(snapshot, kind, spec, facts, (reference) => process.env[environmentKey(reference)]);
}

async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
	const left = items.values();
	const worker = async () => {
		for (const item of left) await work(item);
	};
	await Promise.all(Array.from({ length: sideBySide }, worker));
}
