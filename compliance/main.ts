/**
 * `npm run compliance -- --stack STACK`: what a stage can show an auditor, declared and live side by side. It changes nothing, asks for no
 * passphrase, and prints no secret. See docs/compliance.md.
 *
 * Exit code 0: everything holds. 1: something does not hold, or the stage file has mistakes. 2: unknown in part, as Aptible was not seen or does not
 * say it; also where the report could not be made.
 */
import { parseArgs } from "node:util";
import { listCertificateEnds } from "../aptible/api/endpoint.ts";
import { messageOf } from "../aptible/client/system-error.ts";
import { Context } from "../aptible/context.ts";
import type { Draft } from "../config/draft.ts";
import { StageError } from "../config/parse.ts";
import { projectFolder, readStageFile, stageFile } from "../config/stage-file.ts";
import { readSnapshot } from "../drift/snapshot.ts";
import type { Live, Seen } from "./control.ts";
import { writeCompliance } from "./page.ts";
import { judgeStage } from "./report.ts";

const usage = `usage: npm run compliance -- --stack STACK [--config-file FILE] [--declared] [--json]
  --declared  judges the stage file alone, for a run without credentials of Aptible
  --json      as JSON
`;

const exitCodes = { holds: 0, fails: 1, unknown: 2 } as const;
const context = new Context({ requestsAtATime: 8 });
try {
	process.exitCode = await main();
} catch (error) {
	process.stderr.write(`${context.redactor.mask(messageOf(error))}\n`);
	process.exitCode = error instanceof StageError ? exitCodes.fails : exitCodes.unknown;
}

async function main(): Promise<number> {
	const { values } = parseArgs({
		options: {
			stack: { type: "string" },
			"config-file": { type: "string" },
			declared: { type: "boolean", default: false },
			json: { type: "boolean", default: false },
			help: { type: "boolean", default: false },
		},
	});
	if (values.help) {
		process.stdout.write(usage);
		return 0;
	}
	const { stack, declared: isDeclaredOnly } = values;
	if (!stack) throw new Error(`--stack is missing; name a stack of this project\n${usage}`);
	const { stage, raw } = readStageFile(
		stageFile({ name: stack, folder: projectFolder, configFile: values["config-file"] }),
	);
	const live = isDeclaredOnly ? { unseen: "left out on demand" } : await look(stage.environment.handle);
	// A stage that was parsed has no mistake in its schema, so that its file is a draft of itself.
	const report = judgeStage(stack, { stage, draft: raw as Draft, live, now: new Date() }, isDeclaredOnly);
	const text = values.json ? `${JSON.stringify(report, null, 2)}\n` : writeCompliance(report);
	process.stdout.write(context.redactor.mask(text));
	return exitCodes[report.outcome];
}

/** Aptible as it is now, or why that is not known: a report without it is one. */
async function look(handle: string): Promise<Seen["live"]> {
	try {
		if (!(await context.api.hasToken())) return { unseen: "not looked at: nobody is logged in; log in: aptible login" };
		const snapshot = await readSnapshot(context, (environments) => environments.find((one) => one.handle === handle));
		if (snapshot === undefined) {
			return { unseen: `not looked at: this token sees no environment "${handle}"` };
		}
		const certificateEnds = await listCertificateEnds(context.api, snapshot.environment.id);
		return { snapshot, certificateEnds } satisfies Live;
	} catch (error) {
		return { unseen: `not looked at: ${messageOf(error).split("\n")[0] ?? ""}` };
	}
}
