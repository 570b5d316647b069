/** What a person may type after `npm run move --`. */
import { parseArgs } from "node:util";
import { MovePhase, movePhases } from "../wire/move.ts";
import type { AcceptedLoss } from "./back/loss.ts";
import { STEPS, VALUES } from "./usage.ts";
import { isClient } from "./watch/clients.ts";

/** The arguments are wrong. */
export class UsageError extends Error {
	override name = "UsageError";
	/** The step that was typed, where it is one. */
	step: string | undefined;
}

export interface Arguments {
	/** One of the steps, or `help`. */
	step: string;
	/** Of `help`: the step that it is of; undefined for the whole page. */
	of: string | undefined;
	/** Of `switch`: where to. */
	phase: MovePhase | undefined;
	stack: string;
	configFile: string | undefined;
	options: Readonly<Record<string, string | boolean | undefined>>;
}

/** @throws UsageError that says what is allowed, and of which step */
export function readArguments(argv: string[]): Arguments {
	try {
		return readTyped(argv);
	} catch (error) {
		if (error instanceof UsageError) error.step = argv.find(isStep);
		throw error;
	}
}

const isStep = (word: string | undefined): word is string => word !== undefined && Object.hasOwn(STEPS, word);

function readTyped(argv: string[]): Arguments {
	const { values, positionals, tokens } = parse(argv);
	const names = tokens.flatMap((token) => (token.kind === "option" ? [token.name] : []));
	const twice = names.find((name, index) => names.indexOf(name) !== index);
	if (twice !== undefined) throw new UsageError(`--${twice} is given twice; one of them is to go`);
	const { stack, "config-file": configFile, help, ...options } = values;
	const [step, ...more] = positionals;
	if (help || step === "help" || argv.length === 0) {
		const of = step === "help" ? more[0] : step;
		if (of !== undefined) refuseNoStep(of);
		return { step: "help", of, phase: undefined, stack: "", configFile, options: {} };
	}
	refuseNoStep(step);
	const phase = step === "switch" ? readPhase(more.shift()) : undefined;
	if (more.length > 0) throw new UsageError(`${step} takes nothing but options, and "${more.join(" ")}" was given`);
	const wrong = Object.keys(options).find((option) => !Object.hasOwn(STEPS[step]?.options ?? {}, option));
	if (wrong !== undefined) throw new UsageError(`${step} takes no --${wrong}`);
	const empty = Object.keys(values).find((option) => values[option as keyof typeof values] === "");
	if (empty !== undefined) throw new UsageError(`--${empty} takes ${VALUES[empty]}, and nothing was given`);
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
	return { step, of: undefined, phase, stack, configFile, options };
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

function refuseNoStep(word: string | undefined): asserts word is string {
	if (isStep(word)) return;
	const given = word === undefined ? "name a step" : `"${word}" is no step`;
	throw new UsageError(`${given}; use one of ${Object.keys(STEPS).join(", ")}`);
}

/** @throws UsageError in this program's words, as Node's advise what no step takes */
function parse(argv: string[]) {
	try {
		return parseWords(argv);
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		const option = /'(?:-\w, )?(--?[^\s'=]*)/.exec(message)?.[1] ?? "";
		if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") throw new UsageError(`no step takes ${option}`);
		if (code !== "ERR_PARSE_ARGS_INVALID_OPTION_VALUE") throw error;
		const value = VALUES[option.slice(2)];
		if (value === undefined) throw new UsageError(`${option} takes no value`);
		throw new UsageError(
			`${option} takes ${value}, and none was given; one that begins with a dash is typed as ${option}=-...`,
		);
	}
}

function parseWords(argv: string[]) {
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
			help: { type: "boolean", short: "h" },
		},
	});
}
