/** `night`: the steps one after the other, each the command that it is. It may be left anywhere and taken up, also by another person. */
import type { Wish } from "../../packages/mover/journal/wishes.ts";
import { refuseOpenBack } from "../back/opening.ts";
import { budgetOf } from "../forecast.ts";
import { NOT_LOOKED_AT } from "../plan/finding.ts";
import type { ClusterReport } from "../source-cluster/port.ts";
import { findOpenSwitch, type NightJournal } from "../switch/night-journal.ts";
import { findNight, isStepDone, listSteps, type Night, type NightFacts, type NightStep } from "./steps.ts";
import { describeDowntime, describeRows, findShutOut, makeRows } from "./table.ts";

/** What going back costs at a moment. */
export interface Cost {
	isFree: boolean;
	line: string;
}

/** What a night stands on. */
export interface NightPorts {
	journal: NightJournal;
	/** Reads what is done, anew each time. */
	look(): Promise<NightFacts>;
	cost(facts: NightFacts): Promise<Cost>;
	/** Forecast of the copy, in ms; undefined without a rehearsal of each database. */
	copyMs(): Promise<number | undefined>;
	/** Runs a command of the move's, with this terminal. @returns exit code */
	run(command: readonly string[]): Promise<number>;
	stopServices(): Promise<ClusterReport>;
	/** Whether `stopServices` only says what a person has to do. */
	isByHand: boolean;
	/** Asks the person, who answers with undefined where Ctrl-C or Ctrl-D is the answer; absent without a terminal. */
	ask: ((question: string) => Promise<string | undefined>) | undefined;
	/** Work that is wished for and not over. */
	openWork(): Promise<Pick<Wish, "command" | "run"> | undefined>;
	/** Keeps who has answered what. */
	keep(run: string, step: string, answer: string): Promise<void>;
	/** The operator's name as the journal has it. */
	by: string;
	tell(line: string): void;
	now(): Date;
}

type Answer = "go" | "again" | "back" | "leave";

const GO_ON = "npm run move -- night --stack STACK";

/**
 * Walks through the night.
 *
 * @param isSure answers `go` to what can be gone back from for free: all before the trial but MedStack's services by hand
 * @returns exit code: 0 at its end or where MedStack serves again, 1 where it was left
 * @throws where no mover has made a run yet, where a way back is open, and where the stage is in no phase of a night
 */
export async function walkNight({ isSure }: { isSure: boolean }, ports: NightPorts): Promise<number> {
	const { journal, look, tell, by } = ports;
	const run = await journal.run();
	if (run === undefined) {
		throw new Error(
			"no mover has made a run yet; before the night: npm run move -- check --stack STACK, and a rehearsal",
		);
	}
	const begun = await look();
	refuseElsewhere(begun);
	const former = findNight(begun.lines);
	if (former === undefined) await journal.write(run, "night", "begin", { by });
	else tell(`the night that was begun at ${former.at} is taken up where it stands`);
	for (;;) {
		const facts = await look();
		const night = findNight(facts.lines);
		if (night === undefined) {
			tell("this night is over, as MedStack serves again");
			return 0;
		}
		refuseElsewhere(facts);
		const steps = listSteps(facts, night);
		const next = steps.find((step) => !isStepDone(step, facts, night));
		const cost = await describe(steps, facts, night, ports);
		if (next === undefined) return end(ports);
		const walk = new Question(next, { facts, night, cost, isSure }, ports);
		const answer = await walk.ask();
		if (answer === "leave") return walk.leave();
		if (answer === "back") return walk.goBack();
		await walk.go();
	}
}

/** In `cancelled` MedStack is in use for good, and beside a way back it is opened. */
function refuseElsewhere({ lines, phase }: NightFacts): void {
	refuseOpenBack(lines);
	if (phase !== undefined && phase !== "cancelled") return;
	throw new Error(
		`a night goes from prepare to live, and the stage is in ${phase ?? "no phase, as no update of it has ended"}; look at: npm run move -- status --stack STACK`,
	);
}

/** Shows the table, the time, and what going back costs. */
async function describe(
	steps: readonly NightStep[],
	facts: NightFacts,
	night: Night,
	{ cost: costOf, copyMs, tell, now }: NightPorts,
): Promise<Cost> {
	const { lines, moved } = facts;
	const isDone = (step: NightStep) => isStepDone(step, facts, night);
	const rows = makeRows(steps, isDone, { lines, night, copyMs: await copyMs(), now: now() });
	const cost = await costOf(facts);
	tell("");
	for (const line of describeRows(rows)) tell(line);
	for (const line of describeDowntime(rows, {
		since: findShutOut(lines, night),
		budgetMs: budgetOf(moved),
		isFree: cost.isFree,
		now: now(),
	}))
		tell(line);
	tell(`going back now: ${cost.line}`);
	return cost;
}

async function end({ journal, tell }: NightPorts): Promise<number> {
	await journal.write((await journal.run()) ?? "", "night", "done", {});
	tell("the night is over: Aptible serves");
	tell(
		"next, once nobody needs what MedStack has any more, and until then going back is possible: npm run move -- close --stack STACK",
	);
	tell(
		"close shuts the mover's login, lets MySQL's events go on, lists what is left at MedStack with its dates, and is the point of no return. It wants a watch that has found MedStack silent",
	);
	return 0;
}

/** One step, and what a person answers to it. */
class Question {
	readonly #step: NightStep;
	readonly #at: { facts: NightFacts; night: Night; cost: Cost; isSure: boolean };
	readonly #ports: NightPorts;

