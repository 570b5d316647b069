/**
 * `npm run adopt -- --environment HANDLE`: reads a live environment and writes the stage file that describes it as it is. Changes
 * nothing on Aptible. See docs/adoption.md.
 */
import { parseArgs } from "node:util";
import { checkVersion } from "../aptible/cli/version.ts";
import { AptibleError } from "../aptible/client/errors.ts";
import { messageOf } from "../aptible/client/system-error.ts";
import { Context } from "../aptible/context.ts";
import { readSnapshot } from "../drift/snapshot.ts";
import { problemsOf } from "../stage-file/file.ts";
import { readFormer } from "../stage-file/former.ts";
import { renderStageFile } from "./file.ts";
import { writeImportFile } from "./import-file.ts";
import { Notes } from "./notes.ts";
import { findStack, stackOptions, writeStageFile } from "./output.ts";
import { adoptStage } from "./stage.ts";

const usage = `usage: npm run adopt -- --environment HANDLE [--phi true|false] [--stack STACK] [--output FILE [--encrypt]]
       npm run adopt -- --import-file FILE --stack STACK [--config-file FILE]`;

/** Requests at a time: nothing else runs beside it. */
const requestsAtATime = 8;
const context = new Context({ requestsAtATime });
try {
	const { values: options } = parseArgs({
		options: {
			environment: { type: "string" },
			phi: { type: "string" },
			stack: { type: "string" },
			output: { type: "string" },
			encrypt: { type: "boolean", default: false },
			"import-file": { type: "string" },
			"config-file": { type: "string" },
			help: { type: "boolean", default: false },
		},
	});
	const { environment, phi, output, encrypt } = options;
	const stack = options.stack ?? (output === undefined ? undefined : findStack(output));
	const importFile = options["import-file"];
	if (options.help) {
		process.stdout.write(`${usage}\n`);
	} else if (importFile !== undefined && stack !== undefined) {
		await writeImportFile(importFile, { stack, configFile: options["config-file"] });
	} else if (
		environment !== undefined &&
		isSwitch(phi) &&
		(!encrypt || (output !== undefined && stack !== undefined))
	) {
		await adopt(environment, phi === undefined ? undefined : phi === "true", { stack, output, encrypt });
	} else {
		throw new Error(
			`${usage}\n--encrypt needs --output and a stack that is there: first \`pulumi stack init STACK\`, then this.`,
		);
	}
} catch (error) {
	const message = messageOf(error);
	const isOption = error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
	process.stderr.write(`${context.redactor.mask(message)}\n${isOption ? `${usage}\n` : ""}`);
	process.exitCode = 1;
}

async function adopt(
	environment: string,
	phi: boolean | undefined,
	{ stack = environment, output, encrypt }: { stack: string | undefined; output: string | undefined; encrypt: boolean },
): Promise<void> {
	const former = output === undefined ? {} : await readFormer(output);
	const warning = await checkVersion(context.cli);
	if (warning !== undefined) process.stderr.write(`${warning}\n`);
	const names: string[] = [];
	const snapshot = await readSnapshot(context, (environments) => {
		names.push(...environments.map(({ handle }) => handle));
		return environments.find(({ handle }) => handle === environment);
	});
	if (snapshot === undefined) {
		throw new AptibleError(
			`environment "${environment}" is not one that this token sees; it sees: ${names.sort().join(", ") || "none"}.`,
		);
	}
	const notes = new Notes();
	const blocks = adoptStage(snapshot, phi, notes);
	const secrets = notes.secrets.entries();
	for (const [, { value }] of secrets) context.redactor.addUrl(value);
	const problems = problemsOf({
		...blocks,
		secrets: Object.fromEntries(secrets.map(([name, { value }]) => [name, value])),
	});
	const text = renderStageFile(blocks, notes, { former, stack, encrypted: encrypt, problems });
	if (output === undefined) {
		process.stdout.write(text);
		return;
	}
	const values = encrypt ? secrets.map(([name, { value }]) => [name, value] as const) : [];
	await writeStageFile(output, text, { stack, secrets: values });
	const kept = encrypt
		? `its ${secrets.length} secrets are encrypted in it`
		: `${secrets.length} secrets are to be set, see its head`;
	process.stderr.write(`"${output}" is written; ${kept}. Now run: pulumi preview ${stackOptions(stack, output)}\n`);
}

function isSwitch(text: string | undefined): boolean {
	return text === undefined || text === "true" || text === "false";
}
