/** Checks of command lines against the contract of the CLI, stricter than the CLI is: it lets wrong words pass as arguments. */
import type { Contract, ContractOption } from "@medstack-to-aptible/sandbox/aptible/contract.ts";

/** One call, as a Cli that only notes them has it. */
export interface NotedCall {
	way: "readText" | "change" | "operate" | "hold";
	argv: readonly string[];
}

/** What of a command line does not fit the contract; empty where all does. */
export function misfits(contract: Contract, argv: readonly string[]): string[] {
	const [name = "", ...words] = argv;
	const command = contract.commands[name];
	if (command === undefined) return [`there is no command ${name}`];
	const found: string[] = [];
	const rest: string[] = [];
	const given = new Set<string>();
	for (let word = words.shift(); word !== undefined; word = words.shift()) {
		if (word === "--") {
			rest.push(...words.splice(0));
			break;
		}
		if (!word.startsWith("--")) {
			found.push(`${name}: ${word} stands before --, where the CLI reads each line of it as an option`);
			rest.push(word);
			continue;
		}
		const { option, isNegated } = find(command.options, word);
		if (option === undefined) {
			found.push(`${name} has no option ${word}`);
			continue;
		}
		if (given.has(option.name)) found.push(`${name}: ${option.name} is there twice`);
		given.add(option.name);
		if (option.type === "boolean") continue;
		if (isNegated) found.push(`${name}: ${option.name} is no switch`);
		const values = takeValues(option, words);
		if (values.length === 0) found.push(`${name}: ${word} has no value`);
		if (option.type === "numeric" && !values.every((value) => /^\d+(\.\d+)?$/.test(value))) {
			found.push(`${name}: ${word} is no number: ${values.join(" ")}`);
		}
	}
	for (const { name: option, required } of command.options) {
		if (required && !given.has(option)) found.push(`${name} lacks ${option}`);
	}
	const least = command.args.filter(({ kind }) => kind === "required").length;
	const most = command.args.some(({ kind }) => kind === "variadic") ? Number.POSITIVE_INFINITY : command.args.length;
	if (rest.length < least || rest.length > most) {
		found.push(`${name} takes ${least} to ${most} arguments, not ${rest.join(" ") || "none"}`);
	}
	return found;
}

function find(options: readonly ContractOption[], word: string): { option?: ContractOption; isNegated: boolean } {
	const named = options.find(({ name }) => name === word);
	if (named !== undefined) return { option: named, isNegated: false };
	const option = options.find(({ name }) => word === `--no-${name.slice(2)}`);
	return { ...(option === undefined ? {} : { option }), isNegated: true };
}

/** An array takes every word up to the next option, anything else one. */
function takeValues({ type }: ContractOption, words: string[]): string[] {
	const next = words.findIndex((word) => word.startsWith("--"));
	const most = next < 0 ? words.length : next;
	return words.splice(0, type === "array" ? most : Math.min(1, most));
}
