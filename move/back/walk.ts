/** The steps of one way back, in their order; each has its lines in the journal. */
import type { Evidence } from "../../packages/mover/steps.ts";
import { isServing, type MovePhase } from "../../wire/move.ts";
import type { ClusterReport } from "../source-cluster/port.ts";
import type { MoveStage } from "../stage.ts";
import type { Engine } from "../switch/engine.ts";
import { findOpenSwitch, findUpdatingSwitch, type NightJournal } from "../switch/night-journal.ts";
import type { Counted } from "./counters.ts";
import { askEvents, askUnlocked, describeBefore } from "./describe.ts";
import { type AcceptedLoss, countLoss, describeLoss, refuseLoss } from "./loss.ts";
import { findOpenBack, type OpenBack, type Opening } from "./opening.ts";
import { begunAt, isDone, type Part } from "./parts.ts";
import { isSourceShut, unopenedSources } from "./source.ts";

/** What a way back stands on. */
export interface BackPorts {
	journal: NightJournal;
	engine: Pick<Engine, "phase">;
	tell(line: string): void;
	/** Asks the person; an empty answer where nobody gives one. */
	ask(question: string): Promise<string>;
	/** Whether nobody is asked whether to go back. */
	isSure: boolean;
	/** Brings the stage to a phase, and changes no DNS. @returns exit code */
	switchTo(phase: MovePhase): Promise<number>;
	/** Services of the stage that run on Aptible. */
	running(): Promise<readonly string[]>;
	/** The counters of the moved databases, once they stand still. */
	count(): Promise<Counted>;
	/** Has the domains lead to MedStack, and waits until every authoritative server says so. @returns until when resolvers may hold the former answer */
	pointOld(): Promise<Date>;
	/** @throws where the person goes away */
	waitUntil(time: Date): Promise<void>;
	/** Takes the record of the copy away, which no later phase may stand on. */
	removeRecord(): void;
	/** Opens the source. @returns whether it is open */
	thaw(): Promise<boolean>;
	startServices(): Promise<ClusterReport>;
	/** Whether the numbers of MedStack's services are noted, as they were stopped. */
	areServicesNoted(): Promise<boolean>;
	/** Whether `startServices` only says what a person has to do. */
	isByHand: boolean;
	/** Whether the record says that the move is over. */
	isOver: boolean;
}

/** Why it has not come to its end, for the person. */
export class Unfinished extends Error {}

const AGAIN = "npm run move -- back --stack STACK";

/** A way back that is under way. */
export interface Begun {
	run: string;
	opening: Opening;
	open: OpenBack | undefined;
	accepted: AcceptedLoss | undefined;
}

/** The steps of one way back, in their order. */
export class Walk {
	readonly #moved: MoveStage;
	readonly #begun: Begun;
	readonly #ports: BackPorts;

	constructor(moved: MoveStage, begun: Begun, ports: BackPorts) {
		this.#moved = moved;
		this.#begun = begun;
		this.#ports = ports;
	}

