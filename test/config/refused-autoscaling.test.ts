import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStage } from "../../config/parse.ts";
import { testRefused } from "./refused.ts";
import { absent, stageWith } from "./stage-file.ts";

const horizontal = { kind: "horizontal", min: 1, max: 4, minCpu: 0.1, maxCpu: 0.8 };
const vertical = { kind: "vertical" };
const worker = "apps/portal/services/worker";
const place = "apps.portal.services.worker";

testRefused({
	"autoscaling without its kind": {
		change: { [`${worker}/autoscale`]: { min: 1, max: 2 } },
		says: [`${place}.autoscale.kind: is missing; give a kind of autoscaling: "horizontal", "vertical"`],
	},
	"a kind of autoscaling that is none": {
		change: { [`${worker}/autoscale`]: { ...horizontal, kind: "horizontl" } },
		says: [
			`${place}.autoscale.kind: "horizontl" is not a kind of autoscaling; allowed: "horizontal", "vertical"; did you mean "horizontal"?`,
		],
	},
	"autoscaling with nothing after it": {
		change: { [`${worker}/autoscale`]: null },
		says: [`${place}.autoscale: has no value; give autoscaling: a block with kind; or remove the line`],
	},
	"horizontal autoscaling without its bounds": {
		change: { [`${worker}/autoscale`]: { kind: "horizontal" } },
		says: [
			`${place}.autoscale.min: is missing; give a whole number from 1 to 128: containers`,
			`${place}.autoscale.max: is missing; give a whole number from 1 to 128: containers`,
			`${place}.autoscale.minCpu: is missing; give a number from 0.01 to 1: share of the CPU`,
			`${place}.autoscale.maxCpu: is missing; give a number from 0.01 to 1: share of the CPU`,
		],
	},
	"a number of containers beside horizontal autoscaling": {
		change: { [worker]: { containers: 2, autoscale: horizontal } },
		says: [
			`${place}.containers: 2 stands beside horizontal autoscaling, which decides it; remove the line (it starts with autoscale.min)`,
		],
	},
	"a size beside vertical autoscaling": {
		change: { [worker]: { containerMb: 4096, containerProfile: "r", autoscale: vertical } },
		says: [
			`${place}.containerMb: 4096 stands beside vertical autoscaling, which decides it; remove the line (it starts with autoscale.minMb and profile m)`,
			`${place}.containerProfile: "r" stands beside vertical autoscaling, which decides it; remove the line (it starts with autoscale.minMb and profile m)`,
		],
	},
	"bounds the wrong way round": {
		change: { [`${worker}/autoscale`]: { ...horizontal, min: 5, minCpu: 0.8 } },
		says: [
			`${place}.autoscale.min: 5 is above max, which is 4; lower it or raise the other`,
			`${place}.autoscale.minCpu: 0.8 is not below maxCpu, which is 0.8; lower it or raise the other`,
		],
	},
	"a percentage where a share is meant": {
		change: { [`${worker}/autoscale`]: { ...horizontal, maxCpu: 80 } },
		says: [`${place}.autoscale.maxCpu: 80 is not a number from 0.01 to 1 (share of the CPU)`],
	},
	"a quoted share": {
		change: { [`${worker}/autoscale`]: { ...horizontal, maxCpu: "0.8" } },
		says: [`${place}.autoscale.maxCpu: "0.8" is not a number from 0.01 to 1 (share of the CPU); remove the quotes`],
	},
	"no container at the least": {
		change: { [`${worker}/autoscale`]: { ...horizontal, min: 0 } },
		says: [`${place}.autoscale.min: 0 is not a whole number from 1 to 128 (containers)`],
	},
	"a parameter of the other kind": {
		change: { [`${worker}/autoscale`]: { ...vertical, min: 2 } },
		says: [
			`${place}.autoscale.min: is not known here; allowed: kind, minMb, maxMb, scaleUpMemory, scaleDownMemory, memoryProfileRatio, computeProfileRatio, lookbackSeconds, percentile, scaleUpCooldownSeconds, scaleDownCooldownSeconds, releaseCooldownSeconds`,
		],
	},
	"a cooldown that is too long": {
		change: { [`${worker}/autoscale`]: { ...horizontal, scaleDownCooldownSeconds: 7200 } },
		says: [
			`${place}.autoscale.scaleDownCooldownSeconds: 7200 is not a whole number from 1 to 3600 (seconds of rest after scaling down)`,
		],
	},
	"memory bounds the wrong way round, against a default": {
		change: { [`${worker}/autoscale`]: { ...vertical, maxMb: 1024, scaleUpMemory: 0.7, memoryProfileRatio: 2 } },
		says: [
			`${place}.autoscale.minMb: is 2048 where it is not written, and that is above maxMb, which is 1024; lower it or raise the other`,
			`${place}.autoscale.scaleDownMemory: is 0.75 where it is not written, and that is not below scaleUpMemory, which is 0.7; lower it or raise the other`,
			`${place}.autoscale.computeProfileRatio: is 2 where it is not written, and that is not below memoryProfileRatio, which is 2; lower it or raise the other`,
		],
	},
	"a least memory that no container has": {
		change: { [`${worker}/autoscale`]: { ...vertical, minMb: 3000 } },
		says: [
			`${place}.autoscale.minMb: 3000 is not a container size, and a new service starts with it; allowed: 512, 1024, 2048, 4096, 7168, 15360, 30720, 61440, 153600, 245760; did you mean 2048?`,
		],
	},
	"scaling without a restart behind a tcp endpoint": {
		change: {
			[`${worker}/autoscale`]: { ...horizontal, restartFree: true },
			[`${worker}/restartFreeScaling`]: true,
			"apps/portal/endpoints/mllp": { service: "worker", kind: "tcp", internal: true },
		},
		says: [
			`${place}.restartFreeScaling: true is not possible with its tcp endpoint "mllp"; remove the line`,
			`${place}.autoscale.restartFree: true is not possible with its tcp endpoint "mllp"; remove the line`,
		],
	},
	"a profile ratio beyond the bounds": {
		change: { [`${worker}/autoscale`]: { ...vertical, memoryProfileRatio: 17 } },
		says: [`${place}.autoscale.memoryProfileRatio: 17 is not a number from 0.1 to 16 (GB of memory for each CPU)`],
	},
});

