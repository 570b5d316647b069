/** The steps of this very move, in order, under the numbers of the guide's steps. */
import type { Stage } from "../../config/stage.ts";
import { variableOf } from "../../packages/mover/configuration.ts";
import { variableOf as objectsVariable } from "../../packages/mover/objects/rights.ts";
import { movedDatabases } from "../session.ts";
import type { MoveStage } from "../stage.ts";
import { writeChallenge } from "./certificate-checks.ts";
import { writeNight, writeWayBack } from "./runbook-night.ts";
import {
	CONSOLE,
	DNS,
	handOver,
	move,
	type PlannedDomain,
	type RunbookPart,
	SUPPORT,
	up,
	YOU,
} from "./runbook-steps.ts";

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
			{
				who: YOU,
				does: "set `phase: prepare` in the stage file and commit it; the mover's endpoints and the larger sizes come, idle services go to 0",
				commands: [up],
			},
			...handOver(moved.name, true),
			{
				who: YOU,
				does: "build the mover's image, and push it to a registry that MedStack reads",
				commands: ["docker build -f packages/mover/Dockerfile -t REGISTRY/mover .", "docker push REGISTRY/mover"],
			},
			{
				who: CONSOLE,
				does: `make the service \`mover\`: image \`REGISTRY/mover\`, one replica, no domain, no volume, memory 512 MB, the secret \`move-target\` at \`/run/secrets/move-target\`; its environment has the address of each old database: ${sources.join(", ")}`,
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
							does: `give the mover's service the containers with their SAS in ${objects.flatMap((name) => [objectsVariable(name, "source"), objectsVariable(name, "target")].map((one) => `\`${one}\``)).join(", ")} (docs/move.md, "Objects"), and copy the objects a first time, days before; what changes since comes in the night`,
							commands: [move("objects")],
						},
					]),
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