	/** @returns whether it is at its end */
	async go(): Promise<boolean> {
		await this.#step(
			"close",
			() => this.#isClosed(),
			() => this.#close(),
		);
		if (!(await this.#countWrites())) return false;
		await this.#step(
			"domains",
			async () => !this.#isLed,
			() => this.#lead(),
		);
		await this.#step(
			"thaw",
			() => this.#isOpen(),
			() => this.#thaw(),
		);
		await this.#step("services", undefined, () => this.#start());
		await this.#step(
			"after",
			() => this.#isAfter(),
			() => this.#end(),
		);
		return true;
	}

	/** @param look whether it is so already, read from where it is done; absent: nothing shows it but its line */
	async #step(part: Part, look: (() => Promise<boolean>) | undefined, act: () => Promise<Evidence>): Promise<void> {
		// What was closed may have been opened since by hand, and what was opened shut; the others are as their lines say.
		const isSeen = part === "close" || part === "thaw";
		if ((await this.#isDone(part)) && (!isSeen || (await look?.()) === true)) return;
		if (look === undefined || !(await look())) {
			await this.#write(part, "begin");
			await this.#write(part, "done", await act());
		} else {
			await this.#write(part, "done", { skipped: true });
		}
	}

	async #isDone(part: Part): Promise<boolean> {
		return isDone(findOpenBack(await this.#ports.journal.lines()), part);
	}

	get #isLed(): boolean {
		return this.#begun.opening.isLed && Object.keys(this.#moved.stage.move?.domains ?? {}).length > 0;
	}

	#write(part: Part, state: "begin" | "note" | "done" | "failed", evidence: Evidence = {}): Promise<void> {
		return this.#ports.journal.write(this.#begun.run, "back", state, evidence, { part });
	}

	/** Whether no app on Aptible serves. In `prepare` and `cancelled` no user is led there, and MedStack is the side in use. */
	async #isClosed(): Promise<boolean> {
		const { journal, engine, running } = this.#ports;
		const made = await engine.phase();
		const updating = findUpdatingSwitch(await journal.lines());
		if (isServing(made)) return false;
		if (updating !== undefined && updating.phase !== "prepare" && updating.phase !== "cancelled") return false;
		return made !== "frozen" || (await this.#isDone("services")) || (await running()).length === 0;
	}

	async #close(): Promise<Evidence> {
		const { switchTo, engine, running } = this.#ports;
		const made = await engine.phase();
		const isThere = made === "frozen" && findOpenSwitch(await this.#ports.journal.lines()) === undefined;
		if (!isThere && (await switchTo("frozen")) !== 0) {
			throw new Unfinished(
				`Aptible is not at frozen, and MedStack stays as it is. Where that was a no: npm run move -- status --stack STACK; to go on: ${AGAIN}`,
			);
		}
		const left = await running();
		if (left.length > 0) {
			throw new Unfinished(
				`Aptible is in the phase frozen, and runs ${left.join(", ")} all the same; MedStack stays shut until they are at 0: npm run move -- switch frozen --again --stack STACK; then: ${AGAIN}`,
			);
		}
		return { phase: "frozen" };
	}

	/** The last count: nobody writes on Aptible any more. @returns whether the loss is accepted */
	async #countWrites(): Promise<boolean> {
		const { opening, accepted, run } = this.#begun;
		const { tell, count, journal } = this.#ports;
		if (await this.#isDone("writes")) return true;
		if (opening.opened.size === 0) {
			await this.#write("writes", "done", { rows: 0 });
			return true;
		}
		await this.#write("writes", "begin");
		const loss = countLoss(opening, await count());
		tell(`Aptible has stopped. Going back costs: ${describeLoss(loss)}`);
		const refusal = refuseLoss(loss, accepted);
		const rows = loss.unknown.length > 0 ? null : loss.rows;
		if (refusal === undefined) {
			await this.#write("writes", "done", { rows, accept: accepted ?? 0 });
			return true;
		}
		await this.#write("writes", "failed", { rows, reason: "refused" });
		await journal.write(run, "back", "failed", { reason: "refused" });
		tell(refusal);
		tell(
			"both sides are shut now. To go on to Aptible with what was written there: npm run move -- switch trial --stack STACK, probe, switch live",
		);
		return false;
	}

	/** The wait is for what was seen first: run again, it does not begin anew. */
	async #lead(): Promise<Evidence> {
		const { pointOld, waitUntil, tell, journal } = this.#ports;
		const open = findOpenBack(await journal.lines());
		const closed = begunAt(open, "close");
		const noted = open?.lines.find(({ part, state, seq }) => part === "domains" && state === "note" && seq > closed);
		const led = await pointOld();
		const until = noted === undefined ? led.toISOString() : String(noted.evidence.until);
		if (noted === undefined) await this.#write("domains", "note", { until });
		tell(`DNS leads to MedStack; resolvers may send people to Aptible until ${until}, which answers none of them`);
		await waitUntil(new Date(until));
		return { until };
	}

	async #isOpen(): Promise<boolean> {
		// Of MySQL nothing shows it but the person's word.
		if (askUnlocked(this.#moved) !== undefined && !(await this.#isDone("thaw"))) return false;
		return unopenedSources(this.#moved, await this.#ports.journal.lines()).length === 0;
	}

	async #thaw(): Promise<Evidence> {
		const { journal, removeRecord, thaw } = this.#ports;
		removeRecord();
		const isThawed = !isSourceShut(this.#moved, await journal.lines()) || (await thaw());
		if (!isThawed || !(await this.#hear(askUnlocked(this.#moved), "unlocked"))) {
			throw new Unfinished(`the source is shut still, and MedStack's services are not started; to go on: ${AGAIN}`);
		}
		// A thaw by SQL and by hand leaves none: another machine's record must not stand on a source that was opened.
		for (const database of unopenedSources(this.#moved, await journal.lines())) {
			await journal.write(this.#begun.run, "thaw", "note", { undone: true }, { database });
		}
		return {};
	}

	/** @returns whether the person says that word; also where there is nothing to ask */
	async #hear(question: string | undefined, word: string): Promise<boolean> {
		return question === undefined || (await this.#ports.ask(question)).trim() === word;
	}

	async #start(): Promise<Evidence> {
		const { startServices, isByHand, tell } = this.#ports;
		// A thaw of another machine has left it here.
		this.#ports.removeRecord();
		for (const line of describeBefore(this.#moved)) tell(line);
		const { lines, left } = await startServices();
		for (const line of lines) tell(line);
		const isAsked = left.length > 0 || isByHand;
		if (isAsked && !(await this.#hear("Once MedStack's services run and answer, type up: ", "up"))) {
			throw new Unfinished(`MedStack's services are not all said to be up; once they are: ${AGAIN}`);
		}
		if (!(await this.#hear(askEvents(this.#moved), "events"))) {
			throw new Unfinished(`the old MySQL's events are not said to be on again; once they are: ${AGAIN}`);
		}
		return isAsked ? { by: "operator" } : { count: 0 };
	}

	async #isAfter(): Promise<boolean> {
		const [made, open] = [await this.#ports.engine.phase(), findOpenSwitch(await this.#ports.journal.lines())];
		return (made === "prepare" || made === "cancelled") && open === undefined;
	}

	/** `frozen` is no phase to stay in: with MedStack in use nothing on Aptible stands on its copy. */
	async #end(): Promise<Evidence> {
		const { ask, switchTo, tell, journal, engine } = this.#ports;
		const open = findOpenSwitch(await journal.lines());
		const begun = open?.phase === "prepare" || open?.phase === "cancelled" ? open.phase : undefined;
		const answer =
			begun ??
			(
				await ask(
					"MedStack serves. For another night type prepare; to end the move type cancelled; to stay in frozen, nothing: ",
				)
			).trim();
		if (answer !== "prepare" && answer !== "cancelled") {
			tell("the stage stays in frozen; later: npm run move -- switch prepare --stack STACK, or switch cancelled");
			return { phase: "frozen" };
		}
		if ((await switchTo(answer)) !== 0) {
			throw new Unfinished(`MedStack serves, and the stage is not in ${answer} yet; to go on: ${AGAIN}`);
		}
		return { phase: (await engine.phase()) ?? answer };
	}
}
