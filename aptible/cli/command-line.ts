import { isReadAsOption } from "../../wire/option-value.ts";
import { AptibleError } from "../client/errors.ts";

/** What an option takes. */
export type OptionValue = string | number | boolean | readonly string[] | undefined;

/** Options of a command by their names in camel case. */
export type CliOptions = Readonly<Record<string, OptionValue>>;

/** Linux's MAX_ARG_STRLEN, with the NUL at the end. */
const longestArgument = 128 * 1024;

/**
 * The words of a command: options, then `--`, then the positional arguments. Before `--`, Thor reads every line of an argument as
 * an option (facts/aptible.md §11). An option of exactly one word stands last: a switch or a list would take the first argument for its value.
 */
export function writeCommandLine(command: string, options: CliOptions = {}, ...args: readonly string[]): string[] {
	const entries = Object.entries(options);
	const at = entries.findIndex(([, value]) => typeof value === "string" || typeof value === "number");
	const ordered = at < 0 ? entries : [...entries.toSpliced(at, 1), ...entries.slice(at, at + 1)];
	const words = cliOptions(Object.fromEntries(ordered));
	return [command, ...words, ...(args.length === 0 ? [] : ["--", ...args])];
}

/**
 * `{ containerCount: 2, makeCopy: false }` as `--container-count 2 --no-make-copy`. Only `undefined` is left out.
 *
 * @throws AptibleError where the CLI would read a value as another option, and take the option's own name for its value instead
 */
export function cliOptions(options: CliOptions): string[] {
	return Object.entries(options).flatMap(([name, value]) => {
		const dashed = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
		if (value === undefined) return [];
		if (value === true) return [`--${dashed}`];
		if (value === false) return [`--no-${dashed}`];
		const values: readonly string[] = Array.isArray(value) ? value : [String(value)];
		if (values.some((one) => isReadAsOption(one) || (Array.isArray(value) && /^-/m.test(one)))) {
			throw new AptibleError(
				`the value for the aptible CLI's option --${dashed} has a line that begins with a dash, which the CLI would read as another ` +
					"option. There is no way to write it that it would take; use another value.",
			);
		}
		return [`--${dashed}`, ...values];
	});
}

/** @throws AptibleError where no process can be started with these words; it names the config key or option, never the value */
export function refuseUnsendable(argv: readonly string[]): void {
	for (const [index, word] of argv.entries()) {
		const bytes = Buffer.byteLength(word);
		if (word.includes("\0")) {
			throw new AptibleError(
				`${nameOf(argv, index)} has a NUL character, which no argument of a command can. Remove it.`,
			);
		}
		if (bytes >= longestArgument) {
			throw new AptibleError(
				`${nameOf(argv, index)} is ${bytes} bytes long, and the aptible CLI can be given ${longestArgument - 1} at most. Shorten it, or ` +
					"have the app read it from its image or from object storage.",
			);
		}
	}
}

/** Said where words and environment together are too long (E2BIG). */
export const allTooLong =
	"all its arguments together are longer than this machine allows. Shorten config values, have the app read the long ones from its " +
	"image or from object storage, or allow more on Linux: `ulimit -s 32768` before `pulumi up`";

function nameOf(argv: readonly string[], index: number): string {
	const [command] = argv;
	const ended = argv.indexOf("--");
	const key = /^(\w+)=/.exec(argv[index] ?? "")?.[1];
	if (ended >= 0 && index > ended && key !== undefined) return `config key "${key}" (\`aptible ${command}\`)`;
	const option = argv.slice(0, index).findLast((word) => word.startsWith("--"));
	if (option === undefined || option === "--") return `an argument of \`aptible ${command}\``;
	return `the value of ${option} (\`aptible ${command}\`)`;
}
