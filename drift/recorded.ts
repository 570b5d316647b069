import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { Recorded } from "./compare.ts";

const longestMs = 60_000;
/** A torn state is whole again within this time. */
const longestTornMs = 3_000;

const CommandState = z.looseObject({
	urn: z.string(),
	parent: z.string(),
	delete: z.boolean().nullish(),
	protect: z.boolean().nullish(),
	inputs: z.looseObject({
		interpreter: z.tuple([z.literal("node"), z.literal("aptible/main.ts"), z.string()]),
		stdin: z.string(),
	}),
	outputs: z.looseObject({ stdout: z.string() }),
});

/**
 * What an export has no use for: the config with its secrets as plain text, the passphrase (nothing is decrypted), and credentials of
 * Aptible and azure-native. A backend's own credentials have other names (AZURE_*, AWS_*, PULUMI_ACCESS_TOKEN).
 */
const useless = /^(PULUMI_CONFIG($|_)|SECRETS_|STORAGE_|APTIBLE_|ARM_)/;

/** What its Command printed; a claim has no id. */
const RecordedFacts = z.looseObject({ id: z.int().optional() });

const Export = z.looseObject({
	deployment: z.looseObject({ resources: z.array(z.unknown()).nullish() }).nullish(),
});

const CloudState = z.looseObject({
	urn: z.string(),
	type: z.string().startsWith("azure-native:"),
	id: z.string(),
	delete: z.boolean().nullish(),
	protect: z.boolean().nullish(),
	retainOnDelete: z.boolean().nullish(),
	parent: z.string().nullish(),
	inputs: z
		.looseObject({
			cnameRecord: z.looseObject({ cname: z.string() }).nullish().catch(undefined),
			// A legal hold has a list of them.
			tags: z
				.union([z.record(z.string(), z.string()), z.array(z.string())])
				.nullish()
				.catch(undefined),
			immutabilityPeriodSinceCreationInDays: z.int().nullish().catch(undefined),
			identity: z.looseObject({ type: z.string() }).nullish().catch(undefined),
		})
		.nullish(),
});

const ComponentState = z.looseObject({ type: z.string(), delete: z.boolean().nullish(), outputs: z.looseObject({}) });

/** A resource of Azure that is in the state of the stack. */
export interface RecordedResource {
	/** As Pulumi names it: `azure-native:storage:StorageAccount`. */
	type: string;
	name: string;
	id: string;
	/** Whether it stays in Azure when the stack deletes or replaces it. */
	isRetained?: boolean;
	/** Whether the engine refuses its deletion. */
	isProtected?: boolean;
	/** Where it leads, of a CNAME record. */
	cname?: string;
	/** Tags that the last run asked for. */
	tags?: Readonly<Record<string, string>>;
	/** Tags of a legal hold. */
	holds?: readonly string[];
	/** Days of a retention. */
	days?: number;
	/** Kind of identities of an account (`SystemAssigned,UserAssigned`). */
	identityType?: string;
	/** Whatever the last run asked for. */
	inputs?: Readonly<Record<string, unknown>>;
	/** URN of the component that has it. */
	parent?: string;
}

/** An object of Aptible that is in the state of the stack. */
export interface RecordedCommand extends Recorded {
	/** As `aptible/main.ts` knows it. */
	kind: string;
	/** Name of its Command. */
	name: string;
	/** URN of the component that has it. */
	parent: string;
	/** Whether the engine refuses its deletion. */
	isProtected?: boolean;
	facts: z.infer<typeof RecordedFacts>;
}

/** What the state of the stack says of Aptible's objects. */
export async function readRecorded(): Promise<RecordedCommand[]> {
	return commandsIn(await readState());
}

/** What the state of another stack says of them. */
export async function readRecordedOf(stack: string): Promise<RecordedCommand[]> {
	return commandsIn(await exportState(stack));
}

function commandsIn(resources: readonly unknown[]): RecordedCommand[] {
	return resources.flatMap((resource) => {
		const command = CommandState.safeParse(resource).data;
		if (command === undefined || command.delete === true) return [];
		const { urn, parent, protect, inputs, outputs } = command;
		const facts = RecordedFacts.parse(JSON.parse(outputs.stdout));
		const [, , kind] = inputs.interpreter;
		const isProtected = protect === true;
		return [{ kind, name: nameOf(urn), parent, isProtected, spec: JSON.parse(inputs.stdin), facts }];
	});
}

/**
 * What the state of the stack says of Azure's resources.
 *
 * @param what is in question, for a state that cannot be read
 * @param why nothing goes on without it
 */
export async function readRecordedAzure(what: string, why: string): Promise<RecordedResource[]> {
	const resources = await readState().catch((error: unknown) => {
		const reason = error instanceof Error ? error.message : String(error);
		throw new pulumi.RunError(
			`what the stack has of ${what} is unknown, and ${why}: \`pulumi stack export\` says: ${reason}`,
		);
	});
	return resources.flatMap((resource) => {
		const state = CloudState.safeParse(resource).data;
		if (state === undefined || state.delete === true) return [];
		const cname = state.inputs?.cnameRecord?.cname;
		const { tags, immutabilityPeriodSinceCreationInDays: days, identity } = state.inputs ?? {};
		return [
			{
				type: state.type,
				name: nameOf(state.urn),
				id: state.id,
				isRetained: state.retainOnDelete === true,
				isProtected: state.protect === true,
				...(cname === undefined ? {} : { cname }),
				...(tags == null ? {} : Array.isArray(tags) ? { holds: tags } : { tags }),
				...(days == null ? {} : { days }),
				...(identity == null ? {} : { identityType: identity.type }),
				inputs: state.inputs ?? {},
				...(state.parent == null ? {} : { parent: state.parent }),
			},
		];
	});
}

/** What the components of a type recorded in the last run. */
export async function readRecordedOutputs(type: string): Promise<Readonly<Record<string, unknown>>[]> {
	return (await readState()).flatMap((resource) => {
		const component = ComponentState.safeParse(resource).data;
		return component === undefined || component.type !== type || component.delete === true ? [] : [component.outputs];
	});
}

function nameOf(urn: string): string {
	return urn.split("::").at(-1) ?? "";
}

let state: Promise<unknown[]> | undefined;

/**
 * The resources in the state of the stack, read once a run. The engine tells a program nothing of them before it registers a resource,
 * and by then it is too late to say what differs; so this asks the CLI that runs the program, which takes no lock for it. The
 * secrets in it stay encrypted.
 */
function readState(): Promise<unknown[]> {
	state ??= exportState(`${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`);
	return state;
}

/** A state in a file may be read while the engine writes it, and then ends in the middle. */
async function exportState(stack: string): Promise<unknown[]> {
	const until = Date.now() + longestTornMs;
	for (;;) {
		try {
			return await exportOnce(stack);
		} catch (error) {
			if (Date.now() > until || !/EOF|JSON/.test(String(error))) throw error;
			await sleep(250);
		}
	}
}

async function exportOnce(stack: string): Promise<unknown[]> {
	return Export.parse(await askPulumi("stack", "export", "--stack", stack)).deployment?.resources ?? [];
}

/** The JSON that a `pulumi` answers which reads what states there are. */
export async function askPulumi(...args: string[]): Promise<unknown> {
	const useful = Object.entries(process.env).filter(([name]) => !useless.test(name));
	const { stdout } = await promisify(execFile)("pulumi", args, {
		env: { ...Object.fromEntries(useful), PULUMI_SKIP_UPDATE_CHECK: "true" },
		timeout: longestMs,
		maxBuffer: 1 << 30,
	});
	return JSON.parse(stdout);
}
