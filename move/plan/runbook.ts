/** The steps of this very move, in order, under the numbers of the guide's steps. */
import type { Stage } from "../../config/stage.ts";
import { variableOf } from "../../packages/mover/configuration.ts";
import { movedDatabases } from "../session.ts";
import type { MoveStage } from "../stage.ts";
import { writeChallenge } from "./domain-checks.ts";
import type { DomainFacts, StageDomain } from "./domains.ts";
import {
	describeAlias,
	describeOrigin,
	describeRecord,
	describeSwitch,
	describeTtl,
	writeTest,
} from "./runbook-domains.ts";
import { listServices } from "./stage-checks.ts";

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
}

const YOU = "operator";
const CONSOLE = "MedStack's UI";
const DNS = "DNS host";
const SUPPORT = "Aptible's support";
const up = "pulumi up --stack STACK";
const move = (step: string) => `npm run move -- ${step} --stack STACK`;

const phase = (name: string, then: string): RunbookStep => ({
	who: YOU,
	does: `set \`phase: ${name}\` in the stage file and commit it; ${then}`,
	commands: [up],
});

const changeRecord = (subject: StageDomain, how: string): RunbookStep => {
	const { who, what } = describeRecord(subject);
	return { who, does: `${what}: ${how}` };
};

/** Every part, the way back last but one and the end last. */
export function writeRunbook(moved: MoveStage, domains: readonly PlannedDomain[]): RunbookPart[] {
	return [
		...writePreparation(moved.stage, domains),
		writeRehearsal(moved),
		COMPLETION,
		...writeNight(moved, domains),
		writeWayBack(moved, domains),
		writeEnd(moved),
	];
}

const COMPLETION: RunbookPart = {
	title: "11 to 14. Complete the set-up",
	steps: [
		{ who: YOU, does: "log drains and metric drains in the stage file; team and roles in Aptible's dashboard" },
		{ who: SUPPORT, does: "validates the production plan" },
	],
};

function writePreparation(stage: Stage, domains: readonly PlannedDomain[]): RunbookPart[] {
	const { handle, stack } = stage.environment;
	return [
		{
			title: "1 to 6. Replicate the stage",
			steps: [
				{ who: SUPPORT, does: `account, limits and stack \`${stack}\` for environment \`${handle}\`` },
				{ who: YOU, does: "set the secrets of the stage file; make the images' Procfiles and release commands" },
			],
		},
		{
			title: "7 to 9. Deploy and validate",
			steps: [
				{
					who: YOU,
					does: "make the stage, and see that Aptible is what the file says",
					commands: [up, "npm run drift -- --stack STACK"],
				},
				...domains
					.filter(({ subject }) => subject.managedTls)
					.map(({ subject }) => ({
						who: DNS,
						does: `make \`${writeChallenge(subject)}\`, so that the certificate is ready before any traffic comes`,
					})),
			],
		},
	];
}

