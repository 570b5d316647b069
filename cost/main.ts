/**
 * `npm run cost -- --stack STACK`: what a stage costs a month on Aptible, from its file and the price page. It asks for no login and no
 * passphrase. See docs/cost.md.
 *
 * Exit code 0: done. 1: the stage, or the one that it is compared with, cannot be read. 2: wrong arguments.
 */
import { parseArgs } from "node:util";
import { messageOf } from "../aptible/client/system-error.ts";
import { projectFolder } from "../config/stage-file.ts";
import { writeCosts } from "./page.ts";
import { type Plan, planFees } from "./prices.ts";
import { type CostQuestion, reportCosts } from "./report.ts";

const plans = Object.keys(planFees) as Plan[];
const usage = `usage: npm run cost -- --stack STACK [--against REF] [--config-file FILE] [--plan ${plans.join("|")}] [--medstack USD] [--json]
  --against REF   compares with the stage file of a commit, and what that includes
  --plan PLAN     adds the base fee of the organization's plan
  --medstack USD  MedStack's bill of a month, for the time in which both sides run
  --json          as JSON, in US cents a month
`;

let asked: (CostQuestion & { isJson: boolean }) | undefined;
try {
	asked = readOptions();
} catch (error) {
	process.stderr.write(`${messageOf(error)}\n${usage}`);
	process.exitCode = 2;
}
try {
	if (asked !== undefined) {
		const report = reportCosts(asked);
		const json = () => JSON.stringify(report, (_, value) => (value === undefined ? null : value), 2);
		process.stdout.write(asked.isJson ? `${json()}\n` : writeCosts(report));
	}
} catch (error) {
	process.stderr.write(`${messageOf(error)}\n`);
	process.exitCode = 1;
}

/** @returns undefined where the usage was asked for, and is written */
function readOptions(): typeof asked {
	const { values } = parseArgs({
		options: {
			stack: { type: "string" },
			"config-file": { type: "string" },
			against: { type: "string" },
			plan: { type: "string" },
			medstack: { type: "string" },
			json: { type: "boolean", default: false },
			help: { type: "boolean", default: false },
		},
	});
	const { stack, against, medstack, json: isJson } = values;
	if (values.help) {
		process.stdout.write(usage);
		return undefined;
	}
	if (!stack) throw new Error("--stack is missing; name a stack of this project");
	const plan = plans.find((one) => one === values.plan);
	if (values.plan !== undefined && plan === undefined) {
		throw new Error(`--plan: ${JSON.stringify(values.plan)} is no plan with a price; allowed: ${plans.join(", ")}`);
	}
	if (medstack !== undefined && !/^\d{1,9}(\.\d{1,2})?$/.test(medstack)) {
		throw new Error(`--medstack: ${JSON.stringify(medstack)} is no amount of USD; allowed: for example 850 or 849.50`);
	}
	const cents = medstack === undefined ? null : Math.round(Number(medstack) * 100);
	return { stack, folder: projectFolder, configFile: values["config-file"], against, plan, medstack: cents, isJson };
}
