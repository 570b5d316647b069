/** What `npm run move -- help` says: every step with its options. */
import { NOT_LOOKED_AT } from "./plan/finding.ts";

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

/** Every step of the move, in the order of `help`. */
export const STEPS: Readonly<Record<string, StepWords>> = {
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

/** Options with a value, and what it is. */
export const VALUES: Readonly<Record<string, string>> = {
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
       npm run move -- help STEP

${Object.keys(STEPS)
	.flatMap((step) => describeStep(step))
	.join("\n")}

of every step:
${describeOptions(COMMON).join("\n")}

exit codes: 0 done; 1 blockers, differences, a failure, or left before the end; 2 wrong arguments;
            ${NOT_LOOKED_AT} from plan alone: no blocker was found, and not everything could be looked at
`;

/** The part of that page that is of one step. */
export function usageOf(step: string): string {
	return `usage: npm run move -- ${nameOf(step)} --stack STACK [--config-file FILE]${Object.keys(STEPS[step]?.options ?? {}).length === 0 ? "" : " [OPTION...]"}

${describeStep(step).join("\n")}
`;
}

function nameOf(step: string): string {
	return [step, POSITIONAL[step]].join(" ").trimEnd();
}

function describeStep(step: string): string[] {
	const { says, options } = STEPS[step] ?? { says: "", options: {} };
	return [`  ${nameOf(step).padEnd(26)}${says}`, ...describeOptions(options)];
}

function describeOptions(options: Readonly<Record<string, string>>): string[] {
	return Object.entries(options).map(([option, says]) => `    ${withValue(option).padEnd(24)}${says}`);
}

/** An option as it is typed. */
function withValue(option: string): string {
	const value = VALUES[option];
	return `--${option}${value === undefined ? "" : ` ${value}`}`;
}
