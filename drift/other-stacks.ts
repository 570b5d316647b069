/** What other stacks of the project have in their states: Aptible shows nobody whose an object is. */
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { askPulumi, readRecordedOf } from "./recorded.ts";

const Stacks = z.array(z.looseObject({ name: z.string(), resourceCount: z.int().nullish() }));

/** Warns where an environment that is about to be taken over is another stack's already: each would change back what the other has changed. */
export async function warnOfOtherStacks({ id, handle }: { id: number; handle: string }): Promise<void> {
	try {
		const found: string[] = [];
		for (const stack of await listOtherStacks()) {
			const recorded = await readRecordedOf(stack);
			if (recorded.some(({ kind, facts }) => kind === "environment" && facts.id === id)) found.push(stack);
		}
		if (found.length === 0) return;
		await pulumi.log.warn(
			`environment "${handle}" is in the state of another stack too: ${found.join(", ")}. Two stacks on one environment each change ` +
				"back what the other has changed, and `pulumi destroy` of one deletes it for both (docs/adoption.md#one-stack-for-an-environment)",
		);
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		await pulumi.log.warn(`whether another stack has environment "${handle}" too is unknown: ${reason}`);
	}
}

/** Those of this project that have something in their state. */
async function listOtherStacks(): Promise<string[]> {
	return Stacks.parse(await askPulumi("stack", "ls", "--json"))
		.filter(({ name, resourceCount }) => name.split("/").at(-1) !== pulumi.getStack() && resourceCount !== 0)
		.map(({ name }) => name);
}
