/**
 * `npm run move -- STEP --stack STACK`: plans the move; tells the mover in MedStack's cluster what to do, through a tunnel to the target,
 * and shows how it goes on. See docs/move.md.
 *
 * Exit code 0: done. 1: blockers, differences, a failure, or gone away before the end. 2: wrong arguments. 3: `plan` has found no blocker, and
 * could not look at everything.
 */
import { checkVersion } from "../aptible/cli/version.ts";
import { messageOf } from "../aptible/client/system-error.ts";
import { Context } from "../aptible/context.ts";
import { nameStage } from "../packages/mover/commands.ts";
import { readLines } from "../packages/mover/journal/journal.ts";
import { type Command, isWork, type WishArguments, type Work } from "../packages/mover/journal/wishes.ts";
import { type Arguments, acceptedLoss, readArguments, UsageError } from "./arguments.ts";
import { refuseOpenBack } from "./back/opening.ts";
import { findMoverHosts, makeCredentials } from "./credentials.ts";
import { tellEnd } from "./ends.ts";
import { isGuarded, refuseDowntime, refuseKeep, refuseObjects, refusePhase, refuseUnsure } from "./guards.ts";
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
import { thawStatements } from "./thaw-sql.ts";
import { usage, usageOf } from "./usage.ts";
import { ask, compareJournals, control, watch } from "./work.ts";

/** Steps that shut the source, or stand on it being shut, which a way back opens. Its own thaw is none of these. */
const NOT_BESIDE_BACK: ReadonlySet<string> = new Set(["freeze", "copy", "objects"]);

const context = new Context({ requestsAtATime: 8 });
/** What is said of commands is what can be typed, once the stage is known. */
let completed = (text: string) => text;
const say = (text: string) => context.redactor.mask(completed(text));
const view = new ProgressView({
	isTerminal: process.stdout.isTTY === true,
	get columns() {
		// A terminal that does not know says 0.
		return process.stdout.columns || 80;
	},
	write: (text) => void process.stdout.write(say(text)),
});

try {
	process.exitCode = await main(process.argv.slice(2));
} catch (error) {
	view.end();
	const isUsage = error instanceof UsageError;
	process.stderr.write(`${say(messageOf(error))}\n${isUsage ? describeUsage(error.step) : ""}`);
	process.exitCode = isUsage ? 2 : 1;
}

/** Below a mistake: of the step, where one was typed, else where all of them are. */
function describeUsage(step: string | undefined): string {
	const own = step === undefined ? "" : `\n${usageOf(step)}`;
	return `${own}\nall of it: npm run move -- help${step === undefined ? "; of one step: npm run move -- help STEP" : ""}\n`;
}

async function main(argv: string[]): Promise<number> {
	const { step, of, phase, stack, configFile, options } = readArguments(argv);
	if (step === "help") {
		process.stdout.write(of === undefined ? usage : usageOf(of));
		return 0;
	}
	const moved = readMoveStage(stack, configFile);
	completed = (text) => nameStage(text, stack, configFile);
	refusePhase(guardedStep(step, options), moved);
	if (step === "freeze" && options.yes !== true) refuseUnsure(moved);
	if (step === "objects") refuseObjects(moved, options);
	if (options.sql === true) {
		const lines = thawStatements(moved, options.database?.toString());
		// Nothing in the journal will say that MedStack is in use again.
		const removed = voidRecord(moved);
		if (removed !== undefined)
			lines.unshift(`-- ${removed} is removed, as MedStack is in use from here on: commit that`);
		for (const line of lines) process.stdout.write(`${say(line)}\n`);
		return 0;
	}
	await refuseLocally({ step, options }, moved);
	if (step === "plan") return plan(moved, options.write);
	await noteAnswers(moved, options);
	if (step === "point") return point(moved, options.to === "new" ? "new" : "old");
	const warning = await checkVersion(context.cli);
	if (warning !== undefined) process.stderr.write(`${warning}\n`);
	const tell = (line: string) => view.line(line);
	if (step === "credentials") {
		for (const line of await makeCredentials(context, moved, { replace: options.replace === true, tell })) tell(line);
		return 0;
	}
	if (step === "close") {
		const drops = { dropFormer: options["drop-former"] === true, dropJournal: options["drop-journal"] === true };
		const withoutWatch = options["without-watch"]?.toString();
		const { closeMove } = await import("./close.ts");
		await closeMove(context, moved, { ...drops, isThawed: options.thawed === true, withoutWatch, tell });
		return 0;
	}
	const environment = await findEnvironment(context, moved);
	if (options.keep === true) await refuseKeep(context, environment, moved);
	const ways = new Ways(context, environment, tell);
	try {
		const handle = await findJournalHandle(context, environment, moved, (one) => ways.to(one)).catch(
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
			const reach = { context, environment, way, ways };
			if (phase === undefined) return await runProbe(reach, moved, { tell, accept: listOf(options.accept) });
			const wanted = { to: phase, isAgain: options.again === true };
			return await runSwitch(reach, moved, wanted, { tell, isSure: options.yes === true });
		}
		if (step === "status") {
			const hosts = await findMoverHosts(context, environment, moved);
			for (const line of await way.look((session) => describeStatus(session, moved, hosts))) tell(line);
			await way.look(async (session) => session && compareJournals(session, moved));
			return 0;
		}
		if (step === "watch") return await watchLogs(way, moved, options);
		if (step === "night") {
			const { runNight } = await import("./night/command.ts");
			return await runNight({ context, environment, way, ways }, moved, { isSure: options.yes === true, tell });
		}
		if (step === "back") {
			const { runBack } = await import("./back/command.ts");
			const given = { accepted: acceptedLoss(options["accept-loss"]), isSure: options.yes === true };
			return await runBack({ context, environment, way, ways }, moved, { ...given, view, signal: untilGone() });
		}
		return await perform(way, moved, step, options);
	} finally {
		await ways.close();
	}
}

