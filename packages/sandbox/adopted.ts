/** What comes after `adopt` in the sandbox. */
import path from "node:path";
import { parseArgs } from "node:util";

/**
 * How pulumi runs on the stage file that `adopt` has written with these arguments.
 *
 * @returns undefined where it is no stage of the checkout, or nothing was written
 */
export function describeNext(args: readonly string[], root: string): string | undefined {
	const { output } = parseArgs({ args: [...args], strict: false, options: { output: { type: "string" } } }).values;
	if (typeof output !== "string") return undefined;
	const [, stage] = /^Pulumi\.([^/]+)\.yaml$/.exec(path.relative(root, path.resolve(root, output))) ?? [];
	if (stage === undefined) return undefined;
	const pulumi = `npm run sandbox -- --stack ${stage} pulumi`;
	return `In the sandbox \`pulumi\` is \`${pulumi}\`: ${pulumi} preview`;
}
