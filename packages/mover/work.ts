/** Does one wish for all databases of the stage: several are swapped in together, or not at all. */
import { databaseIn } from "./address.ts";
import type { Configuration, MovedDatabase } from "./configuration.ts";
import type { Engine, Engines, FreezeTask, Proof, SwapTask, Task } from "./engine.ts";
import { type Finding, forRehearsal, isBlocker } from "./findings.ts";
import { isConnectionError } from "./journal/errors.ts";
import { Fence } from "./journal/fence.ts";
import type { Progress } from "./journal/heartbeat.ts";
import { type Asks, appendLine, type Journal } from "./journal/journal.ts";
import { readNotes } from "./journal/notes.ts";
import { pin, refuseOneSide } from "./journal/pins.ts";
import { isVerified, readProof } from "./journal/proofs.ts";
import { clearReport, type ReportKind, type Sizes, storeReport } from "./journal/reports.ts";
import { type Connect, openJournalDatabase } from "./journal/schema.ts";
import {
	copiedRun,
	hasSwapFailed,
	isSwapDone,
	readRewritten,
	readStanding,
	runsWithCopies,
} from "./journal/standing.ts";
import { type Control, failureOf, JournalSteps } from "./journal/steps.ts";
import { isInSwap, type KnownWish } from "./journal/wishes.ts";
import { placeOf } from "./objects/configuration.ts";
import type { ObjectsTask } from "./objects/work.ts";
import { connect } from "./postgresql/connection.ts";
import { lineOf } from "./postgresql/messages.ts";
import type { Evidence, StepName } from "./steps.ts";
import { checkUncopied } from "./uncopied.ts";

/** How a wish ended, and in one word why. */
export interface Ended {
	state: "done" | "failed" | "refused";
	reason?: string;
}

/** An end; or `anew`: what its run has copied is given up and removed, and the wish is to be done by another run. */
export type Outcome = Ended | { state: "anew"; reason?: undefined };

export interface WorkOptions {
	configuration: Configuration;
	engines: Engines;
	journal: Journal;
	/** Database `move`. */
	asks: Asks;
	control: Control;
	/** Of what the operator's stop does not end in its middle: swaps, and the removal of a copy. */
	lasting: Control;
	progress: Progress;
	/** Takes one line for whoever reads the container's log. */
	report: (line: string) => void;
}

/** Where a wish stands: its run, and what it works with for each database. */
interface Unit {
	database: MovedDatabase;
	engine: Engine;
	steps: JournalSteps;
	task: Task;
}

/** Databases that are there before a swap and after it: where a database can be made from. */
const MAINTENANCE = ["postgres", "template1"];

export class Worker {
	readonly #options: WorkOptions;
	readonly #fences = new Map<string, Fence>();
	/** Whether databases are being swapped in: all of them are, or what was is put back. */
	#isSwapping = false;
	/** Why the copy of a former run of this wish was given up, by the stage's name of the database. */
	readonly #givenUp = new Map<string, Finding[]>();

	constructor(options: WorkOptions) {
		this.#options = options;
	}

	get isSwapping(): boolean {
		return this.#isSwapping;
	}