	constructor(
		step: NightStep,
		at: { facts: NightFacts; night: Night; cost: Cost; isSure: boolean },
		ports: NightPorts,
	) {
		this.#step = step;
		this.#at = at;
		this.#ports = ports;
	}

	async ask(): Promise<Answer> {
		const { name, says, isPersonal } = this.#step;
		const { night, cost, isSure } = this.#at;
		const { ask, tell, isByHand } = this.#ports;
		const last = night.lines.findLast(({ part, state }) => part === name && state !== "note");
		const go: Answer = last === undefined || last.state === "done" ? "go" : "again";
		const isByPerson = isPersonal || (name === "services" && isByHand);
		let answer: Answer = "leave";
		// What has failed is looked at by somebody.
		if (isSure && !isByPerson && go === "go") answer = "go";
		else if (ask === undefined) tell(`next: ${name}, ${says}; that is a person's to answer, and there is no terminal`);
		else {
			tell(`next: ${name}, ${says}`);
			if (go === "again") for (const line of this.#choices(last?.state === "failed")) tell(line);
			for (;;) {
				const typed = await ask(`type ${go}, back or leave: `);
				answer = typed === undefined ? "leave" : (typed.trim() as Answer);
				if ([go, "back", "leave"].includes(answer)) break;
			}
		}
		await this.#note(answer);
		if (answer === "back" && !cost.isFree) tell(`going back costs: ${cost.line}`);
		return answer;
	}

	#choices(hasFailed: boolean): string[] {
		const { cost } = this.#at;
		return [
			hasFailed
				? "it has failed, as above or as its command says when it is run again:"
				: "it was begun and not seen to its end:",
			"  again: the same command once more; it goes on from what it has done",
			`  back: MedStack serves again; ${cost.line}`,
			"  leave: everything stays as it is, for whoever takes the night up",
		];
	}

	async #note(answer: Answer): Promise<void> {
		const { journal, keep, by } = this.#ports;
		const run = await this.#run();
		await journal.write(run, "night", "note", { answer, by }, { part: this.#step.name });
		await keep(run, this.#step.name, answer);
	}

	async #run(): Promise<string> {
		return (await this.#ports.journal.run()) ?? "";
	}

	async leave(): Promise<number> {
		const { tell, openWork } = this.#ports;
		const [work, open] = [await openWork(), findOpenSwitch(this.#at.facts.lines)];
		const says = [
			...(work === undefined
				? []
				: [
						`the mover goes on with ${work.command}${work.run === undefined ? "" : ` of run ${work.run}`}, which ends with: npm run move -- stop --stack STACK`,
					]),
			...(open === undefined ? [] : [`the switch to ${open.phase} is begun and not ended`]),
		];
		tell(
			`left before ${this.#step.name}; ${says.length === 0 ? "nothing is under way" : says.join("; ")}. To go on, from any machine with the stage's files: ${GO_ON}`,
		);
		return 1;
	}

	async goBack(): Promise<number> {
		const { run, ask } = this.#ports;
		const question = "how many rows may be lost, a number or all; nothing for none: ";
		const typed = this.#at.cost.isFree ? "" : await ask?.(question);
		if (typed === undefined) return this.leave();
		const given = typed.trim();
		return run(["back", ...(given === "" ? [] : ["--accept-loss", given])]);
	}

	/** Does it, and notes how it ended. */
	async go(): Promise<void> {
		const { journal, tell } = this.#ports;
		if (await this.#isDone()) {
			tell(`${this.#step.name} is done by now`);
			return;
		}
		const write = async (state: "begin" | "done" | "failed") =>
			journal.write(await this.#run(), "night", state, {}, { part: this.#step.name });
		await write("begin");
		let isDone: boolean;
		try {
			isDone = await this.#act();
		} catch (error) {
			tell((error as Error).message);
			isDone = false;
		}
		await write(isDone ? "done" : "failed");
		if (!isDone || (await this.#isDone())) return;
		tell(
			`${this.#step.name} has ended well, and what shows it is not here: npm run move -- status --stack STACK; is Pulumi.STACK.move.json of another machine not pulled?`,
		);
		await write("failed");
	}

	async #isDone(): Promise<boolean> {
		const facts = await this.#ports.look();
		const night = findNight(facts.lines);
		return night === undefined || isStepDone(this.#step, facts, night);
	}

	async #act(): Promise<boolean> {
		const { run, ask } = this.#ports;
		const { name, command } = this.#step;
		if (command === undefined) return this.#stopServices();
		if (name === "watch") {
			const old = (await ask?.("log of MedStack's page service, a file: "))?.trim() ?? "";
			const newer = (await ask?.("log of Aptible's endpoints, a file: "))?.trim() ?? "";
			return (await run([...command, "--old", old, "--new", newer])) === 0;
		}
		const code = await run(name === "frozen" && this.#at.isSure ? [...command, "--yes"] : command);
		if (name !== "plan" || code !== NOT_LOOKED_AT) return code === 0;
		const typed = await ask?.(
			"plan could not look at everything, as above. To begin the night without that, type unseen: ",
		);
		return typed?.trim() === "unseen";
	}

	async #stopServices(): Promise<boolean> {
		const { stopServices, isByHand, ask, tell } = this.#ports;
		const { lines, left } = await stopServices();
		for (const line of lines) tell(line);
		if (left.length === 0 && !isByHand) return true;
		return (await ask?.("Once they are at 0, type down: "))?.trim() === "down";
	}
}
