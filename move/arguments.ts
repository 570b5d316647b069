/** What a person may type after `npm run move --`. */
import { parseArgs } from "node:util";
import { MovePhase, movePhases } from "../wire/move.ts";
import type { AcceptedLoss } from "./back/loss.ts";
import { isClient } from "./watch/clients.ts";

interface StepWords {
	says: string;
	/** What each of its options does. */
	options: Readonly<Record<string, string>>;
}

const REPLACE_IN_PLACE = "MySQL, Redis: also into a target that holds something else, which goes";

/** What nothing can see in DNS, noted in the folder .move. */
const DNS_ANSWERS: Readonly<Record<string, string>> = {
	"ttl-passed": "no cache holds a former, longer TTL of a domain, which --yes does not answer: for a day",
	"without-server": "go on while this name server is silent",
};

/** Steps with a word of their own after them, as `usage` shows it. */
const POSITIONAL: Readonly<Record<string, string>> = { switch: "PHASE" };

const STEPS: Readonly<Record<string, StepWords>> = {
	plan: {
		says: "what this move takes: blockers, runbook, forecast, costs; needs no mover",
		options: { write: "write it as FOLDER/move-STACK.md, for review in a pull request" },
	},
	credentials: {
		says: "make the mover's login on the target, and the file that hands it over",
		options: { replace: "write the file anew with another password; the former one opens nothing any more" },
	},
	check: { says: "find what would break, before anything moves", options: {} },
	rehearse: {
		says: "copy and verify while the source is in use, then remove the copy",
		options: {
			keep: "put the copy in the place of the stage's database instead; needs move.smoke",
			again: "with --keep: also over a copy that is in its place",
			replace: REPLACE_IN_PLACE,
		},
	},
	freeze: {
		says: "shut everybody but the mover out of the source, and prove that nobody writes",
		options: { yes: "also in the phase prepare, in which MedStack is in use; and do not ask for the cluster's label" },
	},
	copy: {
		says: "copy, verify, and put the copy in its place",
		options: { again: "also over a copy that is in its place", replace: REPLACE_IN_PLACE },
	},
	objects: {
		says: "copy the objects of the storage that move.objects names; in frozen the last pass",
		options: {
			deep: "compare the bytes of all objects, not of a sample",
			delete: "in frozen: delete up to so many copies that have no object on the source any more",
			overwrite: "write over up to so many objects of the target that are no copies of the mover's",
			empty: "also where the source lists no objects",
			"new-source": "also where earlier passes copied from another container",
			rewrite: "in frozen, after copy: have URLs of the old account in the copies lead to the new one",
		},
	},
	verify: { says: "compare both sides again", options: {} },
	thaw: {
		says: "undo what freeze has changed, and nothing else",
		options: {
			sql: "print the SQL that does it, from the journal's file beside the stage; asks nobody",
			database: "with --sql: of this database of the stage, where several are frozen",
		},
	},
	switch: {
		says: "bring the stage to PHASE: the line in its file, preview, question, pulumi up",
		options: {
			yes: "do not ask",
			again: "another update in the phase that the stage is in",
			...DNS_ANSWERS,
		},
	},
	probe: {
		says: "ask each domain by its real name at its new side, while DNS leads to the old one",
		options: { accept: "domains that you have tested by hand, with commas: they pass, and the journal has it" },
	},
	point: {
		says: "lead the domains of the move to one side, and wait until every authoritative server says so",
		options: { to: "new in live; old in prepare, frozen and cancelled", ...DNS_ANSWERS },
	},
	night: {
		says: "walk through the night: each step with its forecast, the question before it, and what going back costs",
		options: { yes: "do not ask before what can be gone back from for free; a person answers for the rest" },
	},
	back: {
		says: "lead the stage back to MedStack, from wherever the night is",
		options: {
			"accept-loss": "rows written on Aptible that may be lost; all, also where how many is unknown",
			yes: "do not ask whether to go back; what a person has to do is asked all the same",
		},
	},
	pause: { says: "hold the run between two parts", options: {} },
	resume: { says: "let it go on", options: {} },
	stop: { says: "end the run; what is done stays", options: {} },
	status: { says: "what is known of both sides", options: {} },
	report: {
		says: "write a run's report: the last copy's, else the last run's",
		options: { run: "of this run, such as r7" },
	},
	watch: {
		says: "find out from both sides' logs whether anybody still comes to MedStack",
		options: {
			old: "log of the page service at MedStack, or drain lines of it; - is standard input",
			new: "log of Aptible's endpoints: lines of nginx, as they are or in a drain's JSON",
			follow: "read both as they grow, until MedStack is silent",
			accept: "addresses or networks of clients that may go on coming, with commas",
		},
	},
	close: {
		says: "end the move: the mover's login is shut, MySQL's events go on",
		options: {
			"without-watch": "in live: close though `watch` has not found MedStack silent, for this reason",
			thawed: "in cancelled: the source was given back by what `thaw --sql` prints",
			"drop-former": "drop what stood on Aptible before the copies",
			"drop-journal": "drop database move, once the file beside the stage has each of its lines",
		},
	},
};

