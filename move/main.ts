/**
 * `npm run move -- STEP --stack STACK`: tells the mover in MedStack's cluster what to do, through a tunnel to the target, and shows how
 * it goes on. See docs/move.md.
 *
 * Exit code 0: done. 1: blockers, differences, a failure, or gone away before the end. 2: wrong arguments.
 */
import { parseArgs } from "node:util";
import { checkVersion } from "../aptible/cli/version.ts";
import { Context } from "../aptible/context.ts";
import { isWork, type Work } from "../packages/mover/journal/wishes.ts";
import { closeMove } from "./close.ts";
import { makeCredentials } from "./credentials.ts";
import { ProgressView } from "./progress.ts";
import { removeRecord } from "./record.ts";
import { writeReport } from "./report.ts";
import { findEnvironment, journalHandle, Way } from "./session.ts";
import { type MoveStage, readMoveStage } from "./stage.ts";
import { describeStatus } from "./status.ts";
import { ask, compareJournals, control, tellEnd, watch } from "./work.ts";

const STEPS: Readonly<Record<string, { says: string; options: readonly string[] }>> = {
	credentials: { says: "make the mover's login on the target, and the file that hands it over", options: ["replace"] },
	check: { says: "find what would break, before anything moves", options: [] },
	rehearse: {
		says: "copy and verify while the source is in use, then remove the copy",
		options: ["keep", "again", "replace"],
	},
	copy: { says: "copy, verify, and put the copy in its place", options: ["again", "replace"] },
	verify: { says: "compare both sides again", options: [] },
	pause: { says: "hold the run between two parts", options: [] },
	resume: { says: "let it go on", options: [] },
	stop: { says: "end the run; what is done stays", options: [] },
	status: { says: "what is known of both sides", options: [] },
	report: { says: "write the last run's report, or the one of --run", options: ["run"] },
	close: {
		says: "end the move: the mover's login is shut, MySQL's events go on",
		options: ["drop-former", "drop-journal"],
	},
};

const usage = `usage: npm run move -- STEP --stack STACK [--config-file FILE]

${Object.entries(STEPS)
	.map(([step, { says, options }]) => {
		const words = [step, ...options.map((option) => (option === "run" ? "[--run RUN]" : `[--${option}]`))].join(" ");
		return `  ${words.padEnd(38)} ${says}`;
	})
	.join("\n")}
`;

/** The arguments are wrong. */
class UsageError extends Error {}

const context = new Context({ requestsAtATime: 8 });
const view = new ProgressView({
	isTerminal: process.stdout.isTTY === true,
	columns: process.stdout.columns ?? 80,
	write: (text) => void process.stdout.write(context.redactor.mask(text)),
});

try {
	process.exitCode = await main(process.argv.slice(2));
} catch (error) {
	view.end();
	const message = error instanceof Error ? error.message : String(error);
	const isUsage = error instanceof UsageError;
	process.stderr.write(`${context.redactor.mask(message)}\n${isUsage ? `\n${usage}` : ""}`);
	process.exitCode = isUsage ? 2 : 1;
}

async function main(argv: string[]): Promise<number> {
	const { step, stack, configFile, options } = readArguments(argv);
	if (step === "help") {
		process.stdout.write(usage);
		return 0;
	}
	const moved = readMoveStage(stack, configFile);
	const warning = await checkVersion(context.cli);
	if (warning !== undefined) process.stderr.write(`${warning}\n`);
	const tell = (line: string) => view.line(line);
	if (step === "credentials") {
		for (const line of await makeCredentials(context, moved, { replace: options.replace === true, tell })) tell(line);
		return 0;
	}
	if (step === "close") {
		const drops = { dropFormer: options["drop-former"] === true, dropJournal: options["drop-journal"] === true };
		await closeMove(context, moved, { ...drops, tell });
		return 0;
	}
	const way = new Way(context, await findEnvironment(context, moved), journalHandle(moved), tell);
	try {
		return await perform(way, moved, step, options);
	} finally {
		await way.close();
	}
}

