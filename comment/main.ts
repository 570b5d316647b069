/**
 * `npm run comment -- --stack STACK --against REF`: what a change does to a stage, as Markdown for a comment on its pull request: effects,
 * costs, drift. It previews the stack; the preview goes to stderr as it comes. See docs/ci.md.
 *
 * Exit code: that of `pulumi preview`; 2: wrong arguments.
 */
import { parseArgs } from "node:util";
import { messageOf } from "../aptible/client/system-error.ts";
import type { CostReport } from "../cost/page.ts";
import { type CostQuestion, reportCosts } from "../cost/report.ts";
import { previewWithReport } from "../drift/preview-report.ts";
import { writeComment } from "./comment.ts";

const usage = `usage: npm run comment -- --stack STACK [--against REF] [--config-file FILE]
  --against REF   compares the costs with the stage file of a commit
`;

let options: { stack: string; against: string | undefined; configFile: string | undefined } | undefined;
try {
	options = readOptions();
} catch (error) {
	process.stderr.write(`${messageOf(error)}\n${usage}`);
	process.exitCode = 2;
}
if (options !== undefined) {
	const { stack, against, configFile } = options;
	const costs = tryCosts({ stack, folder: process.cwd(), configFile, against, plan: undefined, medstack: null });
	const { code, text, drift } = await preview(stack, configFile);
	process.stdout.write(writeComment({ stage: stack, text, hasFailed: code !== 0, costs, drift }));
	process.exitCode = code;
}

/** @returns undefined where the usage was asked for, and is written */
function readOptions(): typeof options {
	const { values } = parseArgs({
		options: {
			stack: { type: "string" },
			against: { type: "string" },
			"config-file": { type: "string" },
			help: { type: "boolean", default: false },
		},
	});
	if (values.help) {
		process.stdout.write(usage);
		return undefined;
	}
	if (!values.stack) throw new Error("--stack is missing; name a stack of this project");
	return { stack: values.stack, against: values.against, configFile: values["config-file"] };
}

function tryCosts(question: CostQuestion): CostReport | Error {
	try {
		return reportCosts(question);
	} catch (error) {
		return new Error(messageOf(error));
	}
}

/** Runs the preview, which says what has drifted. A preview that cannot be run is one that fails. */
async function preview(stack: string, configFile: string | undefined) {
	const named = ["--stack", stack, ...(configFile === undefined ? [] : ["--config-file", configFile])];
	let text = "";
	const pass = (part: string) => {
		text += part;
		process.stderr.write(part);
	};
	try {
		const { code, report } = await previewWithReport([...named, "--color", "never", "--suppress-progress"], {}, pass);
		return { code: code ?? 1, text, drift: report };
	} catch (error) {
		pass(`${messageOf(error)}\n`);
		return { code: 1, text, drift: undefined };
	}
}
