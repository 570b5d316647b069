/** Carries a step out, once what a person has typed is understood. */
import { checkVersion } from "../aptible/cli/version.ts";
import { messageOf } from "../aptible/client/system-error.ts";
import { Context } from "../aptible/context.ts";
import { nameStage } from "../packages/mover/commands.ts";
import { readLines } from "../packages/mover/journal/journal.ts";
import { type Command, isWork, type WishArguments, type Work } from "../packages/mover/journal/wishes.ts";
import { type Arguments, acceptedLoss } from "./arguments.ts";
import { refuseOpenBack } from "./back/opening.ts";
import { findMoverHosts, makeCredentials } from "./credentials.ts";
import { tellEnd } from "./ends.ts";
import {
	guardedStep,
	isGuarded,
	refuseDowntime,
	refuseKeep,
	refuseObjects,
	refusePhase,
	refuseUnsure,
} from "./guards.ts";
import { findJournalHandle } from "./journal-place.ts";
import { listOf, refuseLocally } from "./local-checks.ts";
import { besideNoOperator } from "./operator-lock.ts";
import { NOT_LOOKED_AT } from "./plan/finding.ts";
import { ProgressView } from "./progress.ts";
import { FormerRecord, voidRecord } from "./record.ts";
import { writeReport } from "./report.ts";
import { findEnvironment, type Way, Ways } from "./session.ts";
import { whileAlone } from "./source-cluster/alone.ts";
import { chooseCluster, isByApi } from "./source-cluster/choose.ts";
import type { SourceCluster } from "./source-cluster/port.ts";
import { type MoveStage, readMoveStage } from "./stage.ts";
import { describeStatus } from "./status.ts";
import { refuseStaleFile } from "./switch/stale-file.ts";
import { withWayOut } from "./switch/without-journal.ts";
import type { Terminal } from "./terminal.ts";
import { thawStatements } from "./thaw-sql.ts";
import { ask, compareJournals, control, watch } from "./work.ts";

/** Steps that shut the source, or stand on it being shut, which a way back opens. Its own thaw is none of these. */
const NOT_BESIDE_BACK: ReadonlySet<string> = new Set(["freeze", "copy", "objects"]);

/** Carries one step out. @returns exit code */
export async function performStep(given: Arguments, terminal: Terminal): Promise<number> {
	const run = new StepRun(terminal);
	return run.carryOut(given).catch((error: unknown) => run.fail(error));
}

class StepRun {
	readonly #terminal: Terminal;
	readonly #context: Context;
	readonly #view: ProgressView;
	/** What is said of commands is what can be typed, once the stage is known. */
	#complete = (text: string) => text;

