/** What the stage file by itself shows of a move: its block, its record, databases and services. */

import { stoppedServices } from "../../config/move-phases.ts";
import { readMoveRecord } from "../../config/move-record.ts";
import type { Stage } from "../../config/stage.ts";
import { type CopiedType, isCopied, type UncopiedType } from "../../packages/mover/configuration.ts";
import { checkUncopied } from "../../packages/mover/uncopied.ts";
import type { MovePhase } from "../../wire/move.ts";
import { movedDatabases } from "../session.ts";
import type { MoveStage } from "../stage.ts";
import { findings, type PlanFinding } from "./finding.ts";

/** Names of services that act on data by themselves. */
const ACTS_BY_ITSELF = /mail|notif|cron|sched|clock|beat|worker|queue|job|sidekiq|celery|resque|consumer/i;

const VOLUMES =
	"volumes of MedStack's services and files that they write are not in the stage file, and Aptible's apps keep none; look at each service's volumes in MedStack's UI, and move what is in them to the object storage first";

/** A service by its name in a `move` block. */
export interface NamedService {
	/** `portal.worker`. */
	name: string;
	/** Whether people reach it over an endpoint. */
	hasEndpoint: boolean;
	/** The first phase in which it has containers, but for `frozen`. */
	runsFrom: MovePhase;
}

/** Every service of a stage, those with an endpoint first. */
export function listServices(stage: Stage): NamedService[] {
	const { move } = stage;
	const stoppedIn = (phase: MovePhase) =>
		move === undefined ? () => false : stoppedServices(stage, { ...move, phase });
	const [inPrepare, inTrial] = [stoppedIn("prepare"), stoppedIn("trial")];
	const services = Object.entries(stage.apps).flatMap(([app, { services: own, endpoints }]) =>
		Object.keys(own).map(
			(service): NamedService => ({
				name: `${app}.${service}`,
				hasEndpoint: Object.values(endpoints).some((endpoint) => endpoint.service === service),
				runsFrom: inTrial(app, service) ? "live" : inPrepare(app, service) ? "trial" : "prepare",
			}),
		),
	);
	return services.sort(
		(one, other) => Number(other.hasEndpoint) - Number(one.hasEndpoint) || (one.name < other.name ? -1 : 1),
	);
}

/** Judges the block, its record, and what it says of databases and services. */
export function checkStage(moved: MoveStage): PlanFinding[] {
	return [
		...checkBlock(moved),
		...checkRecord(moved),
		...checkDatabases(moved),
		...checkServices(moved.stage),
		{ severity: "unknown", line: VOLUMES },
	];
}

function checkBlock({ stage, name }: MoveStage): PlanFinding[] {
	const { move, databases } = stage;
	if (move === undefined) {
		const own = Object.entries(databases)
			.flatMap(([handle, { replicaOf }]) => (replicaOf === undefined ? [`${handle}: {}`] : []))
			.join(", ");
		return findings("blocker", [
			`Pulumi.${name}.yaml has no block move; add it: medstack-to-aptible:move: { phase: prepare, downtimeBudgetMinutes: 30, from: { addresses: [ADDRESSES OF THE CLUSTER'S NODES] }, databases: { ${own} } }. MedStack's support names the addresses`,
		]);
	}
	if (move.downtimeBudgetMinutes !== undefined) return [];
	return findings("warning", [
		"move.downtimeBudgetMinutes is not set, so that no forecast is compared with anything; set the minutes for which the product may be down",
	]);
}

function checkRecord({ stage, folder, name }: MoveStage): PlanFinding[] {
	const phase = stage.move?.phase;
	if (phase !== undefined && phase !== "prepare") return [];
	const record = readMoveRecord(folder, name);
	if (record === undefined) return [];
	const file = `Pulumi.${name}.move.json`;
	return findings("blocker", [
		`${file} is the record of an earlier ${record.closed ? "move, which is closed" : "copy"} (run ${record.run}), and the next phase frozen is refused with it; remove it: git rm ${file}`,
	]);
}

function checkDatabases(moved: MoveStage): PlanFinding[] {
	const { stage } = moved;
	const found: PlanFinding[] = [];
	for (const [handle, { type, version, replicaOf }] of Object.entries(stage.databases)) {
		const isMoved = stage.move !== undefined && Object.hasOwn(stage.move.databases, handle);
		if (replicaOf !== undefined) continue;
		if (!isCopied(type as CopiedType | UncopiedType)) {
			const { line } = checkUncopied(type as UncopiedType);
			found.push({
				severity: isMoved ? "blocker" : "warning",
				line: `database ${handle} (${type} ${version}): ${line}`,
			});
		} else if (stage.move !== undefined && !isMoved) {
			found.push({
				severity: "warning",
				line: `database ${handle} (${type} ${version}) is not under move.databases, and begins empty; add it there, or know that nothing of it is needed`,
			});
		}
		if (isMoved && type === "redis" && stage.move?.databases[handle]?.drain === undefined) {
			found.push({
				severity: "warning",
				line: `database ${handle} (redis): jobs of a queue that is copied while a worker holds them are done twice, and a Redis that is full drops keys (facts/move.md §1.5); name its queues under move.databases.${handle}.drain, or know that there are none`,
			});
		}
	}
	const types = movedDatabases(moved).map(({ type }) => type);
	if (stage.move !== undefined && types.length > 0 && !types.includes("postgresql")) {
		found.push({
			severity: "blocker",
			line: "no database that moves is postgresql, and the journal of the move is kept on one; declare a small one and add it under move.databases",
		});
	}
	return found;
}

function checkServices(stage: Stage): PlanFinding[] {
	if (stage.move === undefined) return [];
	const early = listServices(stage).filter(({ runsFrom }) => runsFrom !== "live");
	const twice = (from: MovePhase) =>
		`it runs from ${from} on, before MedStack's own has gone for good, so that mail goes out twice or jobs run twice`;
	return findings(
		"warning",
		early.flatMap(({ name, hasEndpoint, runsFrom }) => {
			if (!hasEndpoint) {
				return [`service ${name} has no endpoint and is not under move.idle: ${twice(runsFrom)}; add it there`];
			}
			if (!ACTS_BY_ITSELF.test(name.split(".").at(-1) ?? "")) return [];
			return [
				`service ${name} has an endpoint, and its name is that of a service that acts by itself: ${twice(runsFrom)}; add it to move.idle, or know that it only answers`,
			];
		}),
	);
}
