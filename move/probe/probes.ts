/** The probes of all domains that move, and what they leave in the journal. */
import type { MoveStage } from "../stage.ts";
import type { NightJournal } from "../switch/night-journal.ts";
import { expectedOf, findAccepted, hashProbe, hashProbes } from "./evidence.ts";
import { type ProbeResult, probe } from "./probe.ts";
import { trustedRoots } from "./request.ts";
import type { ProbeTargets } from "./targets.ts";

/** In milliseconds, for each request. */
const REQUEST_MS = 10_000;

export interface ProbePorts {
	journal: Pick<NightJournal, "run" | "lines" | "write">;
	/** Finds where the domains are asked. */
	find: () => Promise<ProbeTargets>;
	tell: (line: string) => void;
	/** Domains that a person has tested by hand, which is noted. @default none */
	accept?: readonly string[];
	/** @default those of the system and of Node */
	roots?: readonly string[];
	/** For each request, in milliseconds. @default 10 s */
	timeoutMs?: number;
}

/**
 * Asks each domain of `move.domains` by its real name at its new side, one line each. What a person has tested by hand in the same trial
 * passes whatever it answers.
 *
 * @returns whether all have passed
 * @throws where the stage names no domain, or no mover has made a run yet
 */
export async function runProbes({ stage, name }: MoveStage, ports: ProbePorts): Promise<boolean> {
	const { journal, find, tell, accept = [], roots = trustedRoots(), timeoutMs = REQUEST_MS } = ports;
	const { move } = stage;
	if (move === undefined || Object.keys(move.domains).length === 0) {
		throw new Error(
			`move.domains is empty in Pulumi.${name}.yaml, so that there is no name to ask; name what goes over to Aptible there`,
		);
	}
	const run = await journal.run();
	if (run === undefined) throw new Error("no mover has made a run yet; first: npm run move -- check --stack STACK");
	const { phase } = move;
	for (const domain of accept) {
		await journal.write(run, "probe", "note", { phase, accepted: 1, hash: hashProbe(move, domain) });
	}
	const accepted = findAccepted(await journal.lines(), move);
	await journal.write(run, "probe", "begin", { phase });
	const { targets, unknown } = await find();
	const options = { roots, timeoutMs };
	const asked = await Promise.all(targets.map((one) => probe(one, targets, expectedOf(move, one.domain), options)));
	const results: readonly ProbeResult[] = [...asked, ...unknown];
	const isAccepted = ({ isPassed, domain }: ProbeResult) => !isPassed && accepted.includes(domain);
	for (const one of results)
		tell(isAccepted(one) ? `${one.line}; it passes, as a person has tested it by hand` : one.line);
	const failed = results.filter((one) => !one.isPassed && !isAccepted(one)).length;
	const counts = { items: results.length, failed, accepted: results.filter(isAccepted).length };
	await journal.write(run, "probe", failed === 0 ? "done" : "failed", { phase, ...counts, hash: hashProbes(move) });
	return failed === 0;
}
