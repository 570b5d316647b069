/** A night that ends where it began: up to a boundary, then back to MedStack by the product's own command. */
import { setTimeout as sleep } from "node:timers/promises";
import { type BackVerdict, judgeBack } from "./back-verdict.ts";
import type { Played } from "./operator.ts";
import { type NightSetup, type NightSteps, withNight } from "./steps.ts";
import { DOMAIN } from "./zone.ts";

/** Where a night may be left: in `live-unused` people and workers only read on Aptible. */
export const boundaries = ["frozen", "trial", "live-unused", "live"] as const;
export type Boundary = (typeof boundaries)[number];

/** For so long people come once MedStack serves again, in milliseconds. */
const PEACE_MS = 1_000;
/** Rows that somebody writes by hand in a trial. */
const TESTED = 3;

/** What objects do on the way back is nothing, and a stage without them is brought to its phases in half the time. */
function withoutObjects(stage: string): string {
	return stage.replace(/^ {2}medstack-to-aptible:storage:\n(?: {4}.*\n)+/m, "").replace(/^ {4}objects: .*\n/m, "");
}

/** Plays it. @throws where a step fails, or `back` is not refused where it has to be, with what was said */
export function playBack(setup: NightSetup, from: Boundary): Promise<BackVerdict> {
	return withNight(setup, withoutObjects, async (steps) => {
		const { world } = steps;
		const { people, ledger, medstack } = world;
		world.lowerTtl();
		people.begin();
		await steps.perform("credentials");
		await steps.startMover();
		await steps.perform("check");
		await steps.untilServedBy("medstack");
		const wanted = new Map(["portal-web", "worker", "page"].map((name) => [name, medstack.service(name).replicas]));
		const frozen = await steps.shut("--ttl-passed");
		const opened = from === "frozen" ? undefined : await open(steps, from);

		steps.onLine = (line) => {
			if (!line.startsWith("in MedStack, give ")) return;
			setup.say(`in MedStack's UI: ${DOMAIN} back to the app`);
			medstack.mapDomain(DOMAIN, "portal-web").catch((error: Error) => setup.say(error.message));
		};
		const { counted, began, accepted } = await goBack(steps, from);
		await steps.untilServedBy("medstack", accepted);
		people.mayWrite = true;
		const resumed = ledger.writes.length;
		await steps.until(
			() => ["worker", "writer-1"].every((one) => ledger.writes.slice(resumed).some(({ writer }) => writer === one)),
			"writes on MedStack",
		);
		await sleep(PEACE_MS);
		await people.end();
		return judgeBack({
			requesters: people.requesters,
			ledger,
			databases: steps.databases,
			frozen,
			opened,
			began,
			accepted,
			ledAt: from === "live" || from === "live-unused" ? steps.ledAt : undefined,
			runs: world.newSide.runs,
			counted,
			domain: await world.findDomain(),
			home: medstack.address,
			replicas: [...wanted].map(([name, replicas]) => ({
				name,
				wanted: replicas,
				found: medstack.service(name).running,
			})),
		});
	});
}

/** Goes on to where Aptible is open. @returns when its services were let begin */
async function open(steps: NightSteps, to: Exclude<Boundary, "frozen">): Promise<Date> {
	const { people } = steps.world;
	await steps.perform("copy");
	people.mayWrite = to !== "live-unused";
	const { from: opened } = await steps.perform("switch trial", "--yes");
	if (to === "trial") {
		await people.test(TESTED);
		return opened;
	}
	await steps.perform("probe");
	await steps.perform("switch live", "--yes");
	await steps.untilServedBy("aptible");
	return opened;
}

interface WentBack {
	/** Rows that `back` says are lost. */
	counted: number;
	/** When the first command began that changed something, and the one whose loss was accepted. */
	began: Date;
	accepted: Date;
}

async function goBack(steps: NightSteps, from: Boundary): Promise<WentBack> {
	const { people } = steps.world;
	if (from === "frozen") {
		const { from: accepted } = await steps.perform("back", "--yes");
		return { counted: 0, began: accepted, accepted };
	}
	if (from === "trial") {
		const rows = await refusedFor(steps, "--yes");
		const { from: accepted, output } = await steps.perform("back", "--yes", "--accept-loss", String(rows));
		return { counted: readLoss(output), began: accepted, accepted };
	}
	// Nobody is quick enough to accept what is written while they read: people rest for a moment, and go on once it is accepted.
	people.mayWrite = false;
	const stopped = from === "live" ? await refusedWhileWritten(steps) : undefined;
	const options = stopped === undefined ? [] : ["--accept-loss", String(stopped.rows)];
	const { from: accepted, output, code } = await steps.attempt("back", "--yes", ...options);
	if (code !== 1 || !/credentials .*--replace/.test(output)) {
		throw new Error(`back does not ask for the mover, whose endpoint is another one since live:\n${output}`);
	}
	await steps.renewMover();
	await steps.perform("back", "--yes");
	return { counted: readLoss(output), began: stopped?.from ?? accepted, accepted };
}

/**
 * Has `back` refused twice: with nothing accepted, and with what people write until Aptible has stopped.
 *
 * @returns when the second of them began, and the rows to accept
 */
async function refusedWhileWritten(steps: NightSteps): Promise<{ from: Date; rows: number }> {
	const { people } = steps.world;
	const rows = await refusedFor(steps, "--yes");
	const heed = steps.onLine;
	steps.onLine = (line) => {
		if (line.startsWith("going back now costs: ")) people.mayWrite = true;
		heed(line);
	};
	const more = await refused(steps, "--yes", "--accept-loss", String(rows));
	steps.onLine = heed;
	people.mayWrite = false;
	if (!more.output.includes("both sides are shut now")) {
		throw new Error(`back does not say that both sides are shut:\n${more.output}`);
	}
	return { from: more.from, rows: Number(/with --accept-loss (\d+)/.exec(more.output)?.[1]) };
}

/** Has `back` refused before anything is changed. @returns rows to accept */
async function refusedFor(steps: NightSteps, ...options: string[]): Promise<number> {
	const { output } = await refused(steps, ...options);
	if (!output.includes("Nothing is changed")) throw new Error(`back has changed something:\n${output}`);
	return Number(/with --accept-loss (\d+)/.exec(output)?.[1]);
}

async function refused(steps: NightSteps, ...options: string[]): Promise<Played> {
	const played = await steps.attempt("back", ...options);
	if (played.code === 1 && / written on Aptible would be lost, and \d+ are accepted/.test(played.output)) return played;
	throw new Error(`back ${options.join(" ")} is not refused:\n${played.output}`);
}

/** @throws where nothing was counted */
function readLoss(output: string): number {
	const found = /^Aptible has stopped\. Going back costs: (?:(free)|(\d+) rows? )/m.exec(output);
	if (found === null) throw new Error(`back counts no loss:\n${output}`);
	return Number(found[2] ?? 0);
}
