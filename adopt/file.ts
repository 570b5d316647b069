/** The text of the stage file that an adoption writes. */
import type { Block } from "../stage-file/block.ts";
import { type Blocks, filledBlocks, renderFile, secretCommand, section, sizeProblem } from "../stage-file/file.ts";
import type { Notes } from "./notes.ts";

/**
 * A stage file with comments: what it leaves out, and how to set its secrets.
 *
 * @param former what is kept of the file that was there
 * @param problems what is wrong with it as it stands
 */
export function renderStageFile(
	blocks: Blocks,
	notes: Notes,
	{
		former,
		stack,
		encrypted,
		problems,
	}: { former: Block; stack: string; encrypted: boolean; problems: readonly string[] },
): string {
	const config = filledBlocks(blocks);
	const secrets = notes.secrets.entries();
	const head = [
		`Environment "${String(blocks.environment?.handle)}" as \`npm run adopt\` found it. Everything in it is taken over as it is: \`pulumi`,
		"preview` says so of each object, and `pulumi up` changes nothing. After that, `adopt` can be removed.",
		...section("Wrong with this file until it is changed by hand:", problems),
		...section("Too large to be handed to a program on Linux:", sizeProblem(config)),
		...section("Left out, or not the same afterwards:", notes.lines()),
		...(encrypted || secrets.length === 0
			? []
			: [
					"",
					`Secrets that it refers to. After \`pulumi stack init ${stack}\`, each of these asks for the value:`,
					...secrets.flatMap(([name, { place }]) => [`  # ${place}`, `  ${secretCommand(name, stack)}`]),
				]),
	];
	return renderFile(config, { head, former });
}
