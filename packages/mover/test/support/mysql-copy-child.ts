/**
 * A copy in a process of its own, which kills itself at the moment that `MOMENT` names: `acted STEP` or `during STEP`. Where it does not, it
 * says how much memory it had at most, in kilobytes.
 */
import process from "node:process";
import { copyMysql } from "../../mysql/copy.ts";
import { memorySteps } from "./memory-steps.ts";

const { SOURCE = "", TARGET = "", EPOCH = "", MOMENT = "" } = process.env;

function die(): void {
	process.kill(process.pid, "SIGKILL");
}

await copyMysql({
	source: JSON.parse(SOURCE),
	target: JSON.parse(TARGET),
	jobs: 2,
	report: () => {},
	steps: memorySteps({
		run: "r7",
		epoch: Number(EPOCH),
		onMoment(moment, name) {
			if (`${moment} ${name}` === MOMENT) die();
			// Long enough for its programs to run, too short for them to end.
			if (moment === "begin" && MOMENT === `during ${name}`) setTimeout(die, 60);
		},
	}),
});
process.stdout.write(`${process.resourceUsage().maxRSS}\n`);
