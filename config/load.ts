/** The stage of the current stack, as Pulumi hands it to the program. */
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { RecordState } from "../wire/move.ts";
import { warnOfCertificates } from "./certificate-rules.ts";
import type { Draft } from "./draft.ts";
import type { WholeStage } from "./include.ts";
import { type MoveRecord, readMoveRecord, requireMoveRecord } from "./move-record.ts";
import { checkNamespaces, namespace } from "./namespaces.ts";
import { parseStage, StageError } from "./parse.ts";
import { readReleases } from "./releases.ts";
import type { Stage } from "./stage.ts";
import { mostBytes } from "./text-rules.ts";

// A preview parses with each schema once: compiling them to code takes three times as long as parsing does.
z.config({ jitless: true });

const prefix = `${namespace}:`;

/** A stage, and its secrets kept apart from it. */
export interface LoadedStage {
	/** Defaults applied, references checked; holds no secret. */
	stage: Stage;
	/** Secrets by name. */
	secrets: Readonly<Record<string, pulumi.Output<string>>>;
	/** Apps that CI releases and this run is told to deploy. */
	releases: ReadonlySet<string>;
	/** What was proved of the stage's move; absent where its phase stands on no proof. */
	moveRecord?: MoveRecord;
	/** The record beside the stage; read when it is asked for, as a stage that moves nothing needs none. */
	moveRecordState(): RecordState;
}

// Not in the SDK's types, and nothing else tells an encrypted value from a plain one. The SDK's version is pinned.
const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret(key: string): boolean };

/** Pulumi hands over blocks as JSON, a key with nothing after it as "", and everything else as it stands in the file. */
function readValue(text: string): unknown {
	if (text === "") return null;
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}

/**
 * Reads the stage of the current stack from its `Pulumi.<stack>.yaml`, and from the files that it includes.
 *
 * @param root folder of `Pulumi.yaml`
 * @throws pulumi.RunError that lists every mistake in it.
 */
export async function loadStage(root = pulumi.getRootDirectory() || process.cwd()): Promise<LoadedStage> {
	// Not Config.getObject: that never shows a key it was not asked for, and its errors print the value.
	const config = pulumi.runtime.allConfig();
	const keys = Object.entries(config).filter(([key]) => key.startsWith(prefix));
	const handed = Object.fromEntries(keys.map(([key, text]) => [key.slice(prefix.length), readValue(text)]));
	const secretKeys = new Set(keys.filter(([key]) => isConfigSecret(key)).map(([key]) => key.slice(prefix.length)));
	const file = `Pulumi.${pulumi.getStack()}.yaml`;
	warnOfSize(file);
	try {
		const now = new Date();
		const { raw, fileOf } = await include(handed, secretKeys, root, file);
		const stage = parseStage(raw, { file, fileOf, secretKeys, now, beside: checkNamespaces(config) });
		for (const { at, says } of warnOfCertificates(raw as Draft, now)) {
			void pulumi.log.warn(`${fileOf(at) ?? file}: ${says}`);
		}
		const values = (raw.secrets ?? {}) as Record<string, string>;
		const secrets = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, pulumi.secret(value)]));
		const readRecord = () => readMoveRecord(root, pulumi.getStack());
		const moveRecord = requireMoveRecord(stage, readRecord, pulumi.getStack());
		return {
			stage,
			secrets,
			releases: readReleases(stage),
			...(moveRecord === undefined ? {} : { moveRecord }),
			moveRecordState: () => {
				const record = readRecord();
				return record === undefined ? "none" : record.closed === true ? "closed" : "open";
			},
		};
	} catch (error) {
		if (error instanceof StageError) throw new pulumi.RunError(error.message);
		throw error;
	}
}

/** All config comes in one variable. One that is too long keeps this program from starting, so that this is the time to say it. */
function warnOfSize(file: string): void {
	const bytes = Buffer.byteLength(process.env.PULUMI_CONFIG ?? "");
	if (bytes < mostBytes * 0.9) return;
	const says = `its config takes ${bytes} of the ${mostBytes} bytes that Linux hands to a program at once, and beyond them pulumi ends as \`spawn E2BIG\``;
	void pulumi.log.warn(
		`${file}: ${says}; move apps into files of their own (docs/configuration/README.md#several-files)`,
	);
}

/** Only a stage that includes something loads a reader of YAML. */
async function include(
	raw: Record<string, unknown>,
	secretKeys: ReadonlySet<string>,
	root: string,
	file: string,
): Promise<WholeStage> {
	if (raw.include === undefined || secretKeys.has("include")) return { raw, fileOf: () => undefined };
	const { includeFiles } = await import("./include.ts");
	return includeFiles(raw, root, file);
}
