/** What of a step is wrong by itself, and takes neither Aptible nor DNS nor the journal to be found: it is said before these are asked. */
import { accessSync, closeSync, constants, existsSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import path from "node:path";
import { messageOf } from "../aptible/client/system-error.ts";
import { readLocalLines } from "../packages/mover/journal/local-file.ts";
import type { Arguments } from "./arguments.ts";
import { readTtlNotes } from "./dns/ttl-notes.ts";
import { makeFolder } from "./folder.ts";
import { refuseUnsmoked } from "./guards.ts";
import { FormerRecord } from "./record.ts";
import { movedDatabases } from "./session.ts";
import type { MoveStage } from "./stage.ts";
import { readNewLine, readOldLine } from "./watch/lines.ts";
import { journalFile } from "./work.ts";

/** Steps that are of the domains under `move.domains` alone. */
const OF_DOMAINS: ReadonlySet<string> = new Set(["probe", "point", "watch"]);
/** Steps that ask DNS, or judge by what was noted of it. */
const ASKS_DNS: ReadonlySet<string> = new Set(["plan", "point", "switch", "night", "watch", "back"]);
/** Steps without a journal, and the one that says most where it is damaged. */
const WITHOUT_JOURNAL: ReadonlySet<string> = new Set(["status", "credentials"]);
/** Of a log: enough to know whose it is. */
const HEAD_BYTES = 64 * 1024;

/**
 * Refuses a step whose arguments, stage, files or variables are wrong.
 *
 * @throws Error with what is wrong, where, what is allowed and the fix
 */
export async function refuseLocally(
	{ step, options }: Pick<Arguments, "step" | "options">,
	moved: MoveStage,
): Promise<void> {
	refuseFolder(moved);
	if (OF_DOMAINS.has(step)) refuseNoDomain(step, moved);
	if (step === "probe") refuseStrangers(listOf(options.accept), moved);
	if (step === "plan" && typeof options.write === "string") refuseUnwritable(options.write);
	if (step === "watch") refuseLogs(String(options.old), String(options.new));
	if (options.keep === true) refuseUnsmoked(moved);
	if (step === "close") refuseIdle(options, moved);
	// The record of a move that is closed.
	if (step === "copy" || step === "thaw" || options.keep === true) new FormerRecord(moved);
	if (ASKS_DNS.has(step)) {
		readTtlNotes(moved);
		// It reads the variables with which resolvers are named; other steps need no DNS client.
		new (await import("./dns/reader.ts")).DnsReader();
	}
	if (step !== "plan" && !movedDatabases(moved).some(({ type }) => type === "postgresql")) {
		throw new Error(
			"no database of the stage that moves is postgresql, and the journal is kept on one; add a small one",
		);
	}
	if (!WITHOUT_JOURNAL.has(step)) readLocalLines(journalFile(moved));
}

/** Words of a list with commas. */
export function listOf(given: string | boolean | undefined): string[] {
	return String(given ?? "")
		.split(",")
		.filter((one) => one !== "");
}

/** Every step writes there. */
function refuseFolder({ folder }: MoveStage): void {
	const own = path.join(folder, ".move");
	if (!existsSync(own)) return;
	if (!statSync(own).isDirectory()) {
		throw new Error(`${own} is a file, and the move keeps its journal in a folder of that name; move it away`);
	}
	attempt(() => accessSync(own, constants.R_OK | constants.W_OK | constants.X_OK));
}

/** Refuses a step of the domains where there are none. */
export function refuseNoDomain(step: string, { stage, name }: MoveStage): void {
	if (Object.keys(stage.move?.domains ?? {}).length > 0) return;
	throw new Error(
		`${step} goes by move.domains, which is empty in Pulumi.${name}.yaml; add each name that goes over to Aptible: domains: { DOMAIN: { via: manual, from: ADDRESS OF MEDSTACK'S LOAD BALANCER } }`,
	);
}

/** Refuses a domain that a person has tested and that does not move. */
export function refuseStrangers(accepted: readonly string[], { stage, name }: MoveStage): void {
	const domains = stage.move?.domains ?? {};
	const stranger = accepted.find((domain) => !Object.hasOwn(domains, domain));
	if (stranger === undefined) return;
	throw new Error(
		`--accept "${stranger}" is none of move.domains in Pulumi.${name}.yaml; allowed: ${Object.keys(domains).join(", ")}`,
	);
}

/** Of options of `close`, the phase that each is of. */
const PHASE_OF_OPTION = { "without-watch": "live", thawed: "cancelled" } as const;

/** Refuses an option of `close` that would do nothing in the phase: who types it takes something for asked. */
function refuseIdle(options: Arguments["options"], { stage, name }: MoveStage): void {
	const typed = stage.move?.phase;
	for (const [option, phase] of Object.entries(PHASE_OF_OPTION)) {
		if (options[option] === undefined || (typed !== "live" && typed !== "cancelled") || typed === phase) continue;
		throw new Error(
			`close takes --${option} in the phase "${phase}" alone, and Pulumi.${name}.yaml has "${typed}"; leave it out: npm run move -- close --stack STACK`,
		);
	}
}

function refuseUnwritable(folder: string): void {
	attempt(() => {
		makeFolder(folder);
		accessSync(folder, constants.W_OK | constants.X_OK);
	}, `--write takes a folder that is there or can be made, and "${folder}" is none: `);
	if (!statSync(folder).isDirectory()) throw new Error(`--write takes a folder, and ${folder} is a file`);
}

/** Refuses logs that cannot be read, one that is given for both sides, and each in the place of the other. */
function refuseLogs(old: string, newer: string): void {
	const [oldHead, newHead] = [readHead("--old", old), readHead("--new", newer)];
	if (oldHead !== undefined && oldHead.id === newHead?.id) {
		throw new Error(`--old and --new are the same file, ${old}; watch takes the logs of two sides`);
	}
	const isOf = (head: { lines: string[] } | undefined, read: (line: string) => unknown) =>
		head?.lines.some((line) => read(line) !== undefined) === true;
	if (!isOf(oldHead, readOldLine) && isOf(oldHead, readNewLine)) {
		throw new Error(
			`--old takes the log of MedStack's page service, and ${old} has lines of Aptible's endpoints; give that one as --new`,
		);
	}
	if (!isOf(newHead, readNewLine) && isOf(newHead, readOldLine)) {
		throw new Error(
			`--new takes the log of Aptible's endpoints, and ${newer} has lines of MedStack's page service; give that one as --old`,
		);
	}
}

/** The beginning of a file; undefined of standard input and of a pipe, whose lines would be gone for the step. */
function readHead(option: string, file: string): { id: string; lines: string[] } | undefined {
	if (file === "-") return undefined;
	const { isFile, isDirectory, dev, ino } = attempt(() => {
		const found = statSync(file);
		return { isFile: found.isFile(), isDirectory: found.isDirectory(), dev: found.dev, ino: found.ino };
	}, `${option}: `);
	if (isDirectory)
		throw new Error(`${option}: ${file} is a folder, and a log is wanted; name a file, or - for standard input`);
	if (!isFile) return undefined;
	return attempt(() => {
		const descriptor = openSync(file, "r");
		try {
			const bytes = Buffer.alloc(Math.min(HEAD_BYTES, fstatSync(descriptor).size));
			readSync(descriptor, bytes);
			return { id: `${dev}:${ino}`, lines: bytes.toString("utf8").split("\n") };
		} finally {
			closeSync(descriptor);
		}
	}, `${option}: `);
}

function attempt<T>(act: () => T, before = ""): T {
	try {
		return act();
	} catch (error) {
		throw new Error(`${before}${messageOf(error)}`);
	}
}
