/** Golden previews: what the real engine shows of changes, as a reviewer reads it. */
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Blocks, type StageUnderTest, succeed } from "../support/stage.ts";

const golden = join(import.meta.dirname, "golden");

/** One change, with the components that a reviewer reads it under: `Database (main)`. */
export interface Reviewed {
	name: string;
	change?: (blocks: Blocks) => void;
	components: readonly string[];
}

/** Previews the changes together, and compares what is said of each. */
export async function review(
	stage: StageUnderTest,
	changes: readonly Reviewed[],
	env: Record<string, string>,
): Promise<void> {
	const change = (blocks: Blocks) => {
		for (const one of changes) one.change?.(blocks);
	};
	await stage.withChange(change, async () => {
		const said = await diagnosticsOf(stage, env);
		for (const { name, components } of changes) {
			const text = components.map((component) => `${component}:\n${said.get(component) ?? ""}`).join("\n");
			const file = join(golden, `${name}.txt`);
			if (process.env.UPDATE_GOLDEN === "1") await writeFile(file, text);
			assert.equal(text, await readFile(file, "utf8"));
		}
		const reviewed = ["Claims (claims)", ...changes.flatMap(({ components }) => components)];
		assert.deepEqual(
			[...said.keys()].filter((component) => !reviewed.includes(component)),
			[],
			[...said.values()].join("\n"),
		);
	});
}

/** The diagnostics of a preview, as its last lines have them, by component. */
export async function diagnosticsOf(stage: StageUnderTest, env: Record<string, string>): Promise<Map<string, string>> {
	const output = await succeed(stage.previewWith(env));
	assert.doesNotMatch(output, /sentinel/);
	const shown = output.replaceAll(/(elb-acme-|operation )\d+/g, "$1ID").replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME");
	const [, text = ""] = /^Diagnostics:\n([\s\S]*?)^(?=\S)/m.exec(shown) ?? [];
	return new Map(
		text
			.trimEnd()
			.split(/\n\n(?= {2}\S)/)
			.filter((block) => block !== "" && !block.includes("(medstack-to-aptible-staging)"))
			.map((block) => {
				const [head = "", ...lines] = block.split("\n");
				return [head.trim().replace(/^medstack-to-aptible:index:|:$/g, ""), `${lines.join("\n").trimEnd()}\n`];
			}),
	);
}

/** That each golden file of a test is of one of its changes. */
export async function checkGoldens(isOfTest: (file: string) => boolean, changes: readonly Reviewed[]): Promise<void> {
	const names = changes.map(({ name }) => `${name}.txt`);
	assert.deepEqual((await readdir(golden)).filter(isOfTest).sort(), names.sort());
}
