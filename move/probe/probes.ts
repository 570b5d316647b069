/** The probes of all domains that move, and what they leave in the journal. */
import type { MoveStage } from "../stage.ts";
import type { NightJournal } from "../switch/night-journal.ts";
import { type ProbeResult, probe } from "./probe.ts";
import { trustedRoots } from "./request.ts";
import type { ProbeTargets } from "./targets.ts";

/** In milliseconds, for each request. */
const REQUEST_MS = 10_000;

export interface ProbePorts {
	journal: NightJournal;
	/** Finds where the domains are asked. */
	find: () => Promise<ProbeTargets>;
	tell: (line: string) => void;
	/** @default those of the system and of Node */
	roots?: readonly string[];
	/** For each request, in milliseconds. @default 10 s */
	timeoutMs?: number;
}

/**
 * Asks each domain of `move.domains` by its real name at its new side, one line each.
 *
 * @returns whether all have passed
 * @throws where the stage names no domain, or no mover has made a run yet
 */
export async function runProbes({ stage, name }: MoveStage, ports: ProbePorts): Promise<boolean> {
	const { journal, find, tell, roots = trustedRoots(), timeoutMs = REQUEST_MS } = ports;
	const { move } = stage;
	if (move === undefined || Object.keys(move.domains).length === 0) {
		throw new Error(
			`move.domains is empty in Pulumi.${name}.yaml, so that there is no name to ask; name what goes over to Aptible there`,
		);
	}
	const run = await journal.run();
	if (run === undefined) throw new Error("no mover has made a run yet; first: npm run move -- check --stack STACK");
	const { smoke, phase } = move;
	if (smoke === undefined) tell("move.smoke is not there: / is asked, and whether it is the right app is unknown");
	await journal.write(run, "probe", "begin", { phase });
	const { targets, unknown } = await find();
	const expected = { path: smoke?.path ?? "/", text: smoke?.text };
	const asked = await Promise.all(targets.map((one) => probe(one, targets, expected, { roots, timeoutMs })));
	const results: readonly ProbeResult[] = [...asked, ...unknown];
	for (const { line } of results) tell(line);
	const failed = results.filter(({ isPassed }) => !isPassed).length;
	await journal.write(run, "probe", failed === 0 ? "done" : "failed", { phase, items: results.length, failed });
	return failed === 0;
}