	constructor(terminal: Terminal) {
		this.#terminal = terminal;
		this.#context = new Context({ requestsAtATime: 8, write: terminal.complain });
		this.#view = new ProgressView({
			isTerminal: terminal.isTerminal,
			get columns() {
				return terminal.columns;
			},
			write: (text) => terminal.write(this.#mask(text)),
		});
	}

	/** A text as it may be shown. */
	#mask(text: string): string {
		return this.#context.redactor.mask(this.#complete(text));
	}

	/** Says what went wrong. @returns exit code */
	fail(error: unknown): number {
		this.#view.end();
		this.#terminal.complain(`${this.#mask(messageOf(error))}\n`);
		return 1;
	}

	/** @returns exit code */
	async carryOut({ step, phase, stack, configFile, options }: Arguments): Promise<number> {
		const moved = readMoveStage(stack, configFile);
		this.#complete = (text) => nameStage(text, stack, configFile);
		refusePhase(guardedStep(step, options), moved);
		if (step === "freeze" && options.yes !== true) refuseUnsure(moved);
		if (step === "objects") refuseObjects(moved, options);
		if (options.sql === true) {
			const lines = thawStatements(moved, options.database?.toString());
			// Nothing in the journal will say that MedStack is in use again.
			const removed = voidRecord(moved);
			if (removed !== undefined)
				lines.unshift(`-- ${removed} is removed, as MedStack is in use from here on: commit that`);
			for (const line of lines) this.#terminal.write(`${this.#mask(line)}\n`);
			return 0;
		}
		await refuseLocally({ step, options }, moved);
		if (step === "plan") return this.#plan(moved, options.write);
		const server = options["without-server"]?.toString();
		if (server !== undefined || options["ttl-passed"] === true) {
			const { noteAnswers } = await import("./dns/point-notes.ts");
			noteAnswers(moved, server, options["ttl-passed"] === true);
		}
		if (step === "point") return this.#point(moved, options.to === "new" ? "new" : "old");
		const warning = await checkVersion(this.#context.cli);
		if (warning !== undefined) this.#terminal.complain(`${warning}\n`);
		const tell = (line: string) => this.#view.line(line);
		if (step === "credentials") {
			for (const line of await makeCredentials(this.#context, moved, { replace: options.replace === true, tell }))
				tell(line);
			return 0;
		}
		if (step === "close") {
			const drops = { dropFormer: options["drop-former"] === true, dropJournal: options["drop-journal"] === true };
			const withoutWatch = options["without-watch"]?.toString();
			const { closeMove } = await import("./close.ts");
			await closeMove(this.#context, moved, { ...drops, isThawed: options.thawed === true, withoutWatch, tell });
			return 0;
		}
		const environment = await findEnvironment(this.#context, moved);
		if (options.keep === true) await refuseKeep(this.#context, environment, moved);
		const ways = new Ways(this.#context, environment, tell);
		try {
			const handle = await findJournalHandle(this.#context, environment, moved, (one) => ways.to(one)).catch(
				(error: unknown) => {
					throw phase === undefined ? error : withWayOut(error, moved, phase);
				},
			);
			const way = ways.to(handle);
			if (phase === undefined && isGuarded(step)) {
				await way.look(async (session) => {
					if (session === undefined) return;
					const lines = await readLines(session);
					refuseStaleFile(lines, moved);
					if (NOT_BESIDE_BACK.has(step)) refuseOpenBack(lines);
				});
			}
			if (phase !== undefined || step === "probe") {
				const { runProbe, runSwitch } = await import("./switch/command.ts");
				const reach = { context: this.#context, environment, way, ways };
				if (phase === undefined) return await runProbe(reach, moved, { tell, accept: listOf(options.accept) });
				const wanted = { to: phase, isAgain: options.again === true };
				return await runSwitch(reach, moved, wanted, { tell, isSure: options.yes === true });
			}
			if (step === "status") {
				const hosts = await findMoverHosts(this.#context, environment, moved);
				for (const line of await way.look((session) => describeStatus(session, moved, hosts))) tell(line);
				await way.look(async (session) => session && compareJournals(session, moved));
				return 0;
			}
			if (step === "watch") return await this.#watchLogs(way, moved, options);
			if (step === "night") {
				const { runNight } = await import("./night/command.ts");
				return await runNight({ context: this.#context, environment, way, ways }, moved, {
					isSure: options.yes === true,
					tell,
				});
			}
			if (step === "back") {
				const { runBack } = await import("./back/command.ts");
				const given = { accepted: acceptedLoss(options["accept-loss"]), isSure: options.yes === true };
				return await runBack({ context: this.#context, environment, way, ways }, moved, {
					...given,
					view: this.#view,
					signal: this.#terminal.untilGone(),
				});
			}
			return await this.#perform(way, moved, step, options);
		} finally {
			await ways.close();
		}
	}

	/** Loads what it needs itself, as `plan` does: no other step asks DNS. */
	async #point(moved: MoveStage, to: "old" | "new"): Promise<number> {
		const { runPoint } = await import("./point-command.ts");
		await runPoint(this.#context, moved, {
			to,
			tell: (line) => this.#view.line(line),
			signal: this.#terminal.untilGone(),
		});
		return 0;
	}

	async #plan(moved: MoveStage, folder: string | boolean | undefined): Promise<number> {
		const { makePlan } = await import("./plan/plan.ts");
		const { page, file, isReady, isWhole } = await makePlan(this.#context, moved, {
			write: typeof folder === "string" ? folder : undefined,
		});
		if (file === undefined) this.#terminal.write(page);
		else
			this.#view.line(
				`${file} is written${isReady ? "" : ", with blockers"}${isWhole ? "" : ", and not everything was looked at"}; commit it, and have it reviewed in a pull request`,
			);
		return isReady ? (isWhole ? 0 : NOT_LOOKED_AT) : 1;
	}

	/** Loads what it needs itself, as `plan` does. */
	async #watchLogs(way: Way, moved: MoveStage, options: Arguments["options"]): Promise<number> {
		const { watchMove } = await import("./watch/command.ts");
		const text = (name: string) => String(options[name] ?? "");
		return watchMove(this.#context, way, moved, {
			old: text("old"),
			new: text("new"),
			follow: options.follow === true,
			accept: listOf(options.accept),
			signal: this.#terminal.untilGone(),
			tell: (line) => this.#view.line(line),
		});
	}

	async #perform(
		way: Way,
		moved: MoveStage,
		step: string,
		{ run, yes, ...switches }: Arguments["options"],
	): Promise<number> {
		if (step === "report") {
			const wanted = typeof run === "string" ? run : undefined;
			for (const file of await way.look((session) => writeReport(session, moved, wanted))) this.#view.line(file);
			return 0;
		}
		const signal = this.#terminal.untilGone();
		const tell = (line: string) => this.#view.line(line);
		const isSure = yes === true;
		const chosen = chooseCluster(moved, { way, tell, signal, redactor: this.#context.redactor, isSure });
		const cluster = isByApi(moved) ? whileAlone(way, chosen) : chosen;
		if (isWork(step)) {
			const given = Object.fromEntries(
				Object.entries(switches).map(([name, value]) => [
					name,
					typeof value === "string" ? Number(value) : value === true,
				]),
			);
			// The mover wants the freeze in its journal beside it.
			const final = step === "objects" && moved.stage.move?.phase === "frozen" ? { final: true } : {};
			return this.#doWork(way, moved, { step, given: { ...given, ...final }, cluster, signal });
		}
		const id = await control(way, moved, step as Command);
		const made = await watch(way, moved, id, { view: this.#view, signal });
		this.#view.end();
		if (made !== undefined) return tellEnd(way, moved, made, { view: this.#view, cluster });
		this.#view.line(`the mover takes ${step} up when it comes; to look: npm run move -- status --stack STACK`);
		return 1;
	}

	async #doWork(
		way: Way,
		moved: MoveStage,
		{ step, given, cluster, signal }: { step: Work; given: WishArguments; cluster: SourceCluster; signal: AbortSignal },
	): Promise<number> {
		if (step === "freeze") {
			if (isByApi(moved)) {
				const session = await way.open();
				await besideNoOperator(session, () => refuseDowntime(session));
			}
			const { lines, left } = await cluster.stop();
			for (const line of lines) this.#view.line(line);
			if (left.length > 0) {
				this.#view.line(
					`the source is not shut, as ${left.join(", ")} may run on it; set them to 0 by hand, and freeze again, which asks for it on a terminal. Without the API and without a question: env --unset=MEDSTACK_TOKEN_VALUE npm run move -- freeze --stack STACK`,
				);
				return 1;
			}
		}
		// A record of an earlier copy would admit the phase trial while this one is made, a rehearsal stands in its place, or MedStack is in use.
		const former = step === "copy" || step === "thaw" || given.keep === true ? new FormerRecord(moved) : undefined;
		const { id, is } = await ask(way, moved, step, given);
		if (is === "under way")
			this.#view.line(`${step} is under way, as it was wished for before; this shows how it goes on`);
		if (is === "untold") this.#view.line(`${step} has ended since it was wished for; nothing new is wished for`);
		const made = await watch(way, moved, id, {
			view: this.#view,
			signal,
			onTaken: () => is !== "untold" && former?.remove(),
		});
		this.#view.end();
		if (made === undefined) {
			// The mover may take it up at any time from here on.
			former?.remove();
			this.#view.line(
				`the mover goes on with ${step}. To look: npm run move -- status --stack STACK; to end it: npm run move -- stop --stack STACK`,
			);
			if (step === "thaw" && isByApi(moved)) {
				this.#view.line(
					"MedStack's services stay as they are until then; to bring them back: npm run move -- thaw --stack STACK",
				);
			}
			return 1;
		}
		if (made.state === "refused") former?.putBack();
		const code = await tellEnd(way, moved, made, { view: this.#view, cluster });
		// Names of objects are in it alone.
		if (step === "objects" && made.run !== undefined && made.state !== "refused") {
			const files = await way.look((session) => writeReport(session, moved, made.run));
			for (const file of files) this.#view.line(file);
		}
		return code;
	}
}