/** Options of every step. */
const COMMON: Readonly<Record<string, string>> = {
	stack: "the stage: Pulumi.STACK.yaml",
	"config-file": "path of the stage file where it is another",
};

const VALUES: Readonly<Record<string, string>> = {
	stack: "STACK",
	"config-file": "FILE",
	run: "RUN",
	database: "NAME",
	write: "FOLDER",
	"accept-loss": "N",
	old: "FILE",
	new: "FILE",
	accept: "LIST",
	"without-watch": "REASON",
	delete: "NUMBER",
	overwrite: "NUMBER",
	to: "SIDE",
	"without-server": "NAME",
};

/** The page of `npm run move -- help`. */
export const usage = `usage: npm run move -- STEP --stack STACK [--config-file FILE] [OPTION...]

${Object.entries(STEPS)
	.flatMap(([step, { says, options }]) => [
		`  ${[step, POSITIONAL[step]].join(" ").trimEnd().padEnd(26)}${says}`,
		...describeOptions(options),
	])
	.join("\n")}

of every step:
${describeOptions(COMMON).join("\n")}
`;

function describeOptions(options: Readonly<Record<string, string>>): string[] {
	return Object.entries(options).map(([option, says]) => {
		const value = VALUES[option];
		return `    ${`--${option}${value === undefined ? "" : ` ${value}`}`.padEnd(24)}${says}`;
	});
}

/** The arguments are wrong. */
export class UsageError extends Error {
	override name = "UsageError";
}

export interface Arguments {
	/** One of the steps, or `help`. */
	step: string;
	/** Of `switch`: where to. */
	phase: MovePhase | undefined;
	stack: string;
	configFile: string | undefined;
	options: Readonly<Record<string, string | boolean | undefined>>;
}