	/** Does a wish, or goes on with it where an earlier holder began it. @throws what is no outcome: the run is to stop, or a connection ended */
	async perform(wish: KnownWish, run: string): Promise<Outcome> {
		const units = this.#units(run);
		const { progress, asks, journal } = this.#options;
		// What an earlier try of it failed of is no end of this one.
		await clearReport(asks, journal, { run, database: "", kind: "failure" });
		Object.assign(progress, { parts: 0, rows: 0, bytes: 0, blockers: 0, warnings: 0 });
		try {
			for (const unit of units) await this.#pin(unit);
			switch (wish.command) {
				case "check":
					await this.#checkObjects(run);
					return await this.#check(units, run, { live: false });
				case "rehearse":
					return await this.#rehearse(units, wish.arguments);
				case "copy":
					return await this.#copy(units, wish.arguments);
				case "verify":
					return await this.#verifyLast(run);
				case "freeze":
					return await this.#freeze(units, run);
				case "objects":
					return await this.#moveObjects(run, wish.arguments);
				default:
					return await this.#thaw(units, run);
			}
		} catch (error) {
			if (this.#options.control.signal.aborted || isConnectionError(error)) throw error;
			await this.#tellFailure(run, error);
			return { state: "failed", reason: String(failureOf(error).reason) };
		}
	}

	/** Takes the fences down. */
	async close(): Promise<void> {
		await Promise.all([...this.#fences.values()].map((fence) => fence.open()));
	}

	#units(run: string, control = this.#options.control): Unit[] {
		const { configuration, engines, journal, report, progress } = this.#options;
		const units: Unit[] = [];
		for (const database of configuration.databases) {
			const engine = engines[database.type];
			const into = databaseOf(run);
			const steps = new JournalSteps({
				journal,
				run,
				database: database.name,
				control,
				confirm: async () => {
					await this.#pin({ database, engine });
					if (database.type === "postgresql") await this.#fence(database).keep(into);
				},
				onStep: (step, _part, state, evidence) => noteStep(progress, database.name, step, state, evidence),
			});
			const task: Task = {
				source: database.source,
				target: database.target,
				into,
				steps,
				jobs: configuration.jobs,
				diskBytes: database.diskBytes,
				drain: database.drain,
				report: (line) => report(`${database.name}: ${line}`),
				apps: database.apps,
				readNotes: () => readNotes(this.#options.asks, database.name),
			};
			units.push({ database, engine, steps, task });
		}
		return units;
	}

	#fence(database: MovedDatabase): Fence {
		const fence = this.#fences.get(database.name) ?? new Fence(connectTo(database), this.#options.journal.epoch);
		this.#fences.set(database.name, fence);
		return fence;
	}

	async #pin({ database, engine }: Pick<Unit, "database" | "engine">): Promise<void> {
		const { asks, configuration } = this.#options;
		const sides = {
			source: await engine.identify(database.source),
			target: await engine.identify(database.target),
		};
		refuseOneSide(database.name, sides.source, sides.target);
		for (const side of ["source", "target"] as const) {
			const identity = sides[side];
			// The swap changes which database is the target's own, not its name.
			await pin(asks, database.name, side, {
				...identity,
				stage: configuration.stage,
				aptibleId: database.aptibleId,
			});
		}
	}

	/** Looks for what would break, before anything moves. */
	async #check(units: readonly Unit[], run: string, { live }: { live: boolean }): Promise<Ended> {
		const { report, progress, configuration } = this.#options;
		const passing = (await this.#formerCopies(run)).map(databaseOf);
		for (const { name, type } of configuration.uncopied) await this.#keepFindings(run, name, [checkUncopied(type)]);
		for (const { database, engine, task } of units) {
			report(`${database.name}: checks both sides`);
			const found = [...(this.#givenUp.get(database.name) ?? []), ...(await engine.check({ ...task, passing }))];
			await this.#keepFindings(run, database.name, live ? found.map(forRehearsal) : found);
			const tables = await engine.measure(database.source);
			const sizes: Sizes = { tables, containerMb: database.containerMb ?? null };
			await this.#store(run, database.name, "sizes", sizes);
		}
		const { blockers } = progress;
		report(`check: ${blockers === 0 ? "nothing stands in the way" : `${blockers} blockers, see the lines above`}`);
		return blockers === 0 ? { state: "done" } : { state: "failed", reason: "blockers" };
	}

	async #keepFindings(
		run: string,
		database: string,
		findings: readonly Finding[],
		step: StepName = "check",
	): Promise<void> {
		const { report, progress, journal } = this.#options;
		await this.#store(run, database, "findings", findings);
		for (const { severity, line } of findings) report(`${database}: ${severity}: ${line}`);
		const count = (severity: Finding["severity"]) => findings.filter((one) => one.severity === severity).length;
		const evidence = { blockers: count("blocker"), warnings: count("warning"), notes: count("note") };
		progress.blockers += evidence.blockers;
		progress.warnings += evidence.warnings;
		await journal.write("note", at(run, database, step), evidence);
	}

	async #rehearse(
		units: readonly Unit[],
		{ keep = false, again = false, replace = false }: KnownWish["arguments"],
	): Promise<Ended> {
		const run = units[0]?.steps.run ?? "";
		if (keep && !again && (await this.#isCopied(run, "rehearse --keep")))
			return { state: "refused", reason: "swapped" };
		if (keep && (await isInSwap(this.#options.asks, run))) return this.#swapAll(units);
		let isKept = false;
		try {
			const outcome = await this.#copyAndProve(units, { live: true, replace });
			if (!keep || outcome.state !== "done") return outcome;
			isKept = true;
			return await this.#swapAll(units);
		} catch (error) {
			// It goes on, or `discard` removes it.
			isKept ||= this.#options.control.signal.aborted || isConnectionError(error);
			throw error;
		} finally {
			if (!isKept) for (const { engine, task } of units) await engine.drop(task);
		}
	}

	/** Removes what a run has copied, and was not swapped in. */
	async discard(run: string): Promise<void> {
		for (const { engine, task } of this.#units(run, this.#options.lasting)) await engine.drop(task);
	}

	async #copy(units: readonly Unit[], { again = false, replace = false }: KnownWish["arguments"]): Promise<Outcome> {
		const run = units[0]?.steps.run ?? "";
		if (!again && (await this.#isCopied(run, "copy"))) return { state: "refused", reason: "swapped" };
		// Killed before it could say so.
		if ((await readStanding(this.#options.asks))?.run === run) return { state: "done" };
		if (await this.#giveUpStale(units)) return { state: "anew" };
		// What is proved and was not written to since only has to be swapped in.
		if (!(await this.#isProved(units))) {
			const outcome = await this.#copyAndProve(units, { live: false, replace });
			if (outcome.state !== "done") return outcome;
		}
		return this.#swapAll(units);
	}

	/** Whether another run's copy is in its place, which may be in use by then; a kept rehearsal is in nobody's way. */
	async #isCopied(run: string, command: string): Promise<boolean> {
		const standing = await readStanding(this.#options.asks);
		if (standing?.command !== "copy" || standing.run === run) return false;
		this.#options.report(
			`${command}: run ${standing.run} is copied, verified and swapped in; nothing is copied again. To copy anew over it: npm run move -- ${command} --again --stack STACK`,
		);
		return true;
	}

	/** Puts back and removes what an earlier try of this run has copied, where it is not as the source is. @returns whether it was so */
	async #giveUpStale(units: readonly Unit[]): Promise<boolean> {
		const { asks, report } = this.#options;
		let isStale = false;
		for (const { engine, task, steps, database } of units) {
			const proof = await readProof(asks, steps.run, database.name);
			const why = await (engine.findStale?.(task, proof) ?? this.#findUntold(steps.run));
			if (why.length === 0) continue;
			const findings = why.map((says): Finding => {
				const line = `${task.into} of run ${steps.run} is given up, and copied anew: ${says}`;
				return { trap: "copied-anew", severity: "note", line };
			});
			for (const { line } of findings) report(`${database.name}: ${line}`);
			this.#givenUp.set(database.name, findings);
			isStale = true;
		}
		if (!isStale) return false;
		const run = units[0]?.steps.run ?? "";
		for (const unit of this.#units(run, this.#options.lasting)) {
			if (await isSwapDone(asks, run, unit.database.name)) await this.#putBack(unit);
		}
		await this.discard(run);
		return true;
	}

	/** Of a type that cannot tell whether its source was written to: a copy whose swap has failed is proved of another time. */
	async #findUntold(run: string): Promise<readonly string[]> {
		const { asks } = this.#options;
		if (!(await hasSwapFailed(asks, run)) || (await isInSwap(asks, run))) return [];
		return ["it could not be swapped in, and its type cannot tell whether the source was written to since"];
	}

	/** Whether both sides of every database were found equal in this run, and are so still: a swap that has begun is carried through. */
	async #isProved(units: readonly Unit[]): Promise<boolean> {
		const { asks } = this.#options;
		for (const { engine, steps, database } of units) {
			if (!(await isVerified(asks, steps.run, database.name))) return false;
			if (engine.findStale === undefined && !(await isInSwap(asks, steps.run))) return false;
		}
		return true;
	}

	async #copyAndProve(units: readonly Unit[], options: { live: boolean; replace: boolean }): Promise<Ended> {
		const own = units[0]?.steps.run ?? "";
		// What it was told once it is not told again, unless it begins anew.
		if (this.#givenUp.size > 0 || !(await this.#hasPassedCheck(units, own))) {
			const checked = await this.#check(units, own, options);
			if (checked.state !== "done") return checked;
		}
		for (const run of await this.#formerCopies(own)) await this.discard(run);
		let areEqual = true;
		// Workers that empty a queue write to the others.
		const [drained, copied] = [units.filter(isDrained), units.filter((unit) => !isDrained(unit))];
		for (const unit of [...drained, ...copied]) {
			await unit.steps.checkpoint();
			const what = isDrained(unit)
				? "has its queues run empty"
				: `copies into ${unit.task.into}, and compares both sides`;
			this.#options.report(`${unit.database.name}: ${what}`);
			const proof = await unit.engine.copy({
				...unit.task,
				...options,
				snapshotSeconds: this.#options.configuration.snapshotSeconds,
			});
			areEqual = (await this.#keepProof(unit, proof)) && areEqual;
		}
		// A job that came while the others were copied would be lost.
		if (areEqual && !options.live) return this.#proveAll(drained, false);
		return areEqual ? { state: "done" } : { state: "failed", reason: "unequal" };
	}

	/** Whether a run has found nothing in its way before it was killed, or lost a connection. */
	async #hasPassedCheck(units: readonly Unit[], run: string): Promise<boolean> {
		const { rows } = await this.#options.asks.query(
			`SELECT DISTINCT ON (database) database, evidence -> 'blockers' = '0' AS passed FROM public.journal
			WHERE run = $1 AND step = 'check' AND state = 'note' ORDER BY database, journal.seq DESC`,
			[run],
		);
		const checked = new Set(rows.map((row) => row.database));
		return rows.every(({ passed }) => passed === true) && units.every(({ database }) => checked.has(database.name));
	}

	/** Earlier runs whose copies nobody goes on with; they would fill the disk. */
	async #formerCopies(own: string): Promise<string[]> {
		const runs = await runsWithCopies(this.#options.asks, ["copy", "rehearse"], ["failed", "stopped"]);
		return runs.filter((run) => run !== own);
	}

	/** Removes the copies of rehearsals that were stopped and have left theirs. */
	async discardStopped(): Promise<void> {
		for (const run of await runsWithCopies(this.#options.asks, ["rehearse"], ["stopped"])) await this.discard(run);
	}

	/** Keeps what was compared, for the report and for the swap. @returns whether both sides are equal */
	async #keepProof({ database, steps }: Unit, proof: Proof): Promise<boolean> {
		const { report, journal } = this.#options;
		const { equal, differences, hash } = proof;
		await this.#store(steps.run, database.name, "verification", { ...proof, aptibleId: database.aptibleId });
		for (const line of differences) report(`${database.name}: differs: ${line}`);
		report(`${database.name}: ${equal ? "both sides are equal" : `${differences.length} differences`}`);
		await journal.write("note", at(steps.run, database.name, "verify"), {
			equal,
			differences: differences.length,
			hash,
		});
		return equal;
	}

	async #proveAll(units: readonly Unit[], isSwapped: boolean): Promise<Ended> {
		let areEqual = true;
		for (const unit of units) {
			await unit.steps.checkpoint();
			this.#options.report(`${unit.database.name}: compares both sides`);
			areEqual = (await this.#keepProof(unit, await unit.engine.verify({ ...unit.task, isSwapped }))) && areEqual;
		}
		return areEqual ? { state: "done" } : { state: "failed", reason: "unequal" };
	}

	/**
	 * Swaps the databases in one after the other; where one fails, those before it are put back. The operator's stop is heeded before the
	 * first one, and then no more.
	 */
	async #swapAll(given: readonly Unit[]): Promise<Ended> {
		const run = given[0]?.steps.run ?? "";
		const units = this.#units(run, this.#options.lasting);
		for (const unit of units) await this.#tellProof(unit);
		if (!(await isInSwap(this.#options.asks, run))) {
			await given[0]?.steps.checkpoint();
			for (const { engine, task } of units) await engine.admitSwap?.(task);
		}
		this.#isSwapping = true;
		try {
			await this.#swapEach(units);
			this.#isSwapping = false;
		} catch (error) {
			// Where a connection has ended, whoever goes on with the run goes on with its swaps.
			this.#isSwapping = isConnectionError(error);
			throw error;
		}
		return { state: "done" };
	}

	async #swapEach(units: readonly Unit[]): Promise<void> {
		const swapped: Unit[] = [];
		// What was copied in place cannot be put back, so it comes last.
		const isInPlace = ({ database }: Unit) => database.type !== "postgresql";
		try {
			for (const unit of [...units.filter((one) => !isInPlace(one)), ...units.filter(isInPlace)]) {
				await unit.engine.swap({ ...unit.task, journal: this.#swapJournal(unit) });
				swapped.push(unit);
				this.#options.report(`${unit.database.name}: ${unit.task.into} is in its place`);
			}
		} catch (error) {
			if (this.#options.lasting.signal.aborted || isConnectionError(error)) throw error;
			for (const unit of swapped.reverse()) await this.#putBack(unit);
			throw error;
		}
	}

	/** Puts back what stood in a copy's place. */
	async #putBack({ engine, task, steps, database }: Unit): Promise<void> {
		await engine.undoSwap(task);
		await this.#options.journal.write("note", at(steps.run, database.name, "swap"), { undone: true });
		this.#options.report(`${database.name}: what stood there is back in its place`);
	}

	/** Has each server know of its own proof, as no transaction spans two. */
	async #tellProof({ database, steps }: Unit): Promise<void> {
		if (database.type !== "postgresql" || database === journalDatabaseOf(this.#options.configuration)) return;
		const client = await openMoveDatabase(database);
		try {
			const place = at(steps.run, database.name, "verify");
			if (await isVerified(client, steps.run, database.name)) return;
			if (!(await isVerified(this.#options.asks, steps.run, database.name))) return;
			await appendLine(client, this.#options.journal.contentOf("note", place, { equal: true }), false);
		} finally {
			await client.end();
		}
	}

	/**
	 * The swap's line goes into database `move` of the server that it is done on. That of the lease is the first one; what is done on
	 * another is fenced by its own database's locks.
	 */
	#swapJournal({ database, steps }: Unit): SwapTask["journal"] {
		const isFenced = database === journalDatabaseOf(this.#options.configuration);
		return {
			isVerified: (client) => isVerified(client, steps.run, database.name),
			recordDone: async (client, evidence) => {
				await appendLine(client, steps.doneLine("swap", "", evidence), isFenced);
			},
		};
	}

	async #checkObjects(run: string): Promise<void> {
		if (this.#options.configuration.objects.length === 0) return;
		// The library of the blob service takes its time to load, and most movers need none.
		const { checkObjects } = await import("./objects/work.ts");
		const found = await checkObjects(this.#options, { final: false, needsAll: false });
		for (const [name, findings] of found) await this.#keepFindings(run, placeOf(name), findings, "objects");
	}

	async #moveObjects(run: string, given: KnownWish["arguments"]): Promise<Ended> {
		const { moveObjects } = await import("./objects/work.ts");
		const task: ObjectsTask = {
			...this.#options,
			run,
			connectTo,
			keepFindings: (place, findings) => this.#keepFindings(run, place, findings, "objects"),
			keepProof: async (place, proof) => {
				const { equal, differences, hash } = proof;
				await this.#store(run, place, "verification", proof);
				for (const line of differences) this.#options.report(`${place}: differs: ${line}`);
				if (equal) this.#options.report(`${place}: both sides are equal; ${proof.extent}`);
				const evidence = { equal, differences: differences.length, hash };
				await this.#options.journal.write("note", at(run, place, "objects"), evidence);
			},
		};
		return moveObjects(task, given);
	}

	/** Verifies what is swapped in, or what the last copy left. */
	async #verifyLast(run: string): Promise<Ended> {
		const swapped = (await readStanding(this.#options.asks))?.run;
		const last = swapped ?? (await copiedRun(this.#options.asks));
		if (last === undefined) {
			this.#options.report("verify: nothing is copied yet; first: npm run move -- copy --stack STACK");
			return { state: "refused", reason: "nothing" };
		}
		const rewritten = await readRewritten(this.#options.asks, last);
		if (rewritten.length > 0) {
			this.#options.report(
				`verify: in the copy of ${rewritten.join(", ")} URLs were rewritten since, so that both sides differ; the proof before that stands, and is in the report: npm run move -- report --stack STACK`,
			);
			return { state: "refused", reason: "rewritten" };
		}
		const units = this.#units(last);
		const isSwapped = last === swapped;
		// The proof of its own run: the copy's is done already.
		const own = units.map((unit) => {
			const steps = new JournalSteps({
				journal: this.#options.journal,
				run,
				database: unit.database.name,
				control: this.#options.control,
				confirm: () => this.#pin(unit),
			});
			return { ...unit, steps, task: { ...unit.task, steps } };
		});
		return this.#proveAll(own, isSwapped);
	}

	/** Shuts everybody out of each source and proves it silent: of all or, where one has something in its way, of none. */
	async #freeze(units: readonly Unit[], run: string): Promise<Ended> {
		const { report, progress } = this.#options;
		for (const unit of units) {
			const found = (await unit.engine.admitFreeze?.(await this.#freezeTask(unit, run))) ?? [];
			if (found.some(isBlocker)) await this.#keepFindings(run, unit.database.name, found, "freeze");
		}
		for (const unit of units) {
			if (progress.blockers > 0) break;
			const { name } = unit.database;
			await unit.steps.checkpoint();
			report(`${name}: shuts everybody but the mover out of the source, and proves that nobody writes`);
			const findings = await unit.engine.freeze(await this.#freezeTask(unit, run));
			await this.#keepFindings(run, name, findings, "freeze");
		}
		if (progress.blockers === 0) return { state: "done" };
		report(
			`freeze: ${progress.blockers} blockers, see the lines above; what is shut stays shut until: npm run move -- thaw --stack STACK`,
		);
		return { state: "failed", reason: "blockers" };
	}

	async #freezeTask({ database: { name }, task }: Unit, run: string): Promise<FreezeTask> {
		const { asks, journal, configuration } = this.#options;
		const { proofSeconds } = configuration;
		return {
			...task,
			...(proofSeconds === undefined ? {} : { pauses: { silenceMs: proofSeconds * 1000 } }),
			notes: await readNotes(asks, name),
			note: async (part, evidence) => {
				await journal.write("note", { ...at(run, name, "freeze"), part }, evidence);
			},
			noteUndone: () => this.#noteUndone(run, name),
		};
	}

	/** Undoes what freezes have noted. */
	async #thaw(units: readonly Unit[], run: string): Promise<Ended> {
		const { asks, report, progress } = this.#options;
		for (const { database, engine, task, steps } of units) {
			await steps.checkpoint();
			const notes = await readNotes(asks, database.name);
			const findings = await engine.thaw({ ...task, notes });
			await this.#keepFindings(run, database.name, findings, "thaw");
			// What is left stays noted, for the next thaw.
			if (findings.some(isBlocker)) continue;
			await this.#noteUndone(run, database.name);
			report(`${database.name}: ${notes.size} things of its freeze are as they were`);
		}
		return progress.blockers === 0 ? { state: "done" } : { state: "failed", reason: "blockers" };
	}

	async #noteUndone(run: string, database: string): Promise<void> {
		await this.#options.journal.write("note", at(run, database, "thaw"), { undone: true });
	}

	async #tellFailure(run: string, error: unknown): Promise<void> {
		const line = lineOf(error);
		this.#options.report(`failed: ${line}`);
		await this.#store(run, "", "failure", { line });
	}

	#store(run: string, database: string, kind: ReportKind, body: unknown): Promise<void> {
		return storeReport(this.#options.asks, this.#options.journal, { run, database, kind, body });
	}
}

/** The database on whose server the journal is. */
export function journalDatabaseOf({ databases, journal }: Pick<Configuration, "databases" | "journal">): MovedDatabase {
	const found = databases.find(({ name }) => name === journal);
	if (found === undefined) throw new Error(`the journal is on ${journal}, which is none of the stage's databases`);
	return found;
}

/** Connects to databases of the target's server. */
export function connectTo({ target }: Pick<MovedDatabase, "target">): Connect {
	return (database) => connect(target, { database });
}

/** Database `move` on a target's server, made where it is not there. */
export function openMoveDatabase(database: Pick<MovedDatabase, "target">): ReturnType<Connect> {
	const own = databaseIn(database.target.url);
	return openJournalDatabase(connectTo(database), [...MAINTENANCE, own]);
}

/** A run's database on the target. */
function databaseOf(run: string): string {
	return `move_${run.slice(1)}`;
}

function isDrained({ database }: Unit): boolean {
	return database.drain !== undefined;
}

function at(run: string, database: string, step: StepName) {
	return { run, database, step, part: "" };
}

function noteStep(
	progress: Progress,
	database: string,
	step: StepName,
	state: "begin" | "done",
	{ rows, bytes }: Evidence,
): void {
	Object.assign(progress, { database, step });
	if (state !== "done") return;
	progress.parts += 1;
	if (step !== "rows") return;
	progress.rows += typeof rows === "number" ? rows : 0;
	progress.bytes += typeof bytes === "number" ? bytes : 0;
}
