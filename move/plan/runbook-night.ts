/** The night's steps, and the way back from it. */
import { movedDatabases } from "../session.ts";
import type { MoveStage } from "../stage.ts";
import { describeAlias } from "./alias.ts";
import type { StageDomain } from "./domains.ts";
import { describeOrigin, describeRecord, describeSwitch, describeTtl, writeTest } from "./runbook-domains.ts";
import {
	CONSOLE,
	handOver,
	move,
	type PlannedDomain,
	phase,
	type RunbookPart,
	type RunbookStep,
	YOU,
} from "./runbook-steps.ts";
import { listServices } from "./stage-checks.ts";

/** Names of services that add to queues by themselves. */
const ENQUEUES = /cron|sched|clock|beat/i;

const changeRecord = (subject: StageDomain, how: string): RunbookStep => {
	const { who, what } = describeRecord(subject);
	return { who, does: `${what}: ${how}` };
};

export function writeNight(moved: MoveStage, domains: readonly PlannedDomain[]): RunbookPart[] {
	const { stage } = moved;
	const objects = stage.move?.objects ?? [];
	const types = new Set(movedDatabases(moved).map(({ type }) => type));
	return [
		{
			title: "17. TTL",
			steps: domains.flatMap(({ subject, facts, note }) => [
				changeRecord(subject, describeTtl(facts, note)),
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
				...stopServices(moved),
				...(types.has("mysql")
					? [{ who: YOU, does: "on each old MySQL, turn the events off: `SET GLOBAL event_scheduler = OFF`" }]
					: []),
				phase("frozen", "every service on Aptible goes to 0"),
				{
					who: YOU,
					does: "shut everybody but the mover out of the old databases, prove that nobody writes, and do what it says of the rest",
					commands: [move("freeze")],
				},
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
								does: `copy what has changed in ${objects.map((name) => `\`${name}\``).join(", ")} since the first pass, and delete what was deleted; with \`--rewrite\`, URLs of the old account in the databases lead to the new one`,
								commands: [move("objects")],
							},
						]),
				phase("trial", "services with an endpoint start, DNS is unchanged"),
				...(domains.some(({ subject }) => subject.moved !== undefined)
					? [
							{
								who: YOU,
								does: "ask each domain under `move.domains` by its real name, past DNS; `live` wants all to have passed",
								commands: [move("probe")],
							},
						]
					: []),
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
					does: "watch the logs of Aptible's endpoints. Every service at MedStack is at 0, so its load balancer answers whoever still comes there, some for hours, with 404 or 503; whether its log shows requests is not documented (facts/move.md §6)",
				},
			],
		},
	];
}

/** Nobody adds to a queue that is to run empty, so that what works on it stops last. */
function stopServices(moved: MoveStage): RunbookStep[] {
	const drained = movedDatabases(moved).filter(({ drain }) => drain !== undefined);
	const services = listServices(moved.stage);
	const reached = services
		.filter(({ hasEndpoint }) => hasEndpoint)
		.map(({ name }) => `\`${name}\` (reached by people)`);
	const own = services.filter(({ hasEndpoint }) => !hasEndpoint).map(({ name }) => name);
	const schedulers = own.filter((name) => ENQUEUES.test(name)).map((name) => `\`${name}\` (a scheduler, by its name)`);
	const workers = own.filter((name) => !ENQUEUES.test(name)).map((name) => `\`${name}\` (acts by itself)`);
	const stop = (names: readonly string[]): RunbookStep => ({
		who: CONSOLE,
		does: `set to 0 replicas, in this order: ${names.join(", ")}`,
	});
	const last =
		"what else has the databases' passwords, such as pgAdmin and BI. The load balancer and the mover stay. Names in MedStack may differ";
	if (drained.length === 0) return [stop([...reached, ...workers, ...schedulers, last])];
	return [
		stop([...reached, ...schedulers, "what else adds to queues. Workers stay"]),
		{
			who: YOU,
			does: `wait until \`check\` says that nothing is in the queues of ${drained.map(({ handle }) => `\`${handle}\``).join(", ")}`,
			commands: [move("check")],
		},
		stop([...workers, last]),
	];
}

/** Every part of the way back to MedStack. */
export function writeWayBack(moved: MoveStage, domains: readonly PlannedDomain[]): RunbookPart {
	const types = new Set(movedDatabases(moved).map(({ type }) => type));
	return {
		title: "Going back, in this order",
		steps: [
			phase("frozen", "Aptible's writers stop first, so that both sides are never open at once"),
			...domains.map(({ subject, facts }) =>
				changeRecord(subject, `back to ${describeOrigin(subject, facts)}, then wait for its TTL`),
			),
			...handOver(moved.name, false).map((step, at) =>
				at > 0 ? step : { ...step, does: `where it came from \`live\`, the mover's endpoints are new: ${step.does}` },
			),
			{
				who: YOU,
				does: "open the old databases again; without a mover: what `thaw --sql` prints",
				commands: [move("thaw")],
			},
			{
				who: CONSOLE,
				does: "the services up again; MedStack refuses one whose domain does not resolve to its cluster yet (facts/move.md §0)",
			},
			...(types.has("mysql") ? [{ who: YOU, does: "on each old MySQL, turn the events on again, last" }] : []),
			phase("cancelled", "that ends the move. The steps below are for another night instead"),
			{
				...phase("prepare", "the record goes, as what was copied is old by then"),
				commands: [`git rm Pulumi.${moved.name}.move.json`, move("switch prepare")],
			},
			...handOver(moved.name, false).map((step, at) =>
				at > 0
					? step
					: {
							...step,
							does: `where it came from \`live\` or \`cancelled\`, the mover's endpoints are new: ${step.does}`,
						},
			),
			{ who: YOU, does: "in that night the copy is another command", commands: [move("copy --again")] },
		],
	};
}
