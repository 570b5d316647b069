/** A copy in a process of its own, which kills itself before the batch whose number is `BATCH`, counted over all of them. */
import process from "node:process";
import { copyRedis } from "../../redis/copy.ts";
import { memorySteps } from "./memory-steps.ts";

const { SOURCE = "", TARGET = "", EPOCH = "", BATCH = "" } = process.env;
let batch = 0;

await copyRedis({
	source: JSON.parse(SOURCE),
	target: JSON.parse(TARGET),
	report: () => {},
	steps: memorySteps({
		run: "r7",
		epoch: Number(EPOCH),
		onCheckpoint() {
			if (++batch === Number(BATCH)) process.kill(process.pid, "SIGKILL");
		},
	}),
});
