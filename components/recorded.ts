import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { Recorded } from "../aptible/drift.ts";

const longestMs = 60_000;

const CommandState = z.looseObject({
	urn: z.string(),
	delete: z.boolean().nullish(),
	inputs: z.looseObject({
		interpreter: z.tuple([z.literal("node"), z.literal("aptible/main.ts"), z.string()]),
		stdin: z.string(),
	}),
	outputs: z.looseObject({ stdout: z.string() }),
});

/** What its Command printed; a claim has no id. */
const RecordedFacts = z.looseObject({ id: z.int().optional() });

const Export = z.looseObject({
	deployment: z.looseObject({ resources: z.array(z.unknown()).nullish() }).nullish(),
});

/** An object of Aptible that is in the state of the stack. */
export interface RecordedCommand extends Recorded {
	/** As `aptible/main.ts` knows it. */
	kind: string;
	/** Name of its Command. */
	name: string;
	facts: z.infer<typeof RecordedFacts>;
}

/**
 * What the state of the stack says of Aptible's objects. The engine tells a program nothing of it before it registers a resource,
 * and by then it is too late to say what differs; so this asks the CLI that runs the program, which takes no lock for it. The
 * secrets in it stay encrypted.
 */
export async function readRecorded(): Promise<RecordedCommand[]> {
	const stack = `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`;
	const { stdout } = await promisify(execFile)("pulumi", ["stack", "export", "--stack", stack], {
		env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" },
		timeout: longestMs,
		maxBuffer: 1 << 30,
	});
	const resources = Export.parse(JSON.parse(stdout)).deployment?.resources ?? [];
	return resources.flatMap((resource) => {
		const command = CommandState.safeParse(resource).data;
		if (command === undefined || command.delete === true) return [];
		const { urn, inputs, outputs } = command;
		const name = urn.split("::").at(-1) ?? "";
		const facts = RecordedFacts.parse(JSON.parse(outputs.stdout));
		return [{ kind: inputs.interpreter[2], name, spec: JSON.parse(inputs.stdin), facts }];
	});
}
