/** A whole night, from the plan to the close. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type NightSetup, type NightSteps, STACK, withNight } from "./steps.ts";
import { judgeNight, type NightVerdict } from "./verdict.ts";

/** For so long people come before the night begins, and after it, in milliseconds. */
const PEACE_MS = 1_500;

export interface PlayedNight {
	verdict: NightVerdict;
	/** Path of the report for an audit. */
	report: string;
}

/** Plays it. @throws where a step fails, with what it said */
export function playNight(setup: NightSetup): Promise<PlayedNight> {
	return withNight(
		setup,
		(stage) => stage,
		(steps) => playSteps(steps, setup),
	);
}

async function playSteps(steps: NightSteps, { folder, say }: NightSetup): Promise<PlayedNight> {
	const { world } = steps;
	const { logs, people, ledger } = world;
	people.come = "seldom";
	people.begin();
	await steps.perform("plan");
	say("at the DNS host, by hand: a lower TTL");
	world.lowerTtl();
	await steps.perform("plan");
	await steps.perform("credentials");
	await steps.startMover();
	await steps.perform("check");
	await steps.perform("rehearse");
	await steps.perform("objects");
	world.objects.change();
	const { output: forecast } = await steps.perform("status");
	people.come = "often";
	await sleep(PEACE_MS);

	const frozen = await steps.shut();
	const copied = await steps.perform("copy");
	// A person has seen that the app deleted one meanwhile.
	await steps.perform("objects", "--delete", "1");
	await steps.perform("verify");
	const { from: opened } = await steps.perform("switch trial", "--yes");
	await steps.perform("probe");
	await steps.perform("switch live", "--yes");
	await steps.untilServedBy("aptible");
	people.come = "seldom";
	await steps.perform("watch", "--follow", "--old", logs.page, "--new", logs.endpoints);
	const { output: files } = await steps.perform("report");
	await steps.perform("close");
	await sleep(PEACE_MS);
	await people.end();
	const report = files.split("\n").find((line) => line.endsWith(".md"));
	if (report === undefined) throw new Error(`report names no file:\n${files}`);
	const verdict = await judgeNight({
		requesters: people.requesters,
		ledger,
		databases: steps.databases,
		frozen,
		opened,
		forecast,
		copied,
		differingObjects: world.objects.differing(),
		journal: await readFile(path.join(folder, ".move", `${STACK}.jsonl`), "utf8"),
	});
	return { verdict, report };
}