async function perform(
	way: Way,
	moved: MoveStage,
	step: string,
	{ run, ...switches }: Readonly<Record<string, string | boolean | undefined>>,
): Promise<number> {
	if (step === "status") {
		for (const line of await way.look((session) => describeStatus(session, moved))) view.line(line);
		await way.look(async (session) => session && compareJournals(session, moved));
		return 0;
	}
	if (step === "report") {
		const wanted = typeof run === "string" ? run : undefined;
		for (const file of await way.look((session) => writeReport(session, moved, wanted))) view.line(file);
		return 0;
	}
	if (switches.keep === true) refuseKeep(moved);
	const given = Object.fromEntries(Object.entries(switches).map(([name, value]) => [name, value === true]));
	// A record of an earlier copy would admit the phase trial while this one is made, or a rehearsal stands in its place.
	const putBack = step === "copy" || switches.keep === true ? removeRecord(moved) : () => {};
	const id = await (isWork(step) ? ask(way, moved, step as Work, given) : control(way, moved, step as "pause")).catch(
		(error: unknown) => {
			putBack();
			throw error;
		},
	);
	const gone = new AbortController();
	process.once("SIGINT", () => gone.abort());
	const made = await watch(way, moved, id, { view, signal: gone.signal });
	view.end();
	if (made === undefined) {
		view.line(
			`the mover goes on with ${step}. To look: npm run move -- status --stack ${moved.name}; to end it: npm run move -- stop --stack ${moved.name}`,
		);
		return 1;
	}
	if (made.state === "refused") putBack();
	return tellEnd(way, moved, made, view);
}

/** A copy that apps work on while the source is in use must not write to patients. */
function refuseKeep({ stage: { move }, name }: MoveStage): void {
	if (move?.phase === "prepare" && move.smoke !== undefined) return;
	throw new Error(
		`rehearse --keep puts the copy in the place of the stage's database, so it needs move.phase: prepare and move.smoke, whose placeholders keep mail from going out; add them to Pulumi.${name}.yaml, or rehearse without --keep`,
	);
}

interface Arguments {
	step: string;
	stack: string;
	configFile: string | undefined;
	options: Readonly<Record<string, string | boolean | undefined>>;
}

/** @throws UsageError */
function readArguments(argv: string[]): Arguments {
	let parsed: ReturnType<typeof parse>;
	try {
		parsed = parse(argv);
	} catch (error) {
		throw new UsageError(error instanceof Error ? error.message : String(error));
	}
	const { values, positionals } = parsed;
	const { stack, "config-file": configFile, help, ...options } = values;
	const [step, ...more] = positionals;
	if (help || (step === undefined && argv.length === 0)) return { step: "help", stack: "", configFile, options: {} };
	if (step === undefined || !Object.hasOwn(STEPS, step)) {
		throw new UsageError(`"${step ?? ""}" is no step; use one of ${Object.keys(STEPS).join(", ")}`);
	}
	if (more.length > 0) throw new UsageError(`${step} takes nothing but options, and "${more.join(" ")}" was given`);
	const wrong = Object.keys(options).find((option) => !STEPS[step]?.options.includes(option));
	if (wrong !== undefined) throw new UsageError(`${step} takes no --${wrong}`);
	if (step === "rehearse" && options.again === true && options.keep !== true) {
		throw new UsageError("rehearse takes --again with --keep alone: else it takes the place of nothing");
	}
	if (stack === undefined || !/^[\w.-]+$/.test(stack)) throw new UsageError("name the stage: --stack STACK");
	if (options.run !== undefined && !/^r\d+$/.test(String(options.run))) {
		throw new UsageError(`--run "${options.run}" is none; runs are r1, r2 ...`);
	}
	return { step, stack, configFile, options };
}

function parse(argv: string[]) {
	return parseArgs({
		args: argv,
		allowPositionals: true,
		options: {
			stack: { type: "string" },
			"config-file": { type: "string" },
			keep: { type: "boolean" },
			again: { type: "boolean" },
			replace: { type: "boolean" },
			run: { type: "string" },
			"drop-former": { type: "boolean" },
			"drop-journal": { type: "boolean" },
			help: { type: "boolean" },
		},
	});
}
