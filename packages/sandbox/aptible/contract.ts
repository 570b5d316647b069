import { readFileSync } from "node:fs";

/** An option of a command, under its long name with dashes. */
export interface ContractOption {
	name: string;
	type: "string" | "numeric" | "boolean" | "array";
	aliases?: string[];
	default?: string | number | boolean;
	required?: boolean;
}

export interface ContractCommand {
	usage: string;
	args: { name: string; kind: "required" | "optional" | "variadic" }[];
	options: ContractOption[];
}

/** Commands, arguments and options of the CLI, taken from its own source (`contract.json`). */
export interface Contract {
	cli_version: string;
	commands: Record<string, ContractCommand>;
	/** Other names of commands. */
	maps: Record<string, string>;
}

let contract: Contract | undefined;

/** The contract of aptible CLI 0.26.6, read once. */
export function loadContract(): Contract {
	contract ??= JSON.parse(readFileSync(new URL("./contract.json", import.meta.url), "utf8")) as Contract;
	return contract;
}
