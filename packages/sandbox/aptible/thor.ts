import type { Contract, ContractCommand, ContractOption } from "./contract.ts";
import { UserError } from "./errors.ts";
import { corrections } from "./spelling.ts";

/** Options of a call under their Ruby names; `null` for a string option given as `--no-x`. */
export type Options = Record<string, string | number | boolean | string[] | null>;

/** A call that the CLI accepts. */
export interface Call {
	name: string;
	args: string[];
	options: Options;
}

// Ruby's ^ and $ match at every line, hence the flag: a value of several lines is read by its lines.
const LONG = /^(--\w+(?:-\w+)*)$/m;
const SHORT = /^(-[a-z])$/im;
const EQUALS = /^(--\w+(?:-\w+)*|-[a-z])=(.*)$/im;
const SHORTS = /^-([a-z]{2,})$/im;
const SHORT_NUMBER = /^(-[a-z])([-+]?(?:\d*\.\d+|\d+))$/im;
const NUMERIC = /^[-+]?(\d*\.\d+|\d+)$/;
const DASH = /^-/m;

function negated(option: string): string | undefined {
	return /^--(?:no|skip)-([-\w]+)$/m.exec(option)?.[1];
}

/** The name under which Ruby code asks for an option. */
export function rubyName({ name }: ContractOption): string {
	// The CLI declares this one with a dash of its own (`:'no-ip_whitelist'`).
	return name === "--no-ip-whitelist" ? "no-ip_whitelist" : name.slice(2).replaceAll("-", "_");
}

function inspect(value: readonly string[] | string): string {
	return typeof value === "string"
		? JSON.stringify(value)
		: `[${value.map((item) => JSON.stringify(item)).join(", ")}]`;
}

/** Finds the command that a name stands for: itself, another name of it, or an abbreviation of one. */
function findCommand(contract: Contract, name: string): string {
	const known = ["help", ...Object.keys(contract.commands)];
	const possibilities = [...new Set([...known, ...Object.keys(contract.maps)])]
		.filter((key) => key.startsWith(name))
		.sort();
	const meant = [...new Set(possibilities.map((key) => contract.maps[key] ?? key))];
	if (possibilities.includes(name)) return contract.maps[name] ?? name;
	if (meant.length === 1) return meant[0] ?? name;
	if (meant.length > 1) throw new UserError(`Ambiguous command ${name} matches [${possibilities.join(", ")}]`);
	const near = corrections(name, known).map((word) => inspect(word));
	const hint = near.length > 0 ? `\nDid you mean?  ${near.join("\n               ")}` : "";
	throw new UserError(`Could not find command ${inspect(name)}.${hint}`);
}

/** Reads a command line as Thor 0.20.3 does, which the CLI is built on. */
export function parseCall(contract: Contract, argv: readonly string[]): Call {
	const [first, ...rest] = argv;
	if (first === undefined || (first.startsWith("-") && !contract.maps[first]))
		return { name: "help", args: [], options: {} };
	const name = findCommand(contract, first);
	const command = contract.commands[name];
	if (!command) return { name, args: rest, options: {} };
	const split = rest.findIndex((word) => DASH.test(word));
	const parser = new OptionParser(command.options, split < 0 ? [] : rest.slice(split));
	const options = parser.parse();
	const args = [...(split < 0 ? rest : rest.slice(0, split)), ...parser.extra];
	checkArity(name, command, args);
	return { name, args, options };
}

function checkArity(name: string, { usage, args: declared }: ContractCommand, args: readonly string[]): void {
	const least = declared.filter(({ kind }) => kind === "required").length;
	const most = declared.some(({ kind }) => kind === "variadic") ? Number.POSITIVE_INFINITY : declared.length;
	if (args.length >= least && args.length <= most) return;
	const called = args.length === 0 ? "no arguments" : `arguments ${inspect(args)}`;
	throw new UserError(`ERROR: "aptible ${name}" was called with ${called}\nUsage: ${inspect(`aptible ${usage}`)}`);
}

class OptionParser {
	readonly extra: string[] = [];
	readonly #switches: Map<string, ContractOption>;
	readonly #aliases: Map<string, string>;
	readonly #pile: string[];
	readonly #declared: readonly ContractOption[];
	#parsing = true;