/** A step by the name under which its phases are known. */
function guardedStep(step: string, { sql, to }: Arguments["options"]): string {
	if (sql === true) return "thaw --sql";
	return to === undefined ? step : `${step} --to ${to}`;
}

/** What a person has typed of DNS, for whatever asks it. */
async function noteAnswers(moved: MoveStage, options: Arguments["options"]): Promise<void> {
	const [server, isPassed] = [options["without-server"]?.toString(), options["ttl-passed"] === true];
	if (server === undefined && !isPassed) return;
	const { notePoint } = await import("./dns/point-notes.ts");
	const withoutServer = server?.toLowerCase().replace(/\.$/, "");
	const at = new Date().toISOString();
	notePoint(moved, { at, ...(withoutServer && { withoutServer }), ...(isPassed && { ttlPassed: true }) });
}

/** Loads what it needs itself, as `plan` does: no other step asks DNS. */
async function point(moved: MoveStage, to: "old" | "new"): Promise<number> {
	const { runPoint } = await import("./point-command.ts");
	await runPoint(context, moved, { to, tell: (line) => view.line(line), signal: untilGone() });
	return 0;
}

async function plan(moved: MoveStage, folder: string | boolean | undefined): Promise<number> {
	const { makePlan } = await import("./plan/plan.ts");
	const { page, file, isReady, isWhole } = await makePlan(context, moved, {
		write: typeof folder === "string" ? folder : undefined,
	});
	if (file === undefined) process.stdout.write(page);
	else
		view.line(
			`${file} is written${isReady ? "" : ", with blockers"}${isWhole ? "" : ", and not everything was looked at"}; commit it, and have it reviewed in a pull request`,
		);
	return isReady ? (isWhole ? 0 : NOT_LOOKED_AT) : 1;
}

/** Loads what it needs itself, as `plan` does. */
async function watchLogs(way: Way, moved: MoveStage, options: Arguments["options"]): Promise<number> {
	const { watchMove } = await import("./watch/command.ts");
	const text = (name: string) => String(options[name] ?? "");
	return watchMove(context, way, moved, {
		old: text("old"),
		new: text("new"),
		follow: options.follow === true,
		accept: listOf(options.accept),
		signal: untilGone(),
		tell: (line) => view.line(line),
	});
}

/** Ends when the person goes away. */
function untilGone(): AbortSignal {
	const gone = new AbortController();
	for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => gone.abort());
	return gone.signal;
}

async function perform(
	way: Way,
	moved: MoveStage,
	step: string,
	{ run, yes, ...switches }: Arguments["options"],
): Promise<number> {
	if (step === "report") {
		const wanted = typeof run === "string" ? run : undefined;
		for (const file of await way.look((session) => writeReport(session, moved, wanted))) view.line(file);
		return 0;
	}
	const signal = untilGone();
	const tell = (line: string) => view.line(line);
	const isSure = yes === true;
	const chosen = chooseCluster(moved, { way, tell, signal, redactor: context.redactor, isSure });
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
		return doWork(way, moved, { step, given: { ...given, ...final }, cluster, signal });
	}
	const id = await control(way, moved, step as Command);
	const made = await watch(way, moved, id, { view, signal });
	view.end();
	if (made !== undefined) return tellEnd(way, moved, made, { view, cluster });
	view.line(`the mover takes ${step} up when it comes; to look: npm run move -- status --stack STACK`);
	return 1;
}

async function doWork(
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
		for (const line of lines) view.line(line);
		if (left.length > 0) {
			view.line(
				`the source is not shut, as ${left.join(", ")} may run on it; set them to 0 by hand, and freeze again, which asks for it on a terminal. Without the API and without a question: env --unset=MEDSTACK_TOKEN_VALUE npm run move -- freeze --stack STACK`,
			);
			return 1;
		}
	}
	// A record of an earlier copy would admit the phase trial while this one is made, a rehearsal stands in its place, or MedStack is in use.
	const former = step === "copy" || step === "thaw" || given.keep === true ? new FormerRecord(moved) : undefined;
	const { id, is } = await ask(way, moved, step, given);
	if (is === "under way") view.line(`${step} is under way, as it was wished for before; this shows how it goes on`);
	if (is === "untold") view.line(`${step} has ended since it was wished for; nothing new is wished for`);
	const made = await watch(way, moved, id, { view, signal, onTaken: () => is !== "untold" && former?.remove() });
	view.end();
	if (made === undefined) {
		// The mover may take it up at any time from here on.
		former?.remove();
		view.line(
			`the mover goes on with ${step}. To look: npm run move -- status --stack STACK; to end it: npm run move -- stop --stack STACK`,
		);
		if (step === "thaw" && isByApi(moved)) {
			view.line(
				"MedStack's services stay as they are until then; to bring them back: npm run move -- thaw --stack STACK",
			);
		}
		return 1;
	}
	if (made.state === "refused") former?.putBack();
	const code = await tellEnd(way, moved, made, { view, cluster });
	// Names of objects are in it alone.
	if (step === "objects" && made.run !== undefined && made.state !== "refused") {
		const files = await way.look((session) => writeReport(session, moved, made.run));
		for (const file of files) view.line(file);
	}
	return code;
}