test("autoscaling gets Aptible's defaults, all of them said", () => {
	const stage = parseStage(stageWith({ [`${worker}/autoscale`]: horizontal }), { file: "Pulumi.test.yaml" });
	assert.deepEqual(stage.apps.portal?.services.worker?.autoscale, {
		...horizontal,
		scaleUpStep: 1,
		scaleDownStep: 1,
		restartFree: false,
		lookbackSeconds: 1800,
		percentile: 99,
		scaleUpCooldownSeconds: 60,
		scaleDownCooldownSeconds: 300,
		releaseCooldownSeconds: 60,
	});
	assert.deepEqual(
		parseStage(stageWith({ [`${worker}/autoscale`]: vertical }), { file: "Pulumi.test.yaml" }).apps.portal?.services
			.worker?.autoscale,
		{
			kind: "vertical",
			minMb: 2048,
			scaleUpMemory: 0.9,
			scaleDownMemory: 0.75,
			memoryProfileRatio: 4,
			computeProfileRatio: 2,
			lookbackSeconds: 1800,
			percentile: 99,
			scaleUpCooldownSeconds: 60,
			scaleDownCooldownSeconds: 300,
			releaseCooldownSeconds: 60,
		},
	);
});

test("a branch is allowed without health information, and a commit with it", () => {
	const git = (commitish: string) => ({ "apps/portal/image": absent, "apps/portal/git": { commitish } });
	const branch = { "environment/phi": false, ...git("release/2026-11-20") };
	for (const change of [branch, git("4f9a1c2"), git("4f9a1c2f0d3b8e7a6c5d4e3f2a1b0c9d8e7f6a5b")]) {
		parseStage(stageWith(change), { file: "Pulumi.test.yaml" });
	}
});