/** @throws UsageError that says what is allowed */
export function readArguments(argv: string[]): Arguments {
	let parsed: ReturnType<typeof parse>;
	try {
		parsed = parse(argv);
	} catch (error) {
		throw new UsageError(error instanceof Error ? error.message : String(error));
	}
	const { values, positionals, tokens } = parsed;
	const names = tokens.flatMap((token) => (token.kind === "option" ? [token.name] : []));
	const twice = names.find((name, index) => names.indexOf(name) !== index);
	if (twice !== undefined) throw new UsageError(`--${twice} is given twice; one of them is to go`);
	const { stack, "config-file": configFile, help, ...options } = values;
	const [step, ...more] = positionals;
	if (help || step === "help" || argv.length === 0)
		return { step: "help", phase: undefined, stack: "", configFile, options: {} };
	if (step === undefined || !Object.hasOwn(STEPS, step)) {
		throw new UsageError(`"${step ?? ""}" is no step; use one of ${Object.keys(STEPS).join(", ")}`);
	}
	const phase = step === "switch" ? readPhase(more.shift()) : undefined;
	if (more.length > 0) throw new UsageError(`${step} takes nothing but options, and "${more.join(" ")}" was given`);
	const wrong = Object.keys(options).find((option) => !Object.hasOwn(STEPS[step]?.options ?? {}, option));
	if (wrong !== undefined) throw new UsageError(`${step} takes no --${wrong}`);
	if (step === "rehearse" && options.again === true && options.keep !== true) {
		throw new UsageError("rehearse takes --again with --keep alone: else it takes the place of nothing");
	}
	if (options.database !== undefined && options.sql !== true) {
		throw new UsageError("thaw takes --database with --sql alone: else it thaws each database of the stage");
	}
	if (step === "watch") checkWatch(options);
	for (const option of ["delete", "overwrite"] as const) {
		const number = options[option];
		if (number === undefined || /^[1-9]\d{0,8}$/.test(number)) continue;
		throw new UsageError(`--${option} takes how many objects at most, such as 12, and "${number}" was given`);
	}
	if (options["without-watch"]?.trim() === "") throw new UsageError("--without-watch takes the reason, in words");
	const server = options["without-server"];
	if (server !== undefined && !/^[\w-]+(\.[\w-]+)+\.?$/.test(server)) {
		throw new UsageError(`--without-server "${server}" is no name of a server; allowed: for example ns2.acme.example`);
	}
	if (step === "point" && options.to !== "new" && options.to !== "old") {
		throw new UsageError(
			`point takes --to new or --to old${options.to === undefined ? "" : `, and "${options.to}" was given`}`,
		);
	}
	if (step === "back") acceptedLoss(options["accept-loss"]);
	if (stack === undefined) throw new UsageError("name the stage: --stack STACK");
	if (!/^[\w.-]+$/.test(stack)) {
		throw new UsageError(`--stack "${stack}" is no name of a stack; allowed: letters, digits, -, _ and .`);
	}
	if (options.run !== undefined && !/^r\d+$/.test(String(options.run))) {
		throw new UsageError(`--run "${options.run}" is none; runs are r1, r2 ...`);
	}
	return { step, phase, stack, configFile, options };
}

/** @throws UsageError */
export function acceptedLoss(given: string | boolean | undefined): AcceptedLoss | undefined {
	if (given === undefined || given === "all") return given;
	if (/^\d{1,15}$/.test(String(given))) return Number(given);
	throw new UsageError(`--accept-loss "${given}" is no number of rows; allowed: 0, 1, 2 ..., or all`);
}

function readPhase(word: string | undefined): MovePhase {
	const phase = MovePhase.safeParse(word).data;
	if (phase !== undefined) return phase;
	throw new UsageError(
		`switch takes a phase, and ${word === undefined ? "none" : `"${word}"`} was given; use one of ${movePhases.join(", ")}`,
	);
}

function checkWatch(options: ReturnType<typeof parse>["values"]): void {
	const { old, new: newer, accept } = options;
	if (!old || !newer) throw new UsageError("watch takes both sides' logs: --old FILE --new FILE; - is standard input");
	if (old === newer) throw new UsageError(`watch takes two logs, and "${old}" is given for both sides`);
	const wrong = accept?.split(",").find((one) => !isClient(one));
	if (wrong === undefined) return;
	throw new UsageError(
		`--accept "${wrong}" is no address and no small network; allowed: 198.51.100.7, 198.51.100.0/24 (/16 or more), 2001:db8::/48 (/32 or more), several with commas`,
	);
}

function parse(argv: string[]) {
	return parseArgs({
		args: argv,
		allowPositionals: true,
		tokens: true,
		options: {
			stack: { type: "string" },
			"config-file": { type: "string" },
			keep: { type: "boolean" },
			again: { type: "boolean" },
			replace: { type: "boolean" },
			run: { type: "string" },
			yes: { type: "boolean" },
			thawed: { type: "boolean" },
			deep: { type: "boolean" },
			delete: { type: "string" },
			overwrite: { type: "string" },
			empty: { type: "boolean" },
			"new-source": { type: "boolean" },
			rewrite: { type: "boolean" },
			sql: { type: "boolean" },
			database: { type: "string" },
			write: { type: "string" },
			"accept-loss": { type: "string" },
			old: { type: "string" },
			new: { type: "string" },
			follow: { type: "boolean" },
			accept: { type: "string" },
			"without-watch": { type: "string" },
			to: { type: "string" },
			"ttl-passed": { type: "boolean" },
			"without-server": { type: "string" },
			"drop-former": { type: "boolean" },
			"drop-journal": { type: "boolean" },
			help: { type: "boolean" },
		},
	});
}