function writeRehearsal(moved: MoveStage): RunbookPart {
	const databases = movedDatabases(moved);
	const { objects } = moved.stage.move ?? { objects: [] };
	const sources = databases.map(({ handle }) => `\`${variableOf(handle)}\``);
	return {
		title: "10. Rehearse the databases' move",
		steps: [
			phase("prepare", "the mover's endpoints and the larger sizes come, idle services go to 0"),
			{ who: YOU, does: "make the mover's login, and the file that hands it over", commands: [move("credentials")] },
			{
				who: CONSOLE,
				does: `make the secret \`move-target\` from that file, and the service \`mover\` with it, one replica, no domain; its environment has the address of each old database: ${sources.join(", ")}`,
			},
			{ who: YOU, does: "find what would break, and fix each blocker on the old side", commands: [move("check")] },
			{
				who: YOU,
				does: "rehearse twice, at the hour of the night; the forecast is in `status`",
				commands: [move("rehearse"), move("status")],
			},
			...(objects.length === 0
				? []
				: [
						{
							who: YOU,
							does: `copy the objects of ${objects.map((name) => `\`${name}\``).join(", ")} a first time, days before (docs/azure.md, "Copy objects into it"); what changes since comes in the night`,
						},
					]),
		],
	};
}

function writeNight(moved: MoveStage, domains: readonly PlannedDomain[]): RunbookPart[] {
	const { stage } = moved;
	const objects = stage.move?.objects ?? [];
	const services = listServices(stage);
	const names = (hasEndpoint: boolean) =>
		services.filter((one) => one.hasEndpoint === hasEndpoint).map(({ name }) => `\`${name}\``);
	const stops = [
		...names(true).map((name) => `${name} (reached by people)`),
		...names(false).map((name) => `${name} (acts by itself)`),
	];
	const types = new Set(movedDatabases(moved).map(({ type }) => type));
	const drained = movedDatabases(moved).filter(({ drain }) => drain !== undefined);
	return [
		{
			title: "17. TTL",
			steps: domains.flatMap(({ subject, facts }) => [
				changeRecord(subject, describeTtl(facts)),
				...describeAlias(subject, facts).map((does) => changeRecord(subject, does)),
			]),
		},
		{
			title: "15. Estimate the downtime",
			steps: [
				{
					who: YOU,
					does: "read the forecast once more, add the steps by hand and the TTL, and agree on the hour",
					commands: [move("plan"), move("status")],
				},
			],
		},
		{
			title: "16. Nothing writes",
			steps: [
				{
					who: CONSOLE,
					does: `set to 0 replicas, in this order: ${stops.join(", ") || "every service"}; then what else has the databases' passwords, such as pgAdmin and BI. The load balancer and the mover stay. Names in MedStack may differ`,
				},
				...(drained.length === 0
					? []
					: [
							{
								who: YOU,
								does: `the workers go last: once \`check\` says that nothing is in the queues of ${drained.map(({ handle }) => `\`${handle}\``).join(", ")}`,
								commands: [move("check")],
							},
						]),
				...(types.has("mysql")
					? [{ who: YOU, does: "on each old MySQL, turn the events off: `SET GLOBAL event_scheduler = OFF`" }]
					: []),
				phase("frozen", "every service on Aptible goes to 0"),
			],
		},
		{
			title: "18. Move and test",
			steps: [
				{
					who: YOU,
					does: "copy, verify, swap in; commit the record, and keep the report for the audit",
					commands: [move("copy"), `git add Pulumi.${moved.name}.move.json`, move("report")],
				},
				...(objects.length === 0
					? []
					: [
							{
								who: YOU,
								does: `copy what has changed in ${objects.map((name) => `\`${name}\``).join(", ")} since the first pass`,
							},
						]),
				phase("trial", "services with an endpoint start, DNS is unchanged"),
				...domains.map(({ subject }) => ({
					who: YOU,
					does: `test ${subject.domain} by its real name, past DNS`,
					commands: [writeTest(stage, subject)],
				})),
			],
		},
		{
			title: "19. Switch DNS",
			steps: [
				phase(
					"live",
					"everything runs as declared. **From the first write on Aptible, going back loses what was written there**",
				),
				...domains.map(({ subject, facts }) => changeRecord(subject, describeSwitch(subject, facts))),
			],
		},
		{
			title: "20. Watch",
			steps: [
				{
					who: YOU,
					does: "watch the logs of MedStack's load balancer and of Aptible's endpoints until no request comes to the old side; some clients hold on for hours, so MedStack goes on answering for a day or two",
				},
			],
		},
	];
}

function writeWayBack({ stage }: MoveStage, domains: readonly PlannedDomain[]): RunbookPart {
	const types = new Set(Object.values(stage.databases).map(({ type }) => type));
	return {
		title: "Going back, in this order",
		steps: [
			phase("frozen", "Aptible's writers stop first, so that both sides are never open at once"),
			...domains.map(({ subject, facts }) =>
				changeRecord(subject, `back to ${describeOrigin(subject, facts)}, then wait for its TTL`),
			),
			{
				who: CONSOLE,
				does: "the services up again; MedStack refuses one whose domain does not resolve to its cluster yet",
			},
			...(types.has("mysql") ? [{ who: YOU, does: "on each old MySQL, turn the events on again, last" }] : []),
			{
				who: YOU,
				does: "to end the move there: set `phase: cancelled`; for another night: set `phase: prepare`, and remove the record (`git rm`)",
				commands: [up],
			},
		],
	};
}

function writeEnd({ name }: MoveStage): RunbookPart {
	return {
		title: "The end",
		steps: [
			{
				who: YOU,
				does: "**the point of no return**: close the move, and commit its record",
				commands: [move("close"), `git add Pulumi.${name}.move.json`],
			},
			{ who: CONSOLE, does: "delete the service `mover` and its secrets" },
			{
				who: YOU,
				does: "remove the block move at a time of your choice: databases with a larger size restart",
				commands: [up],
			},
			{ who: YOU, does: "end MedStack's contract, with a certificate that its data is deleted; keep the report" },
		],
	};
}
