/** What steps of the runbook are made of. */
import type { MovePhase } from "../../wire/move.ts";
import type { TtlNote } from "../dns/ttl-notes.ts";
import type { DomainFacts, StageDomain } from "./domains.ts";

/** One step: who does it, what, and what is typed for it. */
export interface RunbookStep {
	who: string;
	does: string;
	/** One command to a line. */
	commands?: readonly string[];
}

export interface RunbookPart {
	/** With the guide's numbers: `16. Nothing writes`. */
	title: string;
	steps: readonly RunbookStep[];
}

/** A domain with what DNS says of it; a message where that could not be read. */
export interface PlannedDomain {
	subject: StageDomain;
	facts: DomainFacts | string;
	note: TtlNote | undefined;
}

/** Who does a step. */
export const YOU = "operator";
export const CONSOLE = "MedStack's UI";
export const DNS = "DNS host";
export const SUPPORT = "Aptible's support";
export const up = "pulumi up --stack STACK";
/** A step of `npm run move`. */
export const move = (step: string) => `npm run move -- ${step} --stack STACK`;

/** Another phase of the night: the command writes it into the stage file. */
export const phase = (name: MovePhase, then: string): RunbookStep => ({
	who: YOU,
	does: `go to \`phase: ${name}\` and commit the stage file; ${then}`,
	commands: [move(`switch ${name}`)],
});

/** The mover's login anew, and its secret in MedStack: of the first rehearsal, and where the mover's endpoints are new. */
export const handOver = (name: string, isFirst: boolean): RunbookStep[] => [
	{
		who: YOU,
		does: "make the mover's login, and the file that hands it over",
		commands: [move(isFirst ? "credentials" : "credentials --replace")],
	},
	{
		who: CONSOLE,
		does: `make the secret \`move-target\` from \`.move/${name}-target.json\`${isFirst ? "" : ", anew, and give it to the service `mover`"}`,
	},
	{ who: YOU, does: "remove the file, which holds a password", commands: [`rm .move/${name}-target.json`] },
];