	constructor(declared: readonly ContractOption[], words: readonly string[]) {
		this.#declared = declared;
		this.#switches = new Map(declared.map((option) => [option.name, option]));
		this.#aliases = new Map(declared.flatMap((option) => (option.aliases ?? []).map((alias) => [alias, option.name])));
		this.#pile = [...words];
	}

	parse(): Options {
		const values: Options = {};
		for (const option of this.#declared) if (option.default !== undefined) values[rubyName(option)] = option.default;
		const given = new Set<ContractOption>();
		while (this.#peek() !== undefined) {
			const word = this.#pile.shift() ?? "";
			if (!this.#parsing) {
				this.extra.push(word);
				continue;
			}
			const letters = SHORTS.exec(word)?.[1];
			if (letters && [...letters].some((letter) => this.#option(`-${letter}`))) {
				this.#pile.unshift(...[...letters].map((letter) => `-${letter}`));
				continue;
			}
			const assigned = EQUALS.exec(word) ?? SHORT_NUMBER.exec(word);
			const name = (LONG.exec(word) ?? SHORT.exec(word) ?? assigned)?.[1];
			const option = name === undefined ? undefined : this.#option(name);
			if (name !== undefined && option) {
				if (assigned) this.#pile.unshift(assigned[2] ?? "");
				values[rubyName(option)] = this.#value(this.#normal(name), option);
				given.add(option);
				continue;
			}
			this.extra.push(word);
			if (name === undefined && !letters) continue;
			// What follows an unknown option is taken to be its value.
			for (let next = this.#peek(); next !== undefined && !DASH.test(next); next = this.#peek()) {
				this.extra.push(this.#pile.shift() ?? "");
			}
		}
		const missing = this.#declared.filter((option) => option.required && !given.has(option));
		if (missing.length > 0) {
			throw new UserError(`No value provided for required options '${missing.map(({ name }) => name).join("', '")}'`);
		}
		return values;
	}

	/** The next word; a first `--` is dropped and ends the options. */
	#peek(): string | undefined {
		if (this.#parsing && this.#pile[0] === "--") {
			this.#pile.shift();
			this.#parsing = false;
		}
		return this.#pile[0];
	}

	#normal(name: string): string {
		return (this.#aliases.get(name) ?? name).replaceAll("_", "-");
	}

	#option(name: string): ContractOption | undefined {
		const normal = this.#normal(name);
		const positive = negated(normal);
		return this.#switches.get(normal) ?? (positive === undefined ? undefined : this.#switches.get(`--${positive}`));
	}

	#value(name: string, option: ContractOption): Options[string] {
		const next = this.#peek();
		const looksLikeOption =
			next !== undefined && [LONG, SHORT, EQUALS, SHORT_NUMBER, SHORTS].some((form) => form.test(next));
		if (this.#parsing && (looksLikeOption || next === undefined) && option.type !== "boolean") {
			if (negated(name) !== undefined) return null;
			if (option.type !== "string" || option.required) throw new UserError(`No value provided for option '${name}'`);
			// An option without its value gets its own name as the value.
			return String(option.default ?? rubyName(option));
		}
		switch (option.type) {
			case "boolean":
				return this.#boolean(name);
			case "numeric":
				return this.#number(name);
			case "array":
				return this.#array();
			case "string":
				return negated(name) === undefined ? (this.#pile.shift() ?? null) : null;
		}
	}

	#isValue(word: string | undefined): word is string {
		return word !== undefined && (!this.#parsing || !DASH.test(word));
	}

	#boolean(name: string): boolean {
		const next = this.#peek();
		if (!this.#isValue(next)) return this.#switches.has(name) || negated(name) === undefined;
		const said = ["true", "TRUE", "t", "T"].includes(next)
			? true
			: ["false", "FALSE", "f", "F"].includes(next)
				? false
				: undefined;
		if (said !== undefined) this.#pile.shift();
		// Where a plain word follows, even an option that is itself called `no-...` counts as a negation.
		return said ?? negated(name) === undefined;
	}

	#number(name: string): number {
		const next = this.#peek() ?? "";
		if (!NUMERIC.test(next)) throw new UserError(`Expected numeric value for '${name}'; got ${inspect(next)}`);
		this.#pile.shift();
		return Number(next);
	}

	#array(): string[] {
		const values: string[] = [];
		for (let next = this.#peek(); this.#isValue(next); next = this.#peek()) {
			values.push(next);
			this.#pile.shift();
		}
		return values;
	}
}
