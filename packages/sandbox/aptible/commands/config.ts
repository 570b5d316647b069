import type { Cli, Command } from "../cli-context.ts";
import { UserError } from "../errors.ts";
import { list, object } from "../render.ts";
import { findApp } from "./finders.ts";

const RESTARTING = "Updating configuration and restarting app...";

export const commands: Record<string, Command> = {
	config(cli) {
		cli.telemetry();
		const env = currentConfiguration(cli);
		const items = Object.entries(env).map(([key, value]) =>
			object({ key, value, shell_export: `${key}=${shellEscape(value)}` }),
		);
		cli.print(list(items, "shell_export"));
	},

	"config:get"(cli, key = "") {
		cli.telemetry();
		const value = currentConfiguration(cli)[key];
		cli.print({ kind: "value", value: value === undefined ? [] : [value] });
	},

	"config:add": set,
	"config:set": set,
	"config:rm": unset,
	"config:unset": unset,
};

async function set(cli: Cli, ...args: string[]): Promise<void> {
	cli.telemetry();
	const app = findApp(cli);
	await cli.run("app", app.id, { type: "configure", env: readVariables(args) }, RESTARTING);
}

async function unset(cli: Cli, ...args: string[]): Promise<void> {
	cli.telemetry();
	const app = findApp(cli);
	const keys = args.map((arg) => checkedKey(arg.split("=")[0] ?? ""));
	await cli.run(
		"app",
		app.id,
		{ type: "configure", env: Object.fromEntries(keys.map((key) => [key, ""])) },
		RESTARTING,
	);
}

function currentConfiguration(cli: Cli): Record<string, string> {
	const { id } = findApp(cli);
	return cli.read((store) => store.find("app", id)?.configuration) ?? {};
}

/** Reads `VAR=VAL` arguments; a value may hold further `=`. */
export function readVariables(args: readonly string[]): Record<string, string> {
	return Object.fromEntries(
		args.map((arg) => {
			const equals = arg.indexOf("=");
			const key = checkedKey(equals < 0 ? arg : arg.slice(0, equals));
			if (equals < 0) throw new UserError(`Invalid argument: ${key}`);
			return [key, arg.slice(equals + 1)];
		}),
	);
}

/** What begins with a dash is taken to be a mistyped option. */
function checkedKey(key: string): string {
	if (key.startsWith("-")) throw new UserError(`Invalid argument: ${key}`);
	return key;
}

/** Ruby's `Shellwords.escape`. */
function shellEscape(value: string): string {
	if (value === "") return "''";
	return value.replace(/[^A-Za-z0-9_\-.,:+/@\n]/g, "\\$&").replaceAll("\n", "'\n'");
}
